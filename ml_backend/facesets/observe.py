"""Look at footage: every frame through the tracker, what it sees into the observations."""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from ml_backend.errors import BackendError, Cancelled
from ml_backend.faces.observation import Observation
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.ahead import ahead
from ml_backend.media.source import Source

from .observations import Observations

COMMIT_SECONDS = 0.5  # about this much work is done again after a kill


def observe(
    source: Source,
    numbers: Sequence[int],
    observations: Observations,
    tracker: FaceTracker,
    looked: Callable[[], bool],
) -> None:
    """Look at the frames `numbers` (ascending) of a source. Frames that were looked at before are passed over.

    looked: called after every frame; where it answers true, what was seen is kept and Cancelled is raised.
    """
    number = observations.source(source.info.path)
    known = set(observations.frames(number))
    pending = [frame for frame in numbers if frame not in known]
    for run in runs(pending):
        tracker.state = observations.state(number, run[0])
        seen: list[tuple[int, int, Sequence[Observation]]] = []
        committed = time.monotonic()
        try:
            for frame in ahead(source.frames(run)):
                found = tracker(frame.image)
                seen.append((frame.number, tracker.state.shot, found))
                if looked():
                    raise Cancelled
                if time.monotonic() - committed > COMMIT_SECONDS:
                    observations.add(number, seen, tracker.state)
                    seen, committed = [], time.monotonic()
        except (BackendError, Cancelled):  # a frame that cannot be read, or no time to read it
            observations.add(number, seen, tracker.state)
            raise
        observations.add(number, seen, tracker.state)


def runs(numbers: Sequence[int]) -> list[Sequence[int]]:
    """Ascending numbers in pieces without gaps."""
    ends = [n for n in range(1, len(numbers) + 1) if n == len(numbers) or numbers[n] != numbers[n - 1] + 1]
    return [numbers[start:end] for start, end in pairwise([0, *ends])]
