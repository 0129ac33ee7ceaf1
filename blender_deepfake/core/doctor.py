"""Has the backend examine itself and its machine (`ml-backend doctor --json`), and reads what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import backend_answer, protocol
from .backend_command import BackendCommand
from .errors import DeepfakeError, ProtocolMismatchError

SECONDS = 120.0
_SPEEDS = (
    ("faces_per_second", "Extract", "faces"),
    ("training_images_per_second", "Train", "images"),
    ("swap_frames_per_second", "Swap", "frames"),
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `state` is ok, warning or failed; `fix` tells what to do where it is not ok."""

    name: str
    state: str
    value: str
    fix: str = ""


@dataclass(frozen=True)
class Device:
    """Something that trains: `name` as the backend spells it, `label` for people."""

    name: str
    label: str
    memory_mb: float = 0.0


@dataclass(frozen=True)
class Diagnosis:
    """What the backend found. `speed` is for people; `raw` is all of its answer."""

    ok: bool
    version: str
    python: str
    checks: tuple[Check, ...]
    devices: tuple[Device, ...]
    speed: tuple[str, ...]
    raw: dict[str, Any]

    @property
    def wrong(self) -> list[Check]:
        """What failed, then what is only a warning."""
        return sorted((c for c in self.checks if c.state != "ok"), key=lambda c: c.state != "failed")

    @property
    def summary(self) -> str:
        """ "All is well", "2 warnings", "1 failed, 2 warnings"."""
        failed = sum(check.state == "failed" for check in self.checks)
        warnings = len(self.wrong) - failed
        parts = [f"{failed} failed"] if failed else []
        parts += [f"{warnings} warning{'s' if warnings > 1 else ''}"] if warnings else []
        return ", ".join(parts) or ("All is well" if self.ok else "The backend is not usable")


def examine(
    command: BackendCommand, should_stop: Callable[[], bool] = lambda: False, seconds: float = SECONDS
) -> Diagnosis:
    """Run the doctor and wait for its answer. Raises DeepfakeError where there is none."""
    said = backend_answer.run(command, ["doctor", "--json"], should_stop, seconds)
    if said.answer is not None:
        return parse(said.answer)
    raise DeepfakeError(
        f"The backend's check ended with code {said.code}: {said.last or 'it wrote nothing.'}",
        f"Its environment is incomplete or of an older release: install the backend again. The command is: {command} "
        "doctor",
    )


def parse(answer: dict[str, Any]) -> Diagnosis:
    """The doctor's JSON. Fields that are missing or unknown do no harm: the backend may be newer or older."""
    try:
        checks = [_check(item) for item in answer.get("checks") or ()]
        devices = [_device(item) for item in answer.get("devices") or ()]
    except (ValueError, TypeError, AttributeError) as error:
        raise DeepfakeError(
            f"The backend's check cannot be read ({error}).", "Use the backend and the extension of one release."
        ) from error
    ok, version = bool(answer.get("ok")), str(answer.get("version") or "")
    try:
        protocol.check(answer.get("protocol"), version)
    except ProtocolMismatchError as error:
        ok = False
        checks.insert(0, Check("protocol", "failed", error.message, error.fix))
    return Diagnosis(
        ok, version, str(answer.get("python") or ""), tuple(checks), tuple(devices), _speed(answer), answer
    )


def _speed(answer: dict[str, Any]) -> tuple[str, ...]:
    """What was measured, of what people wait for."""
    measured = answer.get("speed")
    numbers = measured if isinstance(measured, dict) else {}
    return tuple(
        f"{what}: {numbers[key]:.3g} {unit} a second"
        for key, what, unit in _SPEEDS
        if isinstance(numbers.get(key), int | float)
    )


def _check(item: dict[str, Any]) -> Check:
    state = str(item.get("state"))
    return Check(
        str(item.get("name") or ""),
        state if state in ("ok", "warning", "failed") else "warning",
        str(item.get("value") or ""),
        str(item.get("fix") or ""),
    )


def _device(item: dict[str, Any]) -> Device:
    memory = item.get("memory_mb")
    return Device(
        str(item.get("name") or ""),
        str(item.get("label") or item.get("name") or ""),
        float(memory) if isinstance(memory, int | float) else 0.0,
    )
