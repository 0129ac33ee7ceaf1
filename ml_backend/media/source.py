"""Opens whatever names footage: a movie, a folder of pictures, a pattern, one picture or a plate file."""

from pathlib import Path

from pydantic import ValidationError

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.frame import Frame, Source, SourceInfo
from ml_backend.media.frame_range import parse_frames
from ml_backend.media.movie_source import MovieSource
from ml_backend.media.picture import FLOAT_SUFFIXES, PICTURE_SUFFIXES
from ml_backend.media.readable import file_kind, require_readable
from ml_backend.media.sequence_files import find_in_folder, find_pattern, is_pattern, single_picture
from ml_backend.media.sequence_source import SequenceSource
from ml_backend.requests import Plate

__all__ = ["Frame", "Source", "SourceInfo", "open_source"]


def open_source(source: str | Path | Plate, frames: str | None = None) -> Source:
    """Open a movie file, a folder of pictures, a pattern (`####`, `%04d`), one picture or a plate `.json`.

    `frames` selects a range and takes the place of the range in a plate. A relative source in a plate file
    starts at the folder of that file. UsageError for what is missing or not supported, BackendError for files
    that are damaged.
    """
    if isinstance(source, Plate):
        return _open_footage(Path(source.source), source.frames if frames is None else frames)
    path = Path(source)
    if path.suffix.lower() == ".json" and file_kind(path) == "file":
        plate = _read_plate(path)
        return _open_footage(path.parent / plate.source, plate.frames if frames is None else frames)
    return _open_footage(path, frames)


def _open_footage(path: Path, frames: str | None) -> Source:
    chosen = parse_frames(frames)
    kind = file_kind(path)
    if kind == "folder":
        return SequenceSource(path, find_in_folder(path), chosen)
    if kind == "missing" and is_pattern(path):
        return SequenceSource(path, find_pattern(path), chosen)
    if path.suffix.lower() in PICTURE_SUFFIXES | FLOAT_SUFFIXES:
        require_readable(path)
        return SequenceSource(path, single_picture(path), chosen)
    if path.suffix.lower() == ".json" and kind == "file":
        raise UsageError(f"{path} is a plate file, named by another plate.", "Name the movie or the pictures.")
    return MovieSource(path, chosen)


def _read_plate(path: Path) -> Plate:
    require_readable(path)
    try:
        return Plate.model_validate_json(path.read_bytes())
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())
        raise BackendError(
            f"{path} is not a plate file ({details}).", 'Its content is {"source": "shot.mp4", "frames": "1-100"}.'
        ) from error
