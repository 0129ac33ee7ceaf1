"""The paths of a job on a machine that sees the same storage at other places.

Rules come from Open Job Description (a file of its `pathmapping-1.0`) and from the environment:
ML_BACKEND_MAP=FROM=TO, several of them separated as in PATH. The longest FROM that fits a path decides.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ml_backend.errors import UsageError

VARIABLE = "ML_BACKEND_MAP"
_PATHS = ("model", "out", "mask_model", "repairs", "consent", "ocio")


@dataclass(frozen=True)
class Rule:
    """source: a folder as the machine called it that wrote the job; destination: the same one here."""

    source: PurePosixPath | PureWindowsPath
    destination: Path

    def apply(self, path: str) -> str | None:
        """`path` as it is called here; None where it does not lie below the source."""
        asked = type(self.source)(path)
        if not asked.is_relative_to(self.source):
            return None
        return str(self.destination.joinpath(*asked.relative_to(self.source).parts))


def rules(file: Path | None, environment: Mapping[str, str]) -> list[Rule]:
    """The rules of Open Job Description's `file`, where there is one, and of the environment.

    Raises UsageError for a file that holds none, and for a rule that is none.
    """
    return [*(_from_file(file) if file else ()), *_from_environment(environment.get(VARIABLE, ""))]


def mapped(request: dict[str, Any], chosen: Sequence[Rule]) -> dict[str, Any]:
    """A swap's request, as JSON, with the paths of this machine."""
    plate = request["plate"]
    if isinstance(plate, str):
        plate = _mapped(plate, chosen)
    else:
        plate = plate | {name: _mapped(plate[name], chosen) for name in ("source", "ocio") if plate.get(name)}
    return request | {"plate": plate} | {name: _mapped(request[name], chosen) for name in _PATHS if request.get(name)}


def _mapped(path: str, chosen: Sequence[Rule]) -> str:
    longest_first = sorted(chosen, key=lambda rule: len(rule.source.parts), reverse=True)
    return next((found for rule in longest_first if (found := rule.apply(path)) is not None), path)


def _from_environment(text: str) -> list[Rule]:
    found = []
    for one in filter(None, text.split(os.pathsep)):
        source, _, destination = one.partition("=")
        if not source or not destination:
            raise UsageError(f"{VARIABLE} has {one!r}, which is no FROM=TO.", "Write it as /mnt/shots=/srv/shots.")
        found.append(_rule(source, destination, windows="\\" in source or source[1:2] == ":"))
    return found


def _from_file(file: Path) -> list[Rule]:
    try:
        content = json.loads(file.read_bytes())
        listed = content.get("path_mapping_rules") or []
        return [
            _rule(one["source_path"], one["destination_path"], windows=one["source_path_format"] == "WINDOWS")
            for one in listed
        ]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.", "Give the scheduler's file of rules.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{file} holds no path mapping rules: {error}.", "Open Job Description's pathmapping-1.0 is read."
        ) from error


def _rule(source: str, destination: str, *, windows: bool) -> Rule:
    return Rule(PureWindowsPath(source) if windows else PurePosixPath(source), Path(destination))
