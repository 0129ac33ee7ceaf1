"""Opens whatever names footage: a movie, a folder of pictures, a pattern, one picture or a plate file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.choose_colour import choose_colour
from ml_backend.media.colour import PlateColour
from ml_backend.media.frame import Frame, Source, SourceInfo
from ml_backend.media.frame_range import SingleFrames, parse_frames
from ml_backend.media.movie_source import MovieSource
from ml_backend.media.picture import FLOAT_SUFFIXES, HEIC_SUFFIXES, PICTURE_SUFFIXES
from ml_backend.media.readable import file_kind, require_readable, require_unicode
from ml_backend.media.sequence_files import find_in_folder, find_pattern, is_pattern, single_picture
from ml_backend.media.sequence_source import SequenceSource
from ml_backend.requests import Plate

__all__ = ["Frame", "Source", "SourceInfo", "as_plate", "open_source", "what_is_missing"]


def open_source(
    source: str | Path | Plate,
    frames: str | Sequence[int] | None = None,
    colourspace: str | None = None,
    ocio: Path | None = None,
) -> Source:
    """Open a movie file, a folder of pictures, a pattern (`####`, `%04d`), one picture or a plate `.json`.

    `frames` selects a range, or the numbers that it lists as far as they are there; `colourspace` says what the values
    are, `ocio` names the OpenColorIO configuration that knows this space; each takes the place of the same entry in a
    plate. Relative paths in a plate file start at the folder of that file. The frames are as they are stored;
    `square_pixels.as_filmed` makes their pixels square. UsageError for what is missing or not supported, BackendError
    for files that are damaged.
    """
    if isinstance(source, Plate):
        return _open_plate(source, Path(), frames, colourspace, ocio)
    path = Path(source)
    if path.suffix.lower() == ".json" and file_kind(path) == "file":
        return _open_plate(_read_plate(path), path.parent, frames, colourspace, ocio)
    return _open_footage(path, frames, choose_colour(colourspace, ocio))


def what_is_missing(source: Source, opened: str | Plate, frames: str | None) -> str | None:
    """A sentence that says so where the range, `frames` or else the plate's own, reaches beyond the footage.

    opened: what `source` was opened from.
    """
    asked, info = parse_frames(as_plate(opened).frames if frames is None else frames), source.info
    if asked.is_within(info.first, info.last):
        return None
    return f"{info.path} has not all of the frames {asked}: its frames are {info.first}-{info.last}."


def as_plate(source: str | Plate, colourspace: str | None = None, ocio: Path | None = None) -> Plate:
    """What `source` names as a plate that no longer depends on the plate file it may have come from.

    `colourspace` and `ocio` take the place of its own, as in `open_source`. Raises BackendError for a damaged plate
    file, UsageError for a name that is not Unicode.
    """
    plate = source if isinstance(source, Plate) else _named_plate(source)
    changes = {"colourspace": colourspace, "ocio": ocio}
    return plate.model_copy(update={name: value for name, value in changes.items() if value is not None})


def _named_plate(source: str) -> Plate:
    path = Path(source)
    require_unicode(path)
    if path.suffix.lower() != ".json" or file_kind(path) != "file":
        return Plate(source=source)
    plate = _read_plate(path)
    ocio = path.parent / plate.ocio if plate.ocio is not None else None
    return plate.model_copy(update={"source": str(path.parent / plate.source), "ocio": ocio})


def _open_plate(
    plate: Plate, folder: Path, frames: str | Sequence[int] | None, colourspace: str | None, ocio: Path | None
) -> Source:
    config = folder / plate.ocio if ocio is None and plate.ocio is not None else ocio
    colour = choose_colour(plate.colourspace if colourspace is None else colourspace, config)
    source = _open_footage(folder / plate.source, plate.frames if frames is None else frames, colour)
    if plate.pixel_aspect is not None:
        source.info = replace(source.info, pixel_aspect=plate.pixel_aspect)
    return source


def _open_footage(
    path: Path, frames: str | Sequence[int] | None, colour: PlateColour | None
) -> MovieSource | SequenceSource:
    chosen = parse_frames(frames) if frames is None or isinstance(frames, str) else SingleFrames(frozenset(frames))
    kind = file_kind(path)
    if kind == "folder":
        return SequenceSource(path, find_in_folder(path), chosen, colour)
    if kind == "missing" and is_pattern(path):
        return SequenceSource(path, find_pattern(path), chosen, colour)
    if path.suffix.lower() in PICTURE_SUFFIXES | FLOAT_SUFFIXES:
        require_readable(path)
        return SequenceSource(path, single_picture(path), chosen, colour)
    if path.suffix.lower() == ".json" and kind == "file":
        raise UsageError(f"{path} is a plate file, named by another plate.", "Name the movie or the pictures.")
    if path.suffix.lower() in HEIC_SUFFIXES and kind == "file":
        raise UsageError(f"{path} is HEIC, which cannot be read.", "Export it as JPEG or PNG.")
    return MovieSource(path, chosen, colour)


def _read_plate(path: Path) -> Plate:
    require_readable(path)
    try:
        return Plate.model_validate_json(path.read_bytes())
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())
        raise BackendError(
            f"{path} is not a plate file ({details}).", 'Its content is {"source": "shot.mp4", "frames": "1-100"}.'
        ) from error
