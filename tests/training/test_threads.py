"""A training looks for the number of threads with which its steps are fastest."""

import time
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.training import run
from ml_backend.training.preview import preview_grid
from ml_backend.training.threads import Threads, watched_threads

Speed = Callable[[int, float], float]


def quiet(count: int, now: float) -> float:
    """Steps a second of a machine without other work."""
    return 5.0 * count**0.7


def busy(count: int, now: float) -> float:
    """All processors have other work too: what waits for another thread waits long."""
    return 14.0 if count == 1 else 2.0


def half_busy(count: int, now: float) -> float:
    """Four of eight processors have other work."""
    return quiet(count, now) / (1 if count <= 4 else 7)


class Simulated:
    """A clock, and the threads of a training for which each step takes what a machine's speed says."""

    def __init__(self, most: int, speed: Speed) -> None:
        self.now, self.steps, self.used, self._speed = 0.0, 0, [most], speed
        self.threads = Threads(most, self.now, self.used.append)

    def train(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 1 / self._speed(self.used[-1], self.now)
            self.steps += 1
            self.threads.stepped(self.now)
            assert self.threads.count == self.used[-1]


@pytest.mark.parametrize("most", [2, 6, 16])
def test_on_a_quiet_machine_all_are_used_but_for_short_trials(most: int) -> None:
    simulated = Simulated(most, quiet)
    simulated.train(3600)
    assert simulated.steps > 0.98 * 3600 * quiet(most, 0)


@pytest.mark.parametrize("most", [2, 6, 16])
def test_on_a_busy_machine_one_is_soon_used(most: int) -> None:
    simulated = Simulated(most, busy)
    simulated.train(90)
    steps = simulated.steps
    simulated.train(3600)
    assert simulated.steps - steps > 0.95 * 3600 * busy(1, 0)


def test_the_free_processors_are_used() -> None:
    simulated = Simulated(8, half_busy)
    simulated.train(3600)
    assert simulated.steps > 0.95 * 3600 * half_busy(4, 0)


def test_a_large_networks_trials_are_rare() -> None:
    simulated = Simulated(16, lambda count, now: 0.1 * count / 16)  # 10 s a step, 160 s with one thread
    simulated.train(48 * 3600)
    assert simulated.steps > 0.9 * 48 * 360


def test_it_follows_what_the_machine_does() -> None:
    def hours(count: int, now: float) -> float:
        return (quiet, busy, quiet)[min(2, int(now // 3600))](count, now)

    simulated = Simulated(8, hours)
    for hour, best in enumerate((quiet(8, 0), busy(1, 0), quiet(8, 0))):
        before = simulated.steps
        simulated.train(3600 * (hour + 1) - simulated.now)
        assert simulated.steps - before > 0.93 * 3600 * best


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 64), st.lists(st.floats(0.01, 50), min_size=1, max_size=400))
def test_there_are_never_more_than_there_may_be(most: int, seconds: list[float]) -> None:
    used = [most]
    threads, now = Threads(most, 0, used.append), 0.0
    for one in seconds:
        now += one
        before = len(used)
        threads.stepped(now)
        assert len(used) - before <= 1
    assert all(1 <= count <= most for count in used)
    assert used[-1] == threads.count


def test_one_process_on_the_processor_watches() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert watched_threads(torch.device("cpu"), 1, 0) is not None
        assert watched_threads(torch.device("cpu"), 2, 0) is None, "the processes share the processors already"
        assert watched_threads(torch.device("cuda"), 1, 0) is None
        torch.set_num_threads(1)
        assert watched_threads(torch.device("cpu"), 1, 0) is None
    finally:
        torch.set_num_threads(before)


def test_it_has_to_be_asked_for(train: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that was killed and goes on equals the whole one bit for bit, which it does with as many threads."""
    asked: list[object] = []
    monkeypatch.setattr(run, "watched_threads", lambda *given: asked.append(given))
    train(iterations=1)
    assert not asked
    train(iterations=2, settings={"watch_threads": "true"})
    assert asked


def test_what_happens_between_steps_is_no_slow_step(
    train: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures and checkpoints take long beside a tiny network's steps; the clock of the threads stands still then."""
    clocks: list[float] = []

    class Listening(Threads):
        def stepped(self, now: float) -> bool:
            clocks.append(now)
            return super().stepped(now)

    def slow_picture(*given: object) -> object:
        time.sleep(0.5)
        return preview_grid(*given)

    monkeypatch.setattr(run, "watched_threads", lambda device, processes, now: Listening(2, now, lambda count: None))
    monkeypatch.setattr(run, "preview_grid", slow_picture)
    started = time.monotonic()
    train(iterations=4, settings={"preview_minutes": "0.000001", "watch_threads": "true"})
    assert len(clocks) == 4
    assert clocks == sorted(clocks)
    assert clocks[-1] < time.monotonic() - started - 4 * 0.5
