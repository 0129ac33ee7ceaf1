"""One signed list for all pictures of a swap: a signature each would cost more, and EXR cannot hold one.

FOLDER/credentials.json    the names and SHA-256 of the pictures, and of manifest.json, in canonical JSON
FOLDER/credentials.c2pa    the credential of this list
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ml_backend import atomic
from ml_backend.errors import BackendError
from ml_backend.provenance.record import canonical_json

from .facts import Facts, plain
from .files import detached
from .reading import read_detached
from .signing import Signing, load_signing

LIST, SIGNATURE = "credentials.json", "credentials.c2pa"


@dataclass(frozen=True)
class Listed:
    """frames: SHA-256 by file name. others: of the files that tell about them, such as manifest.json. models: of the
    weights that made them."""

    title: str
    frames: dict[str, str]
    others: dict[str, str]
    models: tuple[str, ...]


def sign_sequence(folder: Path, frames: Sequence[tuple[str, str]], facts: Facts, others: Sequence[str] = ()) -> Signing:
    """Sign the pictures `frames` (names in `folder`, SHA-256) and the files `others` in it.

    Raises BackendError where it cannot be signed.
    """
    signing, content = load_signing(), _content(folder, frames, facts, others)
    signature = detached(BytesIO(content), facts, signing)
    (folder / SIGNATURE).unlink(missing_ok=True)  # a list and another list's signature never lie side by side
    atomic.write_bytes(folder / LIST, content)
    atomic.write_bytes(folder / SIGNATURE, signature)
    return signing


def is_signed(folder: Path, frames: Sequence[tuple[str, str]], facts: Facts, others: Sequence[str] = ()) -> bool:
    """Is exactly this signed already, by somebody whom this machine believes?"""
    try:
        content = (folder / LIST).read_bytes()
        return content == _content(folder, frames, facts, others) and (
            read_detached(content, (folder / SIGNATURE).read_bytes()).state == "valid"
        )
    except OSError:
        return False


def _content(folder: Path, frames: Sequence[tuple[str, str]], facts: Facts, others: Sequence[str]) -> bytes:
    listed = {
        "version": 1,
        "title": facts.title,
        "frames": dict(sorted(frames)),
        "others": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(others)},
        "people": dict(facts.people),
        "models": list(facts.models),
    }
    return canonical_json(listed)


def read_list(folder: Path) -> Listed:
    """Raises BackendError where there is none or it is damaged."""
    file = folder / LIST
    try:
        value = json.loads(file.read_bytes())
        frames, others = dict(value["frames"]), dict(value["others"])
        if not all(isinstance(text, str) for text in [*frames, *frames.values(), *others, *others.values()]):
            raise TypeError("texts are needed")
        strange = [name for name in [*frames, *others] if name in ("", "..") or Path(name).name != name]
        if strange:
            raise ValueError(f"{plain(strange[0])!r} is no name of a file in it")
        return Listed(str(value["title"]), frames, others, tuple(map(str, value["models"])))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackendError(f"The signed list {file} cannot be read: {error}.", "Run the swap again.") from error
