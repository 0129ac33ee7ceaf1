"""A job from its request to its end, with the real service."""

import os
import signal
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from patience import until

from blender_deepfake.core.backend_process import Backend
from blender_deepfake.core.board import Board
from blender_deepfake.core.client import Client, Endpoint
from blender_deepfake.core.entry import Entry
from blender_deepfake.core.errors import (
    BackendRejectedError,
    BackendUnreachableError,
    CancelledError,
    DeepfakeError,
    PausedError,
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


def test_what_a_job_said_is_still_told_when_it_is_done(backend: Backend) -> None:
    board = Board()
    said = ["Grain has no effect here.", "Grain has no effect here.", "Frame 3 is dark."]
    entry = board.start(spec(steps=1, says=said), backend.connect)
    wait(board, entry, backend)
    assert entry.texts == ("Grain has no effect here.", "Frame 3 is dark.")


def test_jobs_are_queued_in_the_order_in_which_they_were_started(backend: Backend) -> None:
    board, first_is_held = Board(), threading.Event()

    def slowly() -> Client:
        first_is_held.wait(2)
        return backend.connect()

    def quickly() -> Client:
        first_is_held.set()
        return backend.connect()

    entries = [board.start(spec(steps=1), connect) for connect in (slowly, quickly, backend.connect)]
    for entry in entries:
        wait(board, entry, backend)
    assert backend.client is not None
    assert [job["id"] for job in backend.client.jobs()] == [entry.job_id for entry in entries]


def test_a_job_that_cannot_be_sent_holds_none_back(backend: Backend) -> None:
    board = Board()

    def fails() -> Client:
        raise BackendUnreachableError("Nobody is there.")

    lost, sent = board.start(spec(steps=1), fails), board.start(spec(steps=1), backend.connect)
    assert wait(board, sent, backend) == {"steps": 1}
    until(lambda: bool(board.drain()) or lost.state == "failed")
    assert lost.state == "failed"


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


def under_way(backend: Backend, steps: int = 2000) -> tuple[Board, Entry]:
    """A job that has taken some steps."""
    board = Board()
    entry = board.start(spec(steps=steps), backend.connect)
    until(lambda: board.drain() or entry.done >= 2)
    return board, entry


def kill(backend: Backend) -> None:
    assert backend.client is not None
    assert backend.process is not None
    os.kill(backend.client.endpoint.pid, signal.SIGKILL)
    backend.process.wait(20)


def test_a_killed_backend_interrupts_the_job(backend: Backend) -> None:
    board, entry = under_way(backend)
    assert backend.client is not None
    backend.client.patience = 1.0
    kill(backend)
    with pytest.raises(BackendUnreachableError, match="stopped answering"):
        wait(board, entry, backend)
    assert entry.state == "interrupted"
    client = backend.connect()
    until(lambda: client.job(entry.job_id)["state"] == "running")
    board.take(client.jobs(), client)
    assert (entry.state, entry.followed, entry.error) == ("running", True, None), "it is picked up again"
    client.cancel(entry.job_id)
    with pytest.raises(CancelledError):
        wait(board, entry, backend)


def test_a_job_is_paused_whose_backend_was_stopped_before_that_was_heard(backend: Backend) -> None:
    board, entry = under_way(backend)
    kill(backend)  # so that nothing more is told
    backend.hang_up()
    with pytest.raises(PausedError):
        wait(board, entry, backend)
    assert entry.state == "paused"


def test_a_job_is_followed_to_the_next_backend(backend: Backend) -> None:
    board, entry = under_way(backend, steps=60)
    before, seen = entry.after, entry.job_id
    kill(backend)
    backend.connect()
    assert wait(board, entry, backend) == {"steps": 60}
    assert entry.job_id == seen
    assert entry.after > before
    assert backend.client is not None
    assert [job["id"] for job in backend.client.jobs()] == [seen]


def test_paused_and_resumed(backend: Backend) -> None:
    board, entry = under_way(backend, steps=20)
    client = backend.client
    assert client is not None
    client.pause(entry.job_id)
    board.take(client.jobs(), client)
    until(lambda: entry in board.drain())
    assert (entry.state, entry.asked, entry.followed, board.busy) == ("paused", None, False, False)
    board.take(client.jobs(), client)
    assert not entry.followed, "a paused job costs no thread"
    client.resume(entry.job_id)
    board.take(client.jobs(), client)
    assert entry.followed
    assert wait(board, entry, backend) == {"steps": 20}


def test_who_waits_for_a_job_waits_through_its_pause(backend: Backend) -> None:
    board = Board()
    entry = board.start(spec(steps=20), backend.connect, through_pauses=True)
    until(lambda: board.drain() or entry.done >= 2)
    client = backend.client
    assert client is not None
    client.pause(entry.job_id)
    until(lambda: board.drain() or entry.state == "paused")
    client.resume(entry.job_id)
    assert wait(board, entry, backend) == {"steps": 20}


def test_what_ended_last_comes_first_whoever_started_it(backend: Backend) -> None:
    client, board = backend.connect(), Board()
    other = client.submit("quick", {"steps": 20}, uuid4().hex)["id"]
    entry = board.start(spec(steps=1), backend.connect)  # waits for the other
    wait(board, entry, backend)
    board.take(client.jobs(), client)
    assert [shown.job_id for shown in board.ended] == [entry.job_id, other]
    assert [shown.job_id for shown in board.entries] == [entry.job_id, other], "not the order in which they came here"


def test_jobs_of_others_are_picked_up(backend: Backend) -> None:
    client = backend.connect()
    ended = [client.submit("quick", {"steps": 1}, uuid4().hex)["id"] for _ in range(7)]
    until(lambda: all(client.job(job)["state"] == "done" for job in ended))
    running, *queued = [client.submit("quick", {"steps": 60}, uuid4().hex)["id"] for _ in range(3)]
    until(lambda: client.job(running)["state"] == "running")
    board = Board()
    board.take(client.jobs(), client)
    states = {entry.job_id: entry.state for entry in board.entries}
    assert states == {**dict.fromkeys(ended[-5:], "done"), running: "running", **dict.fromkeys(queued, "queued")}
    assert [entry.job_id for entry in board.queue] == queued
    assert {entry.spec.label for entry in board.entries} == {"Quick"}
    assert sum(thread.name == "deepfake job" for thread in threading.enumerate()) == 3
    client.move(queued[1], queued[0])
    client.remove(ended[-1])
    board.take(client.jobs(), client)
    assert [entry.job_id for entry in board.queue] == queued[::-1]
    assert board.find(0, ended[-1]) is None
    entry = board.find(0, running)
    assert entry is not None
    assert wait(board, entry, backend) == {"steps": 60}
    for job in queued:
        client.cancel(job)
    until(lambda: board.drain() and not board.busy)


def test_a_job_that_is_just_being_sent_is_not_taken_for_anothers(backend: Backend) -> None:
    board, client = Board(), backend.connect()
    entry = board.start(spec(steps=60), backend.connect)
    until(client.jobs)
    entry.state = "connecting"  # as before its thread told what the backend answered
    board.take(client.jobs(), client)
    assert board.entries == [entry]
    until(lambda: board.drain() or entry.job_id)
    board.take(client.jobs(), client)
    assert board.entries == [entry]
    assert wait(board, entry, backend) == {"steps": 60}


def test_a_failed_one_is_taken_with_its_error_and_tried_again(backend: Backend) -> None:
    client = backend.connect()
    job = client.submit("quick", {"steps": 1, "end": "failed"}, uuid4().hex)["id"]
    until(lambda: client.job(job)["state"] == "failed")
    board = Board()
    board.take(client.jobs(), client)
    (entry,) = board.entries
    assert entry.error is not None
    assert "It failed." in str(entry.error)
    client.retry(job)
    board.take(client.jobs(), client)
    assert (entry.active, entry.error) == (True, None)
    with pytest.raises(DeepfakeError, match="It failed"):
        wait(board, entry, backend)


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
