"""Pause, resume, retry, order and removal."""

import json
import os
import signal
from pathlib import Path

import pytest


def error(answer: tuple[int, dict]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def test_a_paused_job_goes_on_where_it_was_and_its_stream_stays_open(service, tmp_path: Path, wait) -> None:
    file = tmp_path / "count"
    id = service.submit("count", file=str(file), total=40, pause=0.05)
    events = service.events(id)
    while next(events)["event"] != "progress":
        pass
    status, job = service.call("POST", f"/jobs/{id}/pause")
    assert status == 200
    assert job["asked"] == "pause" or job["state"] == "paused"
    wait(lambda: service.job(id)["state"] == "paused", "the pause")
    counted = int(file.read_text())
    assert 0 < counted < 40
    other = service.ended(service.submit("count", file=str(tmp_path / "other")))
    assert other["state"] == "done", "a paused job leaves its lane to others"
    assert int(file.read_text()) == counted
    assert error(service.call("POST", f"/jobs/{id}/pause")) == (409, "wrong_state")

    status, job = service.call("POST", f"/jobs/{id}/resume")
    assert (status, job["state"] in ("queued", "running")) == (200, True)
    ended = service.ended(id)
    assert (ended["state"], ended["result"]["counted"], ended["attempts"], ended["asked"]) == ("done", 40, 2, None)
    assert ended["seconds"] > 40 * 0.05
    states = [event["data"]["state"] for event in events if event["event"] == "state"]
    assert states[-4:] == ["paused", "queued", "running", "done"]


def test_pause_in_the_queue_cancel_while_paused(service, tmp_path: Path) -> None:
    first = service.submit("count", file=str(tmp_path / "a"), total=10**6)
    second = service.submit("count", file=str(tmp_path / "b"), total=1)
    assert service.call("POST", f"/jobs/{second}/pause")[1]["state"] == "paused"
    assert service.call("GET", "/status")[1]["paused"] == 1
    service.call("POST", f"/jobs/{first}/cancel")
    assert service.ended(first)["state"] == "cancelled"
    assert service.job(second)["state"] == "paused"
    assert error(service.call("DELETE", f"/jobs/{second}")) == (409, "wrong_state")
    assert service.call("POST", f"/jobs/{second}/cancel")[1]["state"] == "cancelled"
    assert error(service.call("POST", f"/jobs/{second}/resume")) == (409, "wrong_state")
    assert service.call("POST", f"/jobs/{second}/retry")[0] == 200
    assert service.ended(second)["state"] == "done"


def test_a_stubborn_job_is_paused_by_force(service, tmp_path: Path, wait, gone) -> None:
    id = service.submit("stubborn", child=str(tmp_path / "child"))
    service.progressing(id)
    worker = service.worker_pid(id)
    service.call("POST", f"/jobs/{id}/pause")
    wait(lambda: service.job(id)["state"] == "paused", "the pause")
    gone(worker)
    assert service.call("GET", "/status")[1]["paused"] == 1


def test_a_crashed_job_is_tried_again_and_its_stream_tells_the_present_end(service, tmp_path: Path) -> None:
    file = tmp_path / "count"
    id = service.submit("count", file=str(file), total=60, pause=0.05)
    service.progressing(id)
    os.kill(service.worker_pid(id), signal.SIGKILL)
    failed = service.ended(id)
    assert (failed["state"], failed["error"]["code"]) == ("failed", "crashed")
    assert "SIGKILL" in failed["error"]["message"]
    assert service.call("POST", f"/jobs/{id}/retry")[0] == 200
    events = list(service.events(id))
    assert events[-1]["data"]["state"] == "done"
    assert "failed" not in [event["data"].get("state") for event in events[:-1]]
    ended = service.ended(id)
    assert (ended["error"], ended["attempts"]) == (None, 2)
    starts = [line for line in Path(ended["log"]).read_text().splitlines() if line.startswith("Starting at")]
    assert starts[1] != "Starting at 0"
    assert error(service.call("POST", f"/jobs/{id}/retry")) == (409, "wrong_state")


def test_a_signal_from_outside_is_no_cancel(service, tmp_path: Path) -> None:
    id = service.submit("count", file=str(tmp_path / "count"), total=10**6)
    service.progressing(id)
    os.kill(service.worker_pid(id), signal.SIGTERM)
    job = service.ended(id)
    assert (job["state"], job["error"]["code"]) == ("failed", "terminated")


def test_the_queue_is_put_in_another_order(service, tmp_path: Path) -> None:
    running = service.submit("count", file=str(tmp_path / "running"), total=10**6)
    a, b, c = (service.submit("count", file=str(tmp_path / name), total=1) for name in "abc")
    assert [service.job(id)["place"] for id in (running, a, b, c)] == [None, 1, 2, 3]
    jobs = service.call("POST", f"/jobs/{c}/move", {"before": a})[1]["jobs"]
    assert {job["id"]: job["place"] for job in jobs} == {running: None, c: 1, a: 2, b: 3}
    service.call("POST", f"/jobs/{a}/move", {"before": None})
    service.call("POST", f"/jobs/{c}/move", {"before": c})
    assert [service.job(id)["place"] for id in (c, b, a)] == [1, 2, 3]
    assert error(service.call("POST", f"/jobs/{a}/move", {"before": running})) == (409, "wrong_state")
    assert error(service.call("POST", f"/jobs/{running}/move", {"before": a})) == (409, "wrong_state")
    assert error(service.call("POST", f"/jobs/{a}/move", {"before": "nobody"})) == (404, "unknown_job")
    assert service.call("POST", f"/jobs/{a}/move", {})[0] == 200
    service.call("POST", f"/jobs/{running}/cancel")
    ends = [service.ended(id)["ended"] for id in (c, b, a)]
    assert ends == sorted(ends)


def test_a_job_sent_twice_is_made_once(service, tmp_path: Path) -> None:
    body = {"kind": "count", "request": {"file": str(tmp_path / "a")}, "key": "abc-1"}
    first, again = service.call("POST", "/jobs", body), service.call("POST", "/jobs", body)
    assert (first[0], again[0]) == (201, 200)
    assert first[1]["id"] == again[1]["id"]
    assert service.call("POST", "/jobs", {**body, "key": "abc-2"})[1]["id"] != first[1]["id"]
    assert service.call("POST", "/jobs", {**body, "key": "not a key"})[0] == 422


def test_a_removed_job_is_forgotten_for_good_and_what_it_made_stays(start, tmp_path: Path) -> None:
    service = start()
    kept = service.submit("count", file=str(tmp_path / "kept"))
    id = service.submit("count", file=str(tmp_path / "made"))
    service.ended(id)
    assert service.call("DELETE", f"/jobs/{id}") == (200, {"removed": id})
    assert error(service.call("GET", f"/jobs/{id}")) == (404, "unknown_job")
    assert not (service.workspace / "jobs" / id).exists()
    service.stop()
    assert [job["id"] for job in start().call("GET", "/jobs")[1]["jobs"]] == [kept]
    assert (tmp_path / "made").read_text() == "3"


def test_the_jobs_of_one_folder_wait_for_one_another(service, tmp_path: Path) -> None:
    """In the light lane beside the heavy one: both fill the same folder."""
    out = str(tmp_path / "out")
    first = service.submit("filler", out=out, total=40)
    second = service.submit("light filler", out=out, total=1)
    other = service.submit("light filler", out=str(tmp_path / "other"), total=1)
    assert service.ended(other)["state"] == "done", "it overtakes the one that has to wait"
    assert [service.job(id)["state"] for id in (first, second)] == ["running", "queued"]
    ends = [service.ended(id) for id in (first, second)]
    assert ends[0]["ended"] <= ends[1]["started"]


def test_prints_and_details_become_log_events_and_previews_are_served(service, tmp_path: Path) -> None:
    picture = tmp_path / "ä preview.png"
    picture.write_bytes(b"\x89PNG rather small")
    id = service.submit("chatty", picture=str(picture))
    events = list(service.events(id))
    lines = [event["data"]["text"] for event in events if event["event"] == "log"]
    assert sorted(lines) == ["printed", "so many parameters", "to the error output"]
    assert not [event for event in events if event["event"] == "message"], "nobody has to read these"
    (preview,) = [event["data"] for event in events if event["event"] == "preview"]
    assert preview["path"] == str(picture)
    connection = service.connect()
    token = {"Authorization": f"Bearer {service.endpoint.token}"}
    connection.request("GET", f"/jobs/{id}/previews/{preview['picture']}", headers=token)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.read() == b"\x89PNG rather small", "as it was told, though the job has changed its own"
    assert picture.read_bytes() == b"changed"
    connection.close()
    assert error(service.call("GET", f"/jobs/{id}/previews/7")) == (404, "unknown_preview")
    assert service.call("GET", f"/jobs/{id}/previews/..%2fjob")[0] in (404, 422)
    log = Path(service.job(id)["log"]).read_text()
    assert "printed" in log
    assert "so many parameters" in log


@pytest.mark.parametrize("lost", ["rows", "store", "store and outcome"])
def test_jobs_come_back_from_their_folders(start, tmp_path: Path, lost: str) -> None:
    service = start()
    done = service.submit("count", file=str(tmp_path / "done"))
    service.ended(done)
    crashed = service.submit("end", how="exit")
    service.ended(crashed)
    running = service.submit("count", file=str(tmp_path / "running"), total=30, pause=0.05)
    waiting = service.submit("count", file=str(tmp_path / "waiting"))
    cancelled = service.submit("count", file=str(tmp_path / "cancelled"))
    paused = service.submit("count", file=str(tmp_path / "paused"))
    service.call("POST", f"/jobs/{cancelled}/cancel")
    service.call("POST", f"/jobs/{paused}/pause")
    service.progressing(running)
    service.kill()
    store = service.workspace / "jobs.sqlite"
    store.with_name("jobs.sqlite-wal").unlink(missing_ok=True)
    if lost == "rows":
        store.unlink()
    else:
        store.write_bytes(b"nonsense" * 1000)
    if lost == "store and outcome":
        outcome = service.workspace / "jobs" / done / "outcome.json"
        outcome.write_bytes(outcome.read_bytes()[:20])
    (service.workspace / "jobs" / "not a job").mkdir()
    again = start()
    ends = {id: again.ended(id)["state"] for id in (done, crashed, running, waiting, cancelled)}
    assert ends == {done: "done", crashed: "failed", running: "done", waiting: "done", cancelled: "cancelled"}
    assert again.job(paused)["state"] == "paused"
    assert again.job(crashed)["error"]["code"] == "crashed"
    assert [job["id"] for job in again.call("GET", "/jobs")[1]["jobs"]] == sorted(ends | {paused: ""})
    assert (again.workspace / "jobs" / "not a job").is_dir()
    if lost != "rows":
        assert list(again.workspace.glob("jobs.sqlite.damaged-*"))


def test_a_job_that_takes_the_service_down_again_and_again_is_given_up(start, tmp_path: Path, wait) -> None:
    id = None
    for _ in range(5):
        service = start()
        id = id or service.submit("count", file=str(tmp_path / "count"), total=10**6)
        wait(lambda: (tmp_path / "count").exists() and service.job(id)["state"] == "running", "the run")  # noqa: B023
        service.kill()
    job = start().ended(id)
    assert (job["state"], job["error"]["code"]) == ("failed", "interrupted")
    assert "5 times" in job["error"]["message"]


def test_a_damaged_job_file_is_mended_from_the_store(start, tmp_path: Path) -> None:
    service = start()
    running = service.submit("count", file=str(tmp_path / "a"), total=20, pause=0.05)
    waiting = service.submit("count", file=str(tmp_path / "b"))
    service.progressing(running)
    service.kill()
    for id in (running, waiting):
        (service.workspace / "jobs" / id / "job.json").write_bytes(b'{"id": ')
    again = start()
    assert [again.ended(id)["state"] for id in (running, waiting)] == ["done", "done"]
    assert json.loads((again.workspace / "jobs" / waiting / "job.json").read_bytes())["kind"] == "count"
