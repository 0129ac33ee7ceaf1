"""What a movie says about its colours and its time."""

from dataclasses import replace

from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc

from ml_backend.media.colour import HLG_2020, PLAIN, PQ_709, PQ_2020, PQ_P3, SDR_2020, SDR_P3, LightColour, PlateColour
from ml_backend.media.movie_file import Movie
from ml_backend.media.timecode import read_timecode

_PQ: dict[int, PlateColour] = {ColorPrimaries.BT709: PQ_709, ColorPrimaries.SMPTE432: PQ_P3}
_SDR: dict[int, PlateColour] = {ColorPrimaries.BT2020: SDR_2020, ColorPrimaries.SMPTE432: SDR_P3}


def movie_colour(frame: VideoFrame, asked: PlateColour | None, white: float) -> PlateColour:
    """The colour as asked for, else by the tags of a decoded frame: PQ, HLG or a display picture, and its primaries.

    white: the value (0–1) that the conversion to RGB gives the movie's white.
    """
    colour = asked or _tagged(frame)
    return replace(colour, white=white) if isinstance(colour, LightColour) else colour


def _tagged(frame: VideoFrame) -> PlateColour:
    primaries = frame.color_primaries  # those of SD are near enough to Rec.709's to be taken for them
    if frame.color_trc == ColorTrc.SMPTE2084:
        return _PQ.get(primaries, PQ_2020)
    return HLG_2020 if frame.color_trc == ColorTrc.ARIB_STD_B67 else _SDR.get(primaries, PLAIN)


def movie_timecode(movie: Movie) -> str | None:
    """The time code that the container, its time code track or the picture stream gives the first frame."""
    holders = [movie.stream.metadata, movie.container.metadata]
    holders += [stream.metadata for stream in movie.container.streams]
    # Matroska writes its names in capitals
    found = (read_timecode(text) for holder in holders for name, text in holder.items() if name.lower() == "timecode")
    return next((timecode for timecode in found if timecode), None)
