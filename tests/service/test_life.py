"""The life of the service: one on a workspace, no process left over, no job lost."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from service_process import DidNotStart

from ml_backend.service.endpoint import answers, read_endpoint
from ml_backend.service.processes import alive


def test_endpoint_and_workspace_are_the_users_alone(service) -> None:
    assert stat.S_IMODE(service.workspace.stat().st_mode) == 0o700
    file = service.workspace / "endpoint.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = json.loads(file.read_text())
    assert set(content) == {"url", "token", "pid", "protocol", "version"}
    assert content["pid"] == service.process.pid
    assert len(content["token"]) >= 32
    status, answer = service.call("GET", "/status")
    assert status == 200
    assert answer["protocol"] == content["protocol"] == 2
    assert answer["workspace"] == str(service.workspace)
    assert answer["version"] == content["version"]
    assert (answer["running"], answer["queued"]) == (0, 0)


def test_a_foreign_open_folder_is_left_alone(start, tmp_path: Path) -> None:
    folder = tmp_path / "someones"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("hello")
    with pytest.raises(DidNotStart, match="is no workspace"):
        start(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_second_service_names_the_first_even_if_the_lock_file_was_deleted(start) -> None:
    first = start()
    with pytest.raises(DidNotStart, match=f"already runs on .*: {first.endpoint.url}") as refusal:
        start()
    assert refusal.value.code == 1
    assert first.call("GET", "/status")[0] == 200
    (first.workspace / "service.lock").unlink()
    with pytest.raises(DidNotStart, match="already runs"):
        start()


def test_sigterm_pauses_jobs_and_removes_the_endpoint(start, tmp_path: Path, gone) -> None:
    service = start()
    running = service.submit("count", file=str(tmp_path / "a"), total=10**6)
    queued = service.submit("count", file=str(tmp_path / "b"), total=1)
    service.progressing(running)
    worker = service.worker_pid(running)
    assert service.stop() == 0
    gone(worker)
    assert not (service.workspace / "endpoint.json").exists()
    again = start()
    paused = again.job(running)
    assert (paused["state"], paused["attempts"]) == ("paused", 1)
    assert again.ended(queued)["state"] == "done"
    assert again.job(running)["state"] == "paused"


def test_shutdown_call_ends_open_streams(start, tmp_path: Path) -> None:
    service = start()
    id = service.submit("count", file=str(tmp_path / "a"), total=10**6)
    events = service.events(id)
    next(events)
    assert service.call("POST", "/shutdown")[0] == 202
    assert list(events)[-1]["data"]["state"] == "paused"
    assert service.process.wait(30) == 0


def test_a_second_signal_ends_even_a_stubborn_job_at_once(start, tmp_path: Path, gone) -> None:
    service = start()
    id = service.submit("stubborn", child=str(tmp_path / "child"))
    service.progressing(id)
    worker = service.worker_pid(id)
    service.process.send_signal(signal.SIGINT)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(30) == 0
    gone(worker)
    gone(int((tmp_path / "child").read_text()))


def test_a_killed_service_leaves_no_process_and_its_next_start_goes_on(start, tmp_path: Path, gone) -> None:
    service = start()
    file = tmp_path / "count"
    id = service.submit("count", file=str(file), total=150)
    queued = service.submit("count", file=str(tmp_path / "next"), total=1)
    service.progressing(id)
    seen = list(zip(range(3), service.events(id), strict=False))[-1][1]["id"]
    worker = service.worker_pid(id)
    service.kill()
    assert not answers(service.endpoint)
    again = start()
    job = again.ended(id)
    gone(worker)
    assert job["state"] == "done"
    assert job["result"]["counted"] == 150
    assert job["result"]["pid"] != worker
    assert "Starting at 0" in Path(job["log"]).read_text()
    resumed = [line for line in Path(job["log"]).read_text().splitlines() if line.startswith("Starting at")]
    assert len(resumed) == 2
    assert resumed[1] != "Starting at 0"
    rest = list(again.events(id, seen))
    ids = [event["id"] for event in rest]
    assert seen < ids[0]
    assert ids == sorted(set(ids))
    assert again.ended(queued)["state"] == "done"
    assert job["ended"] <= again.job(queued)["started"]


def test_a_stubborn_worker_of_a_killed_service_is_ended_before_the_job_runs_again(
    start, tmp_path: Path, gone, wait
) -> None:
    service = start()
    id = service.submit("stubborn", child=str(tmp_path / "child"))
    service.progressing(id)
    worker = service.worker_pid(id)
    child = int((tmp_path / "child").read_text())
    service.kill()
    again = start()
    gone(worker)
    gone(child)
    wait(lambda: again.worker_pid(id) != worker, "another process for the job")
    again.call("POST", f"/jobs/{id}/cancel")
    assert again.ended(id)["state"] == "cancelled"


def test_a_worker_of_a_killed_service_ends_by_itself(start, tmp_path: Path, gone) -> None:
    service = start()
    id = service.submit("stubborn", child=str(tmp_path / "child"))
    service.progressing(id)
    worker = service.worker_pid(id)
    service.kill()
    gone(worker)
    gone(int((tmp_path / "child").read_text()))


def test_an_outcome_that_a_killed_service_never_read_counts(start, tmp_path: Path) -> None:
    service = start()
    id = service.submit("count", file=str(tmp_path / "count"), total=2)
    assert service.ended(id)["state"] == "done"
    service.kill()
    with sqlite3.connect(service.workspace / "jobs.sqlite") as store:
        store.execute("UPDATE jobs SET state = 'running', result = NULL, ended = NULL")
    store.close()
    job = start().ended(id)
    assert (job["state"], job["result"]["counted"]) == ("done", 2)
    assert Path(job["log"]).read_text().count("Starting at") == 1


def test_it_ends_with_its_parent(start, tmp_path: Path, gone) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    service = start(parent_pid=parent.pid)
    id = service.submit("count", file=str(tmp_path / "a"), total=10**6)
    service.progressing(id)
    worker = service.worker_pid(id)
    parent.kill()
    parent.wait()
    assert service.process.wait(30) == 0
    gone(worker)
    assert read_endpoint(service.workspace) is None


def test_it_ends_with_its_standard_input(start) -> None:
    service = start(parent_pid=os.getpid())
    assert service.call("GET", "/status")[0] == 200
    service.process.stdin.close()
    assert service.process.wait(30) == 0


def test_started_by_hand_it_lives_on_without_input(start) -> None:
    service = start()
    time.sleep(1.5)
    assert alive(service.process.pid)
    assert service.call("GET", "/status")[0] == 200
