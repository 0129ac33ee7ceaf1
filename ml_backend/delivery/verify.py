"""Is this as it was signed, by whom, and on whose consent?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_backend.delivery.pictures import pictures_in
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.credentials import Credentials, read, read_list
from ml_backend.provenance.credentials.files import EMBEDDED, sidecar_of
from ml_backend.provenance.credentials.plate import sha256_of
from ml_backend.provenance.credentials.reading import State, read_detached
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE
from ml_backend.provenance.plain import plain

SHOWN = 10  # files that are named
_WORST: tuple[State, ...] = ("changed", "absent", "untrusted", "valid")


@dataclass(frozen=True)
class Verified:
    """state: of the whole. credentials: what was signed; of several signed files, those of the worst. changed, missing,
    added, unsigned: names of files."""

    path: Path
    state: State
    credentials: Credentials
    files: int = 1
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()

    def summary(self) -> str:
        """One sentence."""
        name, told = plain(self.path.name), self.credentials
        if told.damaged and not self.changed:
            return f"{name} is damaged, or not what its name says: {self._problem()}."
        if self.state == "absent":
            some = f": {len(self.unsigned)} of {self.files} files ({_named(self.unsigned)})" if self.unsigned else ""
            return f"{name} has no content credentials{some}."
        if self.state == "changed":
            parts = [("changed", self.changed), ("missing", self.missing), ("added", self.added)]
            parts.append(("without credentials", self.unsigned))
            found = [f"{len(names)} {what} ({_named(names)})" for what, names in parts if names]
            return f"{name} is not as it was signed: {'; '.join(found) or self._problem()}."
        if self.state == "untrusted":
            whom = (
                "with a certificate that has run out" if told.expired else "by somebody whom this machine does not know"
            )
            return f"{name} is as it was signed, {whom}."
        return f"{name} is as it was signed."

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
            "unsigned": list(self.unsigned),
            "signed_by": told.signer or None,
            "self_issued": told.self_issued,
            "expired": told.expired,
            "time": told.time,
            "time_trusted": told.time_trusted,
            "tool": told.tool or None,
            "actions": list(told.actions),
            "generated": told.generated,
            "ingredients": list(told.ingredients),
            "changed_ingredients": list(told.changed_ingredients),
            "facts": told.facts,
            "history": list(told.history),
            "problems": list(told.problems),
            "damaged": told.damaged,
            "summary": self.summary(),
        }


def verify(path: Path) -> Verified:
    """A swap's folder, a folder of pictures, a film or a picture.

    Raises UsageError where there is nothing, BackendError for what cannot be opened.
    """
    if not path.exists():
        raise UsageError(f"There is no {path}.", "Give a swap's folder, a film, a picture or a folder of pictures.")
    try:
        if path.is_dir():
            return verify_folder(path)
        if not path.is_file():
            raise UsageError(f"{path} is neither a file nor a folder.", "A pipe or a device cannot be verified.")
        credentials = read(path)
        if (path.parent / LIST).is_file() and credentials.state in ("absent", "valid"):
            listed = _listed(path)
            if credentials.state == "absent" or listed.state == "changed":
                return listed
    except OSError as error:
        raise BackendError(
            f"{error.filename or path} cannot be read: {error.strerror}.", "Look at its permissions."
        ) from error
    return Verified(path, credentials.state, credentials)


def verify_folder(folder: Path) -> Verified:
    """The files of a folder against its signed list, or where there is none, each against its own credentials."""
    if not (folder / LIST).is_file() and not (folder / SIGNATURE).is_file():
        return _each(folder)
    credentials, frames, others = _signed_list(folder)
    if credentials.state == "changed" and not frames:
        return Verified(folder, "changed", credentials, files=0)
    listed = frames | others
    missing = [name for name in listed if not (folder / name).is_file()]
    changed = [name for name in listed if name not in missing and sha256_of(folder / name) != listed[name]]
    added = [file.name for file in pictures_in(folder) if file.name not in listed]
    wrong = credentials.state == "changed" or missing or changed or added
    state: State = "changed" if wrong else credentials.state
    return Verified(folder, state, credentials, len(listed), tuple(changed), tuple(missing), tuple(added))


def _each(folder: Path) -> Verified:
    """Pictures and films that hold their own credentials, or have them beside them."""
    films = {file for file in folder.iterdir() if file.suffix.lower() in EMBEDDED or sidecar_of(file).is_file()}
    files = sorted(file for file in films.union(pictures_in(folder)) if file.is_file())
    found = {file.name: read(file) for file in files}
    states = {told.state for told in found.values()}
    if not states or states == {"absent"}:
        return Verified(folder, "absent", Credentials("absent"), len(files))
    state = next(one for one in _WORST if one in states)
    shown = next(told for told in found.values() if told.state == state)
    if state == "absent":  # of which nothing could be told
        shown = next(told for told in found.values() if told.state != "absent")
    return Verified(folder, state, shown, len(files), changed=_of("changed", found), unsigned=_of("absent", found))


def _of(state: State, found: Mapping[str, Credentials]) -> tuple[str, ...]:
    return tuple(name for name, told in found.items() if told.state == state)


def _listed(path: Path) -> Verified:
    """One picture of a folder with a signed list."""
    credentials, frames, others = _signed_list(path.parent)
    wanted = (frames | others).get(path.name)
    if wanted is None:
        return Verified(path, "absent", Credentials("absent"))
    if credentials.state == "changed":
        return Verified(path, "changed", credentials)
    same = sha256_of(path) == wanted
    return Verified(path, credentials.state if same else "changed", credentials, 1, () if same else (path.name,))


def _signed_list(folder: Path) -> tuple[Credentials, dict[str, str], dict[str, str]]:
    missing = [name for name in (LIST, SIGNATURE) if not (folder / name).is_file()]
    if missing:
        return Credentials("changed", problems=(f"{missing[0]} is missing",)), {}, {}
    listing, signature = (folder / LIST).read_bytes(), (folder / SIGNATURE).read_bytes()
    credentials = read_detached(listing, signature)
    try:
        listed = read_list(folder, listing)  # the very bytes that the signature fits
    except BackendError as error:
        return Credentials("changed", problems=(error.message,)), {}, {}
    return credentials, listed.frames, listed.others


def _named(names: Sequence[str]) -> str:
    return ", ".join(map(plain, names[:SHOWN])) + (" …" if len(names) > SHOWN else "")
