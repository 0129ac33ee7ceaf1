"""One thing that was looked at, and how a look that itself fails becomes a finding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ml_backend.errors import BackendError

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Check:
    """What was found. warning: the backend works, but not as well as it could; failed: something will not work."""

    name: str
    state: State
    value: str
    fix: str = ""


def guarded(name: str, look: Callable[[], Check]) -> Check:
    """What `look` found; where it raises, a failed check with the error and what to do about it."""
    try:
        return look()
    except BackendError as error:
        return Check(name, "failed", error.message, error.fix or "Install the backend again.")
    except Exception as error:
        fix = "Install the backend again; if that does not help, report this line as a bug."
        return Check(name, "failed", f"this could not be checked: {describe(error)}", fix)


def describe(error: BaseException) -> str:
    """The error on one line, with its kind."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
