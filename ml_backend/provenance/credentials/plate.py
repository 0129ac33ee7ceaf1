"""The footage that something was made of: named by its hash, never copied."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LARGEST = 64 << 30
"""Bytes of a plate that are hashed at most: half a minute of a processor core. A larger one is named without it."""
SHA256 = "sha256:"
"""What the instance id of an ingredient begins with that is named by its hash."""


@dataclass(frozen=True)
class Plate:
    """sha256: None where it is not known. file: the movie or picture whose own credentials are its history, if any."""

    name: str
    sha256: str | None = None
    file: Path | None = None


def plate_of(path: Path, files: Sequence[Path]) -> Plate:
    """The footage `path`, which consists of `files`: one movie or picture, or the pictures of a sequence.

    Raises OSError for a file that cannot be read.
    """
    single = files[0] if len(files) == 1 else None
    return Plate(path.name, plate_sha256(files), single)


def plate_sha256(files: Sequence[Path]) -> str | None:
    """The SHA-256 of one file; of several, that of what `sha256sum` prints for them, by name. None beyond `LARGEST`."""
    if not files or sum(file.stat().st_size for file in files) > LARGEST:
        return None
    if len(files) == 1:
        return sha256_of(files[0])
    lines = (f"{sha256_of(file)}  {file.name}\n" for file in sorted(files, key=lambda file: file.name))
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
