"""Look at footage: every frame through the tracker, what it sees into the observations."""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from ml_backend.errors import BackendError, Cancelled
from ml_backend.faces.observation import Observation
from ml_backend.faces.roi import Roi, upright
from ml_backend.faces.tracking import THOROUGH_EVERY, FaceTracker
from ml_backend.media.ahead import ahead
from ml_backend.media.frame import Frame
from ml_backend.media.source import Source

from .entries import Recent, earlier
from .observations import Observations

COMMIT_SECONDS = 0.5  # about this much work is done again after a kill
FARTHEST = THOROUGH_EVERY  # frames to go back: who was there for longer would have been found by a thorough look


def observe(
    source: Source,
    numbers: Sequence[int],
    observations: Observations,
    tracker: FaceTracker,
    looked: Callable[[], bool],
) -> None:
    """Look at the frames `numbers` (ascending) of a source. Frames that were looked at before are passed over.

    Who is first seen in the middle of a shot is looked for in the frames before.

    looked: called after every frame; where it answers true, what was seen is kept and Cancelled is raised.
    """
    number = observations.source(source.info.path, source.info.stretched)
    known = set(observations.frames(number))
    pending = [frame for frame in numbers if frame not in known]
    for run in runs(pending):
        tracker.state = observations.state(number, run[0])
        watch = _Watch(source, number, observations, tracker)
        committed = time.monotonic()
        try:
            for frame in ahead(source.frames(run)):
                watch.look(frame)
                if looked():
                    raise Cancelled
                if time.monotonic() - committed > COMMIT_SECONDS:
                    watch.commit()
                    committed = time.monotonic()
        except (BackendError, Cancelled):  # a frame that cannot be read, or no time to read it
            watch.commit()
            raise
        watch.commit()


class _Watch:
    """One run of frames through the tracker, and what was seen that is not in the file yet."""

    def __init__(self, source: Source, number: int, observations: Observations, tracker: FaceTracker) -> None:
        self._source = source
        self._number = number
        self._observations = observations
        self._tracker = tracker
        self._frames = frozenset(source.numbers)
        self._recent = Recent()
        self._seen: list[tuple[int, int, list[Observation]]] = []
        self._earlier: list[tuple[int, Observation]] = []

    def look(self, frame: Frame) -> None:
        new = self._tracker.state.next_tracklet
        found = self._tracker(frame.image)
        begun = [one for one in found if one.tracklet >= new]
        if begun and (known := self._known(frame.number)):
            self._earlier += earlier(self._source, frame.number, begun, known, self._recent, self._tracker.examiner)
        self._seen.append((frame.number, self._tracker.state.shot, found))
        self._recent.add(frame)

    def _known(self, first: int) -> dict[int, list[Roi]]:
        """The frames before `first` that can be read again and are of the present shot, and where faces are there."""
        shot, farthest = self._tracker.state.shot, first - FARTHEST
        places = self._observations.places(self._number, farthest, first - 1)
        places |= {number: (of, [upright(one.landmarks) for one in found]) for number, of, found in self._seen}
        for number, one in self._earlier:
            if number in places:
                places[number][1].append(upright(one.landmarks))
        known: dict[int, list[Roi]] = {}
        for number in range(first - 1, farthest - 1, -1):
            of, rois = places.get(number, (None, []))
            if of != shot or number not in self._frames:
                break
            known[number] = rois
        return known

    def commit(self) -> None:
        self._observations.add(self._number, self._seen, self._tracker.state, self._earlier)
        self._seen, self._earlier = [], []


def runs(numbers: Sequence[int]) -> list[Sequence[int]]:
    """Ascending numbers in pieces without gaps."""
    ends = [n for n in range(1, len(numbers) + 1) if n == len(numbers) or numbers[n] != numbers[n - 1] + 1]
    return [numbers[start:end] for start, end in pairwise([0, *ends])]
