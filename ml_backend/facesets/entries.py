"""The first frames of those who come into a shot: looked at once more, against the time, as far as a face is seen."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress

from ml_backend.errors import BackendError
from ml_backend.faces.backwards import Trail, go_back
from ml_backend.faces.examining import Examiner
from ml_backend.faces.observation import Observation
from ml_backend.faces.roi import Roi, roi_of_landmarks
from ml_backend.media.frame import Frame
from ml_backend.media.source import Source

FRAMES = 8  # that are looked at in one go
KEPT_FRAMES, KEPT_BYTES = 16, 100_000_000  # that stay in memory at most, one frame at least: most entries need no more


class Recent:
    """The last frames of a run, as many as the memory is good for."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Frame) -> None:
        """Keep the frame that follows the last one."""
        self._frames.append(frame)
        while len(self._frames) > max(1, min(KEPT_FRAMES, KEPT_BYTES // frame.image.nbytes)):
            self._frames.popleft()

    def before(self, first: int, known: Collection[int], source: Source) -> Iterator[list[Frame]]:
        """The frames before `first`, back to where they are not in `known`, in pieces, the latest frame first.

        Those that are not in memory any more are read again. Raises BackendError where they cannot be.
        """
        held = [frame for frame in reversed(self._frames) if frame.number < first and frame.number in known]
        for start in range(0, len(held), FRAMES):
            yield held[start : start + FRAMES]
        size = min(FRAMES, max(1, KEPT_BYTES // held[-1].image.nbytes)) if held else 1
        last = held[-1].number - 1 if held else first - 1
        while last in known:
            numbers = [last]
            while len(numbers) < size and numbers[-1] - 1 in known:
                numbers.append(numbers[-1] - 1)
            frames = list(source.frames(numbers[::-1]))[::-1]
            size = min(FRAMES, max(1, KEPT_BYTES // frames[0].image.nbytes))
            last = numbers[-1] - 1
            yield frames


def earlier(
    source: Source,
    first: int,
    begun: Sequence[Observation],
    known: Mapping[int, Sequence[Roi]],
    recent: Recent,
    examiner: Examiner,
) -> list[tuple[int, Observation]]:
    """What is seen of tracklets, `begun` in frame `first`, in the frames before it, by frame number.

    known: the frames of `source` and of the same shot before it, with the squares of the faces that are seen there.
    Where frames cannot be read again, the tracklets begin where they are known to.
    """
    seen: list[tuple[int, Observation]] = []
    taken = {number: list(rois) for number, rois in known.items()}
    trails = [Trail.of(one) for one in begun]
    with suppress(BackendError):
        for frames in recent.before(first, taken.keys(), source):
            going = []
            for trail in trails:
                steps, after = go_back(examiner, [(frame.number, frame.image) for frame in frames], trail, taken)
                for number, one in steps:
                    taken[number].append(roi_of_landmarks(one.landmarks))
                seen += steps
                going += [after] if after is not None else []
            trails = going
            if not trails:
                break
    return seen
