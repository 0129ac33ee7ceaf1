"""Work on several threads whose results come in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")

WORKERS = max(1, min(4, os.cpu_count() or 1))  # of which each holds a frame; more cost memory


def in_order(tasks: Iterable[Callable[[], T]], workers: int) -> Iterator[T]:
    """The results of `tasks` in their order; each task is run on one of `workers` threads while the next are made.

    At most workers + 1 tasks are under way or wait to be taken. An error is raised where its result would have come;
    tasks that are under way then are finished first. The workers' networks share the processors of the caller's: one
    with many threads is held up by its own, which wait for each other, and by those of the others.
    """
    running: deque[Future[T]] = deque()
    processors = torch.get_num_threads()
    share = max(1, processors // workers)
    with ThreadPoolExecutor(workers, "swap", lambda: torch.set_num_threads(share)) as pool:
        try:
            for task in tasks:
                running.append(pool.submit(task))
                if len(running) > workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()
            torch.set_num_threads(processors)  # of threads that begin later
