"""What a swap folder says about itself: manifest.json, written last, and the journal it grows from.

OUT/000001.png …     RGBA with straight alpha, numbered as the plate's frames
OUT/journal.jsonl    a line for every finished frame; a killed swap goes on after it
OUT/manifest.json    all frames, how they were made, and on whose consent
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError

MANIFEST = "manifest.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FrameRecord(_Frozen):
    """A finished frame. transforms: 2×3 matrices from the plate's pixels to the face crop's, a face each.

    repairs: a mark of the corrections by hand that it was made with, empty where there are none.
    """

    number: int
    file: str
    faces: int
    sha256: str
    transforms: list[list[list[float]]]
    repairs: str = ""


class Consent(_Frozen):
    identity: str
    record_sha256: str


class Manifest(_Frozen):
    version: Literal[1] = 1
    plate: dict[str, Any]
    identity: str
    model: str
    checkpoint: str
    width: int
    height: int
    bit_depth: int
    fps: str | None
    first: int
    last: int
    alpha: Literal["straight"] = "straight"
    settings: dict[str, Any]
    fingerprint: str
    consent: Consent
    frames: list[FrameRecord]


def frame_file(number: int) -> str:
    return f"{number:06d}.png"


def read_manifest(folder: Path) -> Manifest:
    """Raises UsageError where the folder holds no finished swap, BackendError where the manifest is damaged."""
    file = folder / MANIFEST
    if not file.is_file():
        raise UsageError(f"{folder} holds no finished swap: manifest.json is missing.", "Run ml-backend swap first.")
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BackendError(
            f"{file} is damaged: {place + ': ' if place else ''}{first['msg']}.", "Run the swap again."
        ) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json, unless it is there with the same content."""
    file, content = folder / MANIFEST, manifest.model_dump(mode="json")
    with suppress(OSError, ValueError):
        if json.loads(file.read_bytes()) == content:
            return
    atomic.write_json(file, content)


class _Entry(_Frozen):
    fingerprint: str
    frame: FrameRecord


class Journal:
    """The finished frames of a swap folder. `records` are those with the fingerprint of this swap."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._file = folder / "journal.jsonl"
        self._fingerprint = fingerprint
        self._entries = {entry.frame.number: entry for entry in self._read() if (folder / entry.frame.file).is_file()}
        self.records = {n: entry.frame for n, entry in self._entries.items() if entry.fingerprint == fingerprint}

    def _read(self) -> Iterator[_Entry]:
        for line in self._file.read_bytes().split(b"\n") if self._file.exists() else ():
            # a line that a kill cut short is no entry
            with suppress(ValidationError):
                yield _Entry.model_validate_json(line)

    def forget(self, numbers: Iterable[int]) -> None:
        """Take frames out before they are made anew: a kill between picture and line must not leave an old line."""
        forgotten = self._entries.keys() & set(numbers)
        if forgotten:
            self._entries = {n: entry for n, entry in self._entries.items() if n not in forgotten}
            lines = [entry.model_dump_json() for entry in self._entries.values()]
            atomic.write_bytes(self._file, "\n".join(lines).encode())

    def add(self, record: FrameRecord) -> None:
        """Append a frame whose picture is on disk."""
        entry = _Entry(fingerprint=self._fingerprint, frame=record)
        with self._file.open("ab") as file:
            file.write(b"\n" + entry.model_dump_json().encode())  # the newline first: it ends a line cut short
            file.flush()
            os.fsync(file.fileno())
        self._entries[record.number] = entry
        self.records[record.number] = record
