"""Is this as it was signed, by whom, and on whose consent?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.credentials import Credentials, read, read_list
from ml_backend.provenance.credentials.reading import State, read_detached
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE

SHOWN = 10  # files that are named


@dataclass(frozen=True)
class Verified:
    """state: of the whole. credentials: what was signed. changed, missing, added: names of files."""

    path: Path
    state: State
    credentials: Credentials
    files: int = 1
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def summary(self) -> str:
        """One sentence."""
        if self.state == "absent":
            return f"{self.path.name} has no content credentials."
        if self.state == "changed":
            parts = [("changed", self.changed), ("missing", self.missing), ("added", self.added)]
            told = [f"{len(names)} {what} ({_named(names)})" for what, names in parts if names]
            return f"{self.path.name} is not as it was signed: {'; '.join(told) or self._problem()}."
        if self.state == "untrusted":
            return f"{self.path.name} is as it was signed, by somebody whom this machine does not know."
        return f"{self.path.name} is as it was signed."

    def _problem(self) -> str:
        return ", ".join(self.credentials.problems) or "the signature does not fit"

    def as_json(self) -> dict[str, Any]:
        told = self.credentials
        return {
            "path": str(self.path),
            "state": self.state,
            "files": self.files,
            "changed": list(self.changed),
            "missing": list(self.missing),
            "added": list(self.added),
            "signed_by": told.signer or None,
            "self_issued": told.self_issued,
            "time": told.time,
            "actions": list(told.actions),
            "ingredients": list(told.ingredients),
            "facts": told.facts,
            "problems": list(told.problems),
        }


def verify(path: Path) -> Verified:
    """A swap's folder, a folder of pictures, a film or a picture. UsageError where there is nothing."""
    if not path.exists():
        raise UsageError(f"There is no {path}.", "Give a swap's folder, a film, a picture or a folder of pictures.")
    if path.is_dir():
        return verify_folder(path)
    try:
        credentials = read(path)
    except OSError as error:
        raise BackendError(f"{path} cannot be read: {error.strerror}.", "Look at its permissions.") from error
    if credentials.state == "absent" and (path.parent / LIST).is_file():
        return _listed(path)
    return Verified(path, credentials.state, credentials)


def verify_folder(folder: Path) -> Verified:
    """The files of a folder against its signed list."""
    credentials, frames, others = _signed_list(folder)
    if credentials.state in ("absent", "changed") and not frames:
        return Verified(folder, credentials.state, credentials, files=0)
    listed = frames | others
    missing = [name for name in listed if not (folder / name).is_file()]
    changed = [name for name in listed if name not in missing and _sha256(folder / name) != listed[name]]
    kinds = {Path(name).suffix for name in frames}
    added = sorted(file.name for file in folder.iterdir() if file.suffix in kinds and file.name not in listed)
    wrong = credentials.state == "changed" or missing or changed or added
    state: State = "changed" if wrong else credentials.state
    return Verified(folder, state, credentials, len(listed), tuple(changed), tuple(missing), tuple(added))


def _listed(path: Path) -> Verified:
    """One picture of a folder with a signed list."""
    credentials, frames, others = _signed_list(path.parent)
    wanted = (frames | others).get(path.name)
    if wanted is None or credentials.state == "changed":
        return Verified(path, "absent" if wanted is None else "changed", credentials)
    same = _sha256(path) == wanted
    return Verified(path, credentials.state if same else "changed", credentials, 1, () if same else (path.name,))


def _signed_list(folder: Path) -> tuple[Credentials, dict[str, str], dict[str, str]]:
    if not (folder / LIST).is_file() and not (folder / SIGNATURE).is_file():
        return Credentials("absent"), {}, {}
    try:
        credentials = read_detached((folder / LIST).read_bytes(), (folder / SIGNATURE).read_bytes())
        listed = read_list(folder)
    except OSError as error:
        return Credentials("changed", problems=(f"{Path(error.filename).name} is missing",)), {}, {}
    except BackendError as error:
        return Credentials("changed", problems=(error.message,)), {}, {}
    return credentials, listed.frames, listed.others


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
