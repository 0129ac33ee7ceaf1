"""What a swap folder says about itself: manifest.json, written last, and the journal it grows from.

OUT/000001.png …     RGBA (or .exr), numbered as the plate's frames
OUT/journal.jsonl    a line for every finished frame; a killed swap goes on after it
OUT/pieces/          the journals of pieces that several machines make at once, until they are joined
OUT/manifest.json    all frames, how they were made, and on whose consent
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.requests import Key

MANIFEST = "manifest.json"


def _name(file: str) -> str:
    if file in ("", ".", "..") or "/" in file or "\\" in file or "\0" in file:
        raise ValueError(f"{file!r} is no name of a file in the swap's folder")
    return file


FileName = Annotated[str, AfterValidator(_name)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FrameRecord(_Frozen):
    """A finished frame.

    transforms: 2×3 matrices from the plate's pixels to the face crop's, and confidence: 0–1, how sure the landmarks are
    of a face; one a face. window: x, y, width and height of the part of the frame that the file holds, None for all of
    it. bytes: the file's size. inputs: a hash of all that decides the pixels. swap: one of all that the frames of one
    swap share, whatever range was made at a time. jitter: the mean second difference of the landmarks that the faces
    were placed by, in % of the distance of the eyes. timecode: of the plate's frame, HH:MM:SS:FF, or HH:MM:SS;FF for
    drop frame. Both are left out where they are not known.
    """

    number: int
    file: FileName
    faces: int
    sha256: str
    transforms: list[list[list[float]]]
    confidence: list[float]
    window: tuple[int, int, int, int] | None
    bytes: int
    inputs: str
    swap: str
    jitter: float | None = None
    timecode: str | None = None

    @model_serializer(mode="wrap")
    def _without_unknown(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        unknown = {name for name in ("jitter", "timecode") if content.get(name) is None}
        return {name: value for name, value in content.items() if name not in unknown}


class JournalNote(_Frozen):
    """What a journal says besides its frames, see there."""

    files: list[FileName] = []
    redone: list[int] = []


class Consent(_Frozen):
    """people: the hash of each person's record, the identity's and the performer's, by pseudonym."""

    identity: str
    record_sha256: str
    people: dict[str, str] = {}


class Manifest(_Frozen):
    """output, alpha and colour: what the files are and what their values mean. timecode: of the first frame.

    pixel_aspect: how many times as wide as high the plate's pixels are. jitter: the mean of that of the frames.
    settings: the constant ones; keys: those that change. mask_model_sha256 and repairs_sha256: the hashes of the mask
    model's weights and of the repairs' file, None without one, and in manifests from before they were kept.
    """

    version: Literal[2] = 2
    plate: dict[str, Any]
    identity: str
    model: str
    checkpoint: str
    width: int
    height: int
    bit_depth: int
    pixel_aspect: float = 1.0
    fps: str | None
    timecode: str | None
    first: int
    last: int
    output: Literal["png8", "png16", "exr"]
    alpha: Literal["straight", "premultiplied"]
    colour: str
    jitter: float | None
    settings: dict[str, Any]
    keys: dict[str, list[Key]]
    mask_model_sha256: str | None = None
    repairs_sha256: str | None = None
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


def paths_named(folder: Path) -> list[Path]:
    """The files and folders that a swap's manifest leads to: its plate, its model, and its OpenColorIO configuration.

    For whoever may not read everywhere: an evaluation follows them. Empty where there is no manifest that can be read.
    """
    try:
        manifest = read_manifest(folder)
    except BackendError:
        return []
    named = (manifest.model, manifest.plate.get("source"), manifest.plate.get("ocio"))
    return [Path(str(name)) for name in named if name]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json, unless it is there with the same content."""
    file, content = folder / MANIFEST, manifest.model_dump(mode="json")
    with suppress(OSError, ValueError):
        if json.loads(file.read_bytes()) == content:
            return
    atomic.write_json(file, content)
