"""A movie file as a source."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from av.video.frame import VideoFrame

from ml_backend.errors import BackendError
from ml_backend.media.alpha import movie_alpha
from ml_backend.media.colour import PlateColour, make_frame
from ml_backend.media.frame import Frame, SourceInfo, check_wanted
from ml_backend.media.frame_range import FrameRange, SingleFrames
from ml_backend.media.movie_colour import movie_colour, movie_timecode
from ml_backend.media.movie_damage import cut_off
from ml_backend.media.movie_decode import decode, first_frame
from ml_backend.media.movie_file import open_movie
from ml_backend.media.movie_index import is_variable, read_index
from ml_backend.media.rgb import RgbConverter, bit_depth, quarter_turns, white
from ml_backend.media.timecode import advance
from ml_backend.media.timecode_words import Timecode

_MOST_COUNTED = 100  # frames a second: a time code has two digits for them
_FIELDS = 2  # FFmpeg's AVFieldOrder from here on: two fields, in any order


class MovieSource:
    """Frames by their order of showing, numbered from 1. The count is of the frames, not of the container's claim."""

    def __init__(self, path: Path, chosen: FrameRange | SingleFrames, colour: PlateColour | None = None) -> None:
        """BackendError where the file is unusable, or cut off before the end of the `chosen` range.

        colour: None where the movie tells by its tags: PQ, HLG or a display picture, and the primaries.
        """
        index = read_index(path)
        if index.count == 0:
            raise cut_off(path, 0, index.promised or 0)
        frame = first_frame(path)
        self._index = index
        count = index.count
        if index.promised is not None and (chosen.last is None or chosen.last > count):
            raise cut_off(path, count, index.promised)
        self.numbers = chosen.select(range(1, count + 1))
        width, height = _upright_size(frame)
        variable = index.times is not None and is_variable(index.times)
        with open_movie(path) as movie:
            fps = movie.stream.average_rate if variable else movie.stream.guessed_rate or movie.stream.average_rate
            timecode = movie_timecode(movie)
            self._counted = movie.stream.guessed_rate
            self._unit = movie.stream.time_base
            interlaced = frame.interlaced_frame or movie.stream.codec_context.field_order >= _FIELDS
            aspect = float(movie.stream.sample_aspect_ratio or 1)
        depth: Literal[8, 16] = 16 if bit_depth(frame) > 8 else 8
        self.colour = movie_colour(frame, colour, white(frame))
        self.info = SourceInfo(
            path=path,
            kind="movie",
            width=width,
            height=height,
            first=1,
            last=count,
            count=count,
            fps=fps,
            bit_depth=depth,
            variable_rate=variable,
            colour=self.colour.name,
            timecode=timecode,
            pixel_aspect=1 / aspect if quarter_turns(frame) % 2 else aspect,
            interlaced=interlaced,
        )

    def frames(self, numbers: Sequence[int] | None = None) -> Iterator[Frame]:
        """See `Source.frames`. BackendError also where the picture changes its size within the movie."""
        wanted = self.numbers if numbers is None else list(numbers)
        check_wanted(wanted, self.numbers, self.info.path)
        return self._frames(wanted)

    def _frames(self, wanted: Sequence[int]) -> Iterator[Frame]:
        converter = RgbConverter(deep=self.info.bit_depth == 16)
        for number, frame in decode(self.info.path, self._index, wanted):
            width, height = _upright_size(frame)
            if (width, height) != (self.info.width, self.info.height):
                raise BackendError(
                    f"Frame {number} of {self.info.path} is {width}×{height}, "
                    f"the frames before are {self.info.width}×{self.info.height}.",
                    "Export the movie with one size, or split it where the size changes.",
                )
            text = self._timecode(number)
            timecode = None if text is None else Timecode(text)
            yield make_frame(number, converter.convert(frame), self.colour, timecode, movie_alpha(frame))

    def _timecode(self, number: int) -> str | None:
        """Counted on from the start: by the frames, or by the time of showing where they come unevenly."""
        start, times, unit, rate = self.info.timecode, self._index.times, self._unit, self._counted
        if start is None or times is None or not self.info.variable_rate:
            return self.info.timecode_of(number)
        if unit is None or rate is None or rate > _MOST_COUNTED:
            return None
        return advance(start, round((times[number - 1] - times[0]) * unit * rate), rate)


def _upright_size(frame: VideoFrame) -> tuple[int, int]:
    return (frame.height, frame.width) if quarter_turns(frame) % 2 else (frame.width, frame.height)
