"""A job from its request to its end, with the real service."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from blender_deepfake.core.backend_process import Backend
from blender_deepfake.core.board import Board, Entry
from blender_deepfake.core.client import Client, Endpoint
from blender_deepfake.core.errors import (
    BackendRejectedError,
    BackendUnreachableError,
    CancelledError,
    DeepfakeError,
    RefusedError,
    UsageError,
)
from blender_deepfake.core.runner import JobSpec


def spec(**request: object) -> JobSpec:
    return JobSpec("quick", dict(request), "Quick")


def wait(board: Board, entry: Entry, backend: Backend) -> object:
    return board.wait(entry, lambda shown: None, lambda: backend.client)


def test_result_progress_and_log(backend: Backend) -> None:
    board, seen = Board(), set()
    entry = board.start(spec(steps=8), backend.connect)
    result = board.wait(entry, lambda shown: seen.add((shown.state, shown.stage)), lambda: backend.client)
    assert result == {"steps": 8}
    assert ("running", "count") in seen
    assert entry.state == "done"
    assert entry.fraction == 1.0
    assert entry.figures["loss"] == pytest.approx(1 / 8)
    assert Path(entry.log).is_file()
    assert not board.busy


@pytest.mark.parametrize(
    ("end", "kind", "code", "state"),
    [
        ("failed", DeepfakeError, 1, "failed"),
        ("usage", UsageError, 2, "failed"),
        ("refused", RefusedError, 3, "refused"),
        ("bug", DeepfakeError, 1, "failed"),
    ],
)
def test_errors_keep_their_kind(backend: Backend, end: str, kind: type[DeepfakeError], code: int, state: str) -> None:
    board = Board()
    entry = board.start(spec(steps=1, end=end), backend.connect)
    with pytest.raises(kind) as caught:
        wait(board, entry, backend)
    assert caught.value.exit_code == code
    assert entry.state == state
    assert caught.value.fix


def test_a_request_that_does_not_fit(backend: Backend) -> None:
    board = Board()
    entry = board.start(spec(steps="many"), backend.connect)
    with pytest.raises(BackendRejectedError, match="steps") as caught:
        wait(board, entry, backend)
    assert caught.value.exit_code == 2


def test_cancel(backend: Backend) -> None:
    board = Board()
    entry = board.start(spec(steps=2000), backend.connect)
    while entry.done < 2:
        board.drain()
        time.sleep(0.02)
    board.cancel(entry, backend.client)
    with pytest.raises(CancelledError):
        wait(board, entry, backend)
    assert entry.state == "cancelled"


def test_cancel_before_it_began(backend: Backend) -> None:
    board, go = Board(), threading.Event()

    def connect_late() -> Client:
        go.wait(20)
        return backend.connect()

    entry = board.start(spec(steps=2000), connect_late)
    board.cancel(entry, backend.client)
    go.set()
    with pytest.raises(CancelledError):
        wait(board, entry, backend)


def test_a_killed_backend_ends_the_job_with_an_error(backend: Backend) -> None:
    board = Board()
    entry = board.start(spec(steps=2000), backend.connect)
    while entry.done < 2:
        board.drain()
        time.sleep(0.02)
    assert backend.client is not None
    os.kill(backend.client.endpoint.pid, signal.SIGKILL)
    with pytest.raises(BackendUnreachableError, match="stopped answering"):
        wait(board, entry, backend)
    assert entry.state == "failed"


def test_no_backend_is_an_error_of_the_job(tmp_path: Path) -> None:
    board, backend = Board(), Backend(tmp_path / "work", str(tmp_path))
    entry = board.start(spec(), backend.connect)
    with pytest.raises(DeepfakeError, match="There is no ml-backend"):
        wait(board, entry, backend)


def test_wrong_token_and_closed_port(backend: Backend) -> None:
    endpoint = backend.connect().endpoint
    with pytest.raises(BackendRejectedError) as caught:
        Client(Endpoint(endpoint.url, "wrong", endpoint.pid, 1)).status()
    assert caught.value.status == 401
    with pytest.raises(BackendUnreachableError):
        Client(Endpoint("http://127.0.0.1:9", "t", 1, 1)).status()


def test_threads_end_with_their_jobs(backend: Backend) -> None:
    board = Board()
    wait(board, board.start(spec(), backend.connect), backend)
    deadline = time.monotonic() + 10
    while [t for t in threading.enumerate() if t.name.startswith("deepfake")] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [t for t in threading.enumerate() if t.name.startswith("deepfake")]


def test_old_jobs_leave_the_list() -> None:
    board = Board()

    def nowhere() -> Client:
        raise DeepfakeError("none")

    for _ in range(30):
        entry = board.start(spec(), nowhere)
        while entry.active:
            board.drain()
            time.sleep(0.001)
    assert len(board.entries) <= 21
    assert len({entry.key for entry in board.entries}) == len(board.entries)
