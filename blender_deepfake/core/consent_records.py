"""Consent records as the extension sees them: their state in words, and how one of somebody else is taken over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import whole_file
from .errors import UsageError

BASES = (
    ("performer", "Performer", "A real person agreed, in writing"),
    ("estate", "Estate", "Those who may decide for a person who has died agreed"),
    ("self", "Myself", "It is your own face"),
    ("synthetic", "Synthetic", "Nobody real: a face made by computer"),
    ("licensed-dataset", "Licensed Data Set", "The face is part of a data set whose licence allows it"),
    ("test", "Test", "A trial for at most 14 days; what is made of it is marked"),
)
_ANY_PROJECT = "unnamed"  # of records that were made without one
_LARGEST = 65536  # bytes of a record
_SHORT = {
    "missing": "No consent record",
    "expired": "Consent expired",
    "revoked": "Consent was revoked",
    "not-yet-valid": "Consent is not valid yet",
    "untrusted": "Signed by a key that is not trusted here",
    "altered": "The record was altered",
    "name-differs": "The record is of somebody else",
    "unreadable": "The record cannot be read",
    "wrong-action": "The record does not allow this",
    "wrong-project": "The record is for another project",
    "wrong-shot": "The record does not cover this shot",
}


@dataclass(frozen=True)
class ConsentState:
    """`state` is valid, no-project, or the backend's word for why a record does not count. `text` fits on a line;
    `detail` and `fix` are whole sentences, empty where all is well."""

    state: str
    text: str
    detail: str = ""
    fix: str = ""
    path: str = ""

    @property
    def valid(self) -> bool:
        return self.state == "valid"


def check_arguments(name: str, folder: Path | None, project: str = "") -> list[str]:
    words = ["consent", "check", name, "--json", *(["--consent", str(folder)] if folder else [])]
    return [*words, f"--project={project}"] if project else words


def of_answer(answer: Mapping[str, Any], project: str = "") -> ConsentState:
    """From what `consent check --json` says. A record that is for one project counts only where one is named."""
    if not answer.get("valid"):
        error = answer.get("error") or {}
        code = str(error.get("code") or "unreadable")
        short = _SHORT.get(code, code.replace("-", " ").capitalize())
        return ConsentState(code, short, str(error.get("message") or ""), str(error.get("fix") or ""))
    record, path = answer.get("record") or {}, str(answer.get("path") or "")
    until, theirs = str(record.get("expires") or "")[:10], str(record.get("project") or "")
    if not project and theirs != _ANY_PROJECT:
        return ConsentState(
            "no-project",
            f"Only for the project {theirs}",
            f"The record {path} is for one project, and this edit names none.",
            f"If this is {theirs}, write that under Project and Consent.",
            path,
        )
    basis = next((label for word, label, _ in BASES if word == record.get("basis")), "")
    return ConsentState("valid", f"Consent valid until {until}" + (f" ({basis.lower()})" if basis else ""), path=path)


def attach(record: Path, folder: Path) -> str:
    """Copy a record's file into a folder of records, under the name that it is looked for by; return whose it is.

    The backend judges the record; here it must only look like one. Raises UsageError.
    """
    try:
        if record.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        data = record.read_bytes()
        values = json.loads(data)
        name = values["identity"]
        if not isinstance(name, str) or "signature" not in values or Path(name).name != name or name.startswith("."):
            raise ValueError("it names nobody, or is not signed")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{record} is no consent record ({error}).",
            "Choose a record's .json file: ml-backend consent new makes one, and the button Make Record.",
        ) from error
    place = folder / f"{name}.json"
    if place.resolve() != record.resolve():
        try:
            whole_file.write_bytes(place, data)
        except OSError as error:
            raise UsageError(
                f"The record cannot be kept in {folder}: {error.strerror}.", "Choose another folder under Consent."
            ) from error
    return name
