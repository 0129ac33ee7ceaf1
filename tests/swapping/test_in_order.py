"""Tasks on threads, results in order."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch

from ml_backend.swapping.in_order import in_order


def test_results_come_in_order_whatever_finishes_first() -> None:
    def slow(n: int) -> int:
        time.sleep(0.002 * (n % 3 == 0))
        return n

    assert list(in_order((partial(slow, n) for n in range(40)), 4)) == list(range(40))


def test_few_tasks_are_made_ahead() -> None:
    made = 0

    def tasks() -> Iterator[Callable[[], int]]:
        nonlocal made
        for n in range(50):
            made += 1
            yield partial(int, n)

    for n in in_order(tasks(), 3):
        assert made <= n + 5


def test_an_error_comes_in_its_place_and_the_threads_end() -> None:
    def fail() -> int:
        raise ValueError("broken")

    results = in_order(iter([lambda: 1, fail, lambda: 3]), 2)
    assert next(results) == 1
    with pytest.raises(ValueError, match="broken"):
        next(results)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("swap")]


def test_whoever_stops_listening_stops_the_work() -> None:
    done: list[int] = []
    results = in_order((partial(done.append, n) for n in range(1000)), 2)
    next(results)
    results.close()
    assert len(done) < 10


def test_the_workers_share_the_processors_of_their_caller() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        assert list(in_order([torch.get_num_threads] * 6, 2)) == [2] * 6
        assert list(in_order([torch.get_num_threads] * 8, 6)) == [1] * 8
        assert torch.get_num_threads() == 4
        assert list(in_order([torch.get_num_threads], 1)) == [4]
    finally:
        torch.set_num_threads(before)
