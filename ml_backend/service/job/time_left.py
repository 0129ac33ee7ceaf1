"""How long a stage still takes, from how fast it went lately."""

from collections import deque

WINDOW = 30.0
SPACING = 0.5
LEAST = 2.0


class TimeLeft:
    """Learns the rate of one job. Times are seconds of a clock that never goes back, such as time.monotonic()."""

    def __init__(self) -> None:
        self._stage: str | None = None
        self._total = 0.0
        self._samples: deque[tuple[float, float]] = deque()

    def update(self, now: float, stage: str, done: float, total: float) -> float | None:
        """Take note that `done` of `total` is reached; returns the seconds left in this stage.

        None while it is unknown: the first two seconds of a stage, no movement in the last 30 s, or no real total.
        A new stage, another total or a step back starts afresh, so that a resumed job counts only what it did itself.
        """
        fresh = stage != self._stage or total != self._total or (self._samples and done < self._samples[-1][1])
        if fresh:
            self._stage, self._total = stage, total
            self._samples.clear()
        if not self._samples or now - self._samples[-1][0] >= SPACING:
            self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[1][0] >= WINDOW:
            self._samples.popleft()
        since, before = self._samples[0]
        if done >= total:
            return 0.0
        if now - since < LEAST or done <= before:
            return None
        return (total - done) * (now - since) / (done - before)
