"""What a swap folder says about itself: manifest.json, written last, and the journal it grows from.

OUT/000001.png …     RGBA (or .exr), numbered as the plate's frames
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
    """A finished frame.

    transforms: 2×3 matrices from the plate's pixels to the face crop's, and confidence: 0–1, how sure the landmarks are
    of a face; one a face. window: x, y, width and height of the part of the frame that the file holds, None for all of
    it. bytes: the file's size. inputs: a hash of all that decides the pixels. swap: one of all that the frames of one
    swap share, whatever range was made at a time.
    """

    number: int
    file: str
    faces: int
    sha256: str
    transforms: list[list[list[float]]]
    confidence: list[float]
    window: tuple[int, int, int, int] | None
    bytes: int
    inputs: str
    swap: str


class Consent(_Frozen):
    identity: str
    record_sha256: str


class Manifest(_Frozen):
    """output, alpha and colour: what the files are and what their values mean. timecode: of the first frame.

    jitter: the mean second difference of the landmarks that the faces were placed by, in % of the distance of the eyes.
    settings: the constant ones; keys: those that change, as pairs of a frame and a value.
    """

    version: Literal[2] = 2
    plate: dict[str, Any]
    identity: str
    model: str
    checkpoint: str
    width: int
    height: int
    bit_depth: int
    fps: str | None
    timecode: str | None
    first: int
    last: int
    output: Literal["png8", "png16", "exr"]
    alpha: Literal["straight", "premultiplied"]
    colour: str
    jitter: float | None
    settings: dict[str, Any]
    keys: dict[str, list[tuple[int, float]]]
    fingerprint: str
    consent: Consent
    frames: list[FrameRecord]


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
        if first["loc"] == ("version",):
            raise BackendError(
                f"{file} was written by another version of ml-backend ({first['input']}).", "Run the swap again."
            ) from error
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


class Journal:
    """The finished frames of a swap folder: `records` by number, those whose file is there with its whole size."""

    FILE = "journal.jsonl"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / self.FILE
        self.records = {record.number: record for record in self._read() if self._is_there(record)}

    def _is_there(self, record: FrameRecord) -> bool:
        try:
            return (self._folder / record.file).stat().st_size == record.bytes
        except OSError:
            return False

    def _read(self) -> Iterator[FrameRecord]:
        for line in self._file.read_bytes().split(b"\n") if self._file.exists() else ():
            # a line that a kill cut short is no record
            with suppress(ValidationError):
                yield FrameRecord.model_validate_json(line)

    def forget(self, numbers: Iterable[int]) -> None:
        """Take frames out before they are made anew: a kill between picture and line must not leave an old line."""
        forgotten = self.records.keys() & set(numbers)
        if forgotten:
            self._replace({n: record for n, record in self.records.items() if n not in forgotten})

    def adopt(self, numbers: Iterable[int], swap: str) -> None:
        """Say of frames that are as they should be that they belong to this swap."""
        foreign = {n for n in numbers if self.records[n].swap != swap}
        if foreign:
            taken = {n: self.records[n].model_copy(update={"swap": swap}) for n in foreign}
            self._replace(self.records | taken)

    def _replace(self, records: dict[int, FrameRecord]) -> None:
        self.records = records
        atomic.write_bytes(self._file, "\n".join(record.model_dump_json() for record in records.values()).encode())

    def add(self, record: FrameRecord) -> None:
        """Append a frame whose picture is on disk."""
        with self._file.open("ab") as file:
            file.write(b"\n" + record.model_dump_json().encode())  # the newline first: it ends a line cut short
            file.flush()
            os.fsync(file.fileno())
        self.records[record.number] = record
