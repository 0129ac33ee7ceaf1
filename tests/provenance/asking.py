"""Ask the gate as those do who try to pass by it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from ml_backend.progress import SilentReporter
from ml_backend.provenance import audit
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.provenance.gate import Granted, Purpose, require
from ml_backend.provenance.home import audit_file


class Listener(SilentReporter):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def reason(asked: Callable[[], Any]) -> str:
    """Why it is refused; the refusal has a mend, and is in the audit."""
    with pytest.raises(ConsentRefused) as caught:
        asked()
    assert caught.value.exit_code == 3
    assert len(caught.value.fix) > 20
    last = list(audit.entries(audit_file()))[-1]
    assert (last["action"], last["facts"]["reason"]) == ("refused", caught.value.reason)
    return caught.value.reason


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """What a changed system clock does to the parts that look at it."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls.fromtimestamp(moment.timestamp(), tz)

    for room in ("gate", "consent", "audit"):
        monkeypatch.setattr(f"ml_backend.provenance.{room}.datetime", Clock)


def ask(*people: str, action: Any = "swap", **purpose: Any) -> Granted:
    return require(people or ["Anna"], Purpose(action, **{"project": "film", **purpose}))
