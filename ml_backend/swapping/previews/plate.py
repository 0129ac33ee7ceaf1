"""A plate that stays open, with the pictures that were looked at last."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.frame import Frame, SourceInfo
from ml_backend.media.source import Source, open_source
from ml_backend.media.square_pixels import as_filmed, stretched
from ml_backend.requests import PreviewRequest
from ml_backend.swapping.footage import footage_state

KEPT_BYTES = 512 << 20
"""Of the frames beside the one that is shown; larger ones are decoded anew every time."""


class Pictures:
    """Frames of one source, so that changed settings do not decode again, nor a playhead that moved by a frame."""

    def __init__(self, source: Source, info: SourceInfo) -> None:
        """source: as it is stored. info: of the same footage with square pixels."""
        self._source, self._info = source, info
        self._kept: dict[int, Frame] = {}

    def frame(self, number: int) -> Frame:
        """As it is stored. Raises as `Source.frames` does."""
        if number not in self._kept:
            (frame,) = self._source.frames([number])
            self._kept[number] = frame
        return self._kept[number]

    def frames(self, number: int, wanted: Collection[int]) -> Iterator[Frame]:
        """Frame `number` and then the others of `wanted`, with square pixels.

        These alone are kept, or where they are large only the first. One that is not kept is in memory only until the
        next one is asked for.
        """
        shown = self.frame(number)
        large = _bytes(shown) * len(wanted) > KEPT_BYTES
        known = {other: frame for other, frame in self._kept.items() if other in wanted and other != number}
        missing = sorted(set(wanted) - known.keys() - {number})
        self._kept = {number: shown}
        yield stretched(shown, self._info)
        for frames in (known.values(), self._source.frames(missing) if missing else ()):
            for frame in frames:
                if not large:
                    self._kept[frame.number] = frame
                yield stretched(frame, self._info)


@dataclass(frozen=True)
class OpenPlate:
    """source: with square pixels. state: that of the files when it was opened. partial: it could be opened for one
    frame only.
    """

    source: Source
    pictures: Pictures
    state: list[tuple[str, int, int]]
    partial: bool

    def is_fit_for(self, number: int) -> bool:
        """Are its files unchanged, and was it opened for frame `number` among others?"""
        return footage_state(self.source.info) == self.state and not (
            self.partial and number not in self.source.numbers
        )


def open_plate(request: PreviewRequest) -> OpenPlate:
    """The whole footage, whatever range the plate names: a frame depends on those around it.

    Raises as `open_source` does.
    """
    try:
        source, partial = _open(request, "0-"), False
    except UsageError:
        raise
    except BackendError:  # a gap or a damaged end; a swap of a range that avoids it is possible, and so is a preview
        source, partial = _open(request, str(request.frame)), True
    filmed = as_filmed(source)
    return OpenPlate(filmed, Pictures(source, filmed.info), footage_state(source.info), partial)


def _open(request: PreviewRequest, frames: str) -> Source:
    return open_source(request.plate, frames, request.colourspace, request.ocio)


def _bytes(frame: Frame) -> int:
    return frame.image.nbytes + (0 if frame.original is None else frame.original.nbytes)
