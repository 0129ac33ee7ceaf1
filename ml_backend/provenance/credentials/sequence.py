"""One signed list for all pictures of a swap: a signature each would cost more, and EXR cannot hold one.

FOLDER/credentials.json    the names and SHA-256 of the pictures, of manifest.json and of the plate, in canonical JSON
FOLDER/credentials.c2pa    the credential of this list
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.plain import plain
from ml_backend.provenance.record import canonical_json, writable

from .facts import Facts
from .files import detached
from .plate import Plate
from .reading import read_detached
from .signing import Signing, load_signing

_LONGEST_NAME = 255  # bytes, as long as a file's name may be
LIST, SIGNATURE = "credentials.json", "credentials.c2pa"


@dataclass(frozen=True)
class Listed:
    """frames: SHA-256 by file name. others: of the files that tell about them, such as manifest.json. models: of the
    weights that made them. plate_sha256: of the footage that was opened, where it is known."""

    title: str
    frames: dict[str, str]
    others: dict[str, str]
    models: tuple[str, ...]
    plate_sha256: str | None = None


def sign_sequence(
    folder: Path,
    frames: Sequence[tuple[str, str]],
    facts: Facts,
    others: Sequence[str] = (),
    plate: Callable[[], Plate] | None = None,
    placed: Sequence[Plate] = (),
) -> Signing:
    """Sign the pictures `frames` (names in `folder`, SHA-256) and the files `others` in it.

    plate: finds out what was opened: asked only now, for to hash it takes time. placed: other footage that is in it.
    Raises BackendError where it cannot be signed.
    """
    signing, opened = load_signing(), _asked(plate)
    if opened:
        facts = replace(facts, plate_name=opened.name, plate_sha256=opened.sha256)
    content = _content(folder, frames, facts, others)
    signature = detached(BytesIO(content), facts, signing, opened, placed)
    (folder / SIGNATURE).unlink(missing_ok=True)  # a list and another list's signature never lie side by side
    atomic.write_bytes(folder / LIST, content)
    atomic.write_bytes(folder / SIGNATURE, signature)
    return signing


def is_signed(folder: Path, frames: Sequence[tuple[str, str]], facts: Facts, others: Sequence[str] = ()) -> bool:
    """Is exactly this signed already, by somebody whom this machine believes?

    The plate's hash is taken from the list: a plate that changed has changed the manifest, too.
    """
    try:
        content = (folder / LIST).read_bytes()
        known = json.loads(content).get("plate_sha256")
        return content == _content(folder, frames, replace(facts, plate_sha256=known), others) and (
            read_detached(content, (folder / SIGNATURE).read_bytes()).state == "valid"
        )
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def _asked(plate: Callable[[], Plate] | None) -> Plate | None:
    try:
        return plate() if plate else None
    except OSError as error:
        raise BackendError(f"The plate {error.filename} cannot be read: {error.strerror}.", "Run it again.") from error


def _content(folder: Path, frames: Sequence[tuple[str, str]], facts: Facts, others: Sequence[str]) -> bytes:
    strange = next((name for name, _ in frames if name != writable(name)), None)
    if strange is not None:
        fix = "Rename it: the signed list could not name it."
        raise UsageError(f"The name {plain(strange)!r} in {folder} is not Unicode.", fix)
    listed: dict[str, Any] = {
        "version": 1,
        "title": writable(facts.title),
        "frames": dict(sorted(frames)),
        "others": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(others)},
        "people": dict(facts.people),
        "models": list(facts.models),
    }
    if facts.plate_sha256:
        listed["plate_sha256"] = facts.plate_sha256
    return canonical_json(listed)


def read_list(folder: Path, content: bytes | None = None) -> Listed:
    """What a folder's signed list says. content: of its file, where that was read already.

    Raises BackendError where there is none or it is damaged.
    """
    file = folder / LIST
    try:
        value = json.loads(file.read_bytes() if content is None else content)
        frames, others = dict(value["frames"]), dict(value["others"])
        if not all(isinstance(text, str) for text in [*frames, *frames.values(), *others, *others.values()]):
            raise TypeError("texts are needed")
        strange = [name for name in [*frames, *others] if not _is_name(name)]
        if strange:
            raise ValueError(f"{plain(strange[0])!r} is no name of a file in it")
        plate = value.get("plate_sha256")
        models = tuple(map(str, value["models"]))
        return Listed(str(value["title"]), frames, others, models, plate if isinstance(plate, str) else None)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BackendError(f"The signed list {file} cannot be read: {error}.", "Run the swap again.") from error


def _is_name(name: str) -> bool:
    """Can a file in the folder be called so? UnicodeEncodeError where it holds half a letter."""
    return name not in ("", "..") and Path(name).name == name and len(os.fsencode(name)) <= _LONGEST_NAME
