"""How many threads a training on the processor uses: as many as make its steps fastest now.

The threads of a step wait for one another many times. Where other programs want the same processors one of them is
always held up, and all wait for it: two threads can then be seven times slower than one. Nothing tells beforehand, and
it changes while a night goes by, so fewer and more are tried now and then, and what is faster stays. Another number of
threads rounds differently, so a training that was broken off is not the same bit for bit: it has to be asked for.
"""

from collections.abc import Callable

import torch

FIRST = 10.0  # seconds until the first trial
WINDOW, FEWEST = 4.0, 4  # seconds and steps at least over which steps are counted
SETTLING = 2  # steps after a change that do not count
GAIN = 1.15  # times as fast a trial must be to stay
FALLEN = 0.6  # of the usual speed: so slow that a trial does not wait for its time
WAIT, LONGEST = 60.0, 600.0  # seconds to the next trial; twice as long after each in vain
HOPELESS = 2.0  # times as long as usual: a trial that takes longer is over
RARE = 50.0  # times as long as a trial in vain took, nothing is tried again


def watched_threads(device: torch.device, processes: int, now: float) -> "Threads | None":
    """For a training of this process alone on the processor; None where there is nothing to choose."""
    most = torch.get_num_threads()
    if device.type != "cpu" or processes > 1 or most < 2:
        return None
    return Threads(most, now, torch.set_num_threads)


class Threads:
    """Counts steps, and takes other numbers of threads for a short while to see whether they are faster."""

    def __init__(self, most: int, now: float, use: Callable[[int], None]) -> None:
        """now: a clock in seconds, here and in `stepped`. use: sets the number of threads."""
        self._most, self._use = most, use
        self.count = most
        self._before = most  # what a trial goes back to
        self._to_try: list[int] = []  # the first one is tried now
        self._usual = 0.0  # steps a second without a trial; 0 before they are known
        self._fewer = True
        self._wait = WAIT
        self._next = now + FIRST
        self._count_anew(now)

    def stepped(self, now: float) -> bool:
        """A step is done; True where another number of threads stays from here on."""
        self._steps += 1
        if self._steps == SETTLING:
            self._since = now
        counted = self._steps - SETTLING
        if self._to_try and now - self._began > HOPELESS * max(WINDOW, (SETTLING + FEWEST) / self._usual):
            return self._judge(0, now)
        if counted < FEWEST or now - self._since < WINDOW:
            return False
        speed = counted / (now - self._since)
        if self._to_try:
            return self._judge(speed, now)
        fallen = speed < FALLEN * self._usual
        self._usual = speed if fallen else max(speed, self._usual)
        if fallen or now >= self._next:
            self._begin(fallen)
        self._count_anew(now)
        return False

    def close(self) -> None:
        """All threads for what comes after the training."""
        self._use(self._most)

    def _begin(self, fallen: bool) -> None:
        """Half of them, or one alone, which can be faster where half is as slow; or, on the way up, twice as many."""
        if self.count in (1, self._most):
            self._fewer = self.count > 1
        elif fallen:
            self._fewer = True
        self._before = self.count
        self._to_try = sorted({self.count // 2, 1})[::-1] if self._fewer else [min(self._most, self.count * 2)]
        self._change(self._to_try[0])

    def _judge(self, speed: float, now: float) -> bool:
        took = now - self._began
        self._count_anew(now)
        better = speed > GAIN * self._usual
        others = self._to_try[1:]
        self._to_try = [] if better else others
        if better:
            self._usual, self._wait, self._next = speed, WAIT, now  # and further at once
        elif others:
            self._change(others[0])
        else:
            self._change(self._before)
            self._fewer = not self._fewer
            self._next, self._wait = now + max(self._wait, RARE * took), min(self._wait * 2, LONGEST)
        return better

    def _change(self, count: int) -> None:
        self.count = count
        self._use(count)

    def _count_anew(self, now: float) -> None:
        self._steps, self._since, self._began = 0, now, now
