"""Jobs from POST to their end."""

import json
from pathlib import Path

import pytest


def test_a_job_runs_and_tells_all(service, tmp_path: Path) -> None:
    file = tmp_path / "count"
    status, job = service.call("POST", "/jobs", {"kind": "count", "request": {"file": str(file), "total": 5}})
    assert status == 201
    assert set(job) == {
        "id", "kind", "state", "asked", "place", "request", "progress", "result", "error", "log", "created", "started",
        "ended", "attempts", "seconds", "device",
    }  # fmt: skip
    assert job["request"] == {"file": str(file), "total": 5, "pause": 0.01}

    events = list(service.events(job["id"]))
    ended = service.job(job["id"])
    assert ended["state"] == "done"
    assert ended["created"] <= ended["started"] <= ended["ended"]
    assert ended["error"] is None
    assert ended["result"]["counted"] == 5
    assert ended["result"]["bad"] is None, "JSON knows no infinity"
    assert ended["result"]["file"] == str(file)
    assert ended["progress"]["done"] == ended["progress"]["total"] == 5
    assert ended["progress"]["seconds_left"] == 0
    assert ended["progress"]["figures"] == {"loss": 0.2, "bad": None}
    assert "Starting at 0" in Path(ended["log"]).read_text()

    ids = [event["id"] for event in events]
    assert ids == sorted(set(ids))
    assert [e["data"]["state"] for e in events if e["event"] == "state"] == ["queued", "running", "done"]
    assert events[-1]["data"]["result"] == ended["result"]
    assert {"event": "message", "text": "Starting at 0"} in [
        {"event": e["event"], "text": e["data"].get("text")} for e in events
    ]
    assert [e["data"]["path"] for e in events if e["event"] == "preview"] == [str(file)]
    assert [e["data"]["done"] for e in events if e["event"] == "progress"][-1] == 5


@pytest.mark.parametrize(
    ("how", "code", "message", "fix"),
    [
        ("failed", "failed", "It failed.", "Try something else."),
        ("usage", "usage", "There is no such thing.", "Give one."),
        ("refused", "refused", "Not allowed.", "Ask first."),
        ("bug", "internal", "ZeroDivisionError: a bug", "{log}"),
        ("killed", "crashed", "SIGKILL", "{log}"),
        ("exit", "crashed", "code 7", "{log}"),
    ],
)
def test_every_bad_end_says_what_and_where(shared, how: str, code: str, message: str, fix: str) -> None:
    id = shared.submit("end", how=how)
    final = list(shared.events(id))[-1]
    job = shared.ended(id)
    assert job["state"] == ("refused" if code == "refused" else "failed") == final["data"]["state"]
    assert job["error"]["code"] == code
    assert message in job["error"]["message"]
    assert fix.format(log=job["log"]) in job["error"]["fix"]
    assert final["data"]["error"] == job["error"]
    assert shared.call("GET", "/status")[0] == 200
    if how == "bug":
        assert "ZeroDivisionError" in Path(job["log"]).read_text()


def test_progress_is_thinned_and_ends_with_the_last(shared, tmp_path: Path) -> None:
    id = shared.submit("count", file=str(tmp_path / "count"), total=300, pause=0.0)
    done = [event["data"]["done"] for event in shared.events(id) if event["event"] == "progress"]
    assert done == sorted(done)
    assert done[-1] == 300
    assert len(done) < 150


def test_one_heavy_job_at_a_time_in_order_and_a_light_one_beside_it(service, tmp_path: Path) -> None:
    first = service.submit("count", file=str(tmp_path / "a"), total=10**6)
    second = service.submit("count", file=str(tmp_path / "b"), total=1)
    third = service.submit("count", file=str(tmp_path / "c"), total=1)
    service.progressing(first)
    light = service.ended(service.submit("light", file=str(tmp_path / "d"), total=1))
    assert light["state"] == "done"
    assert [service.job(id)["state"] for id in (first, second, third)] == ["running", "queued", "queued"]
    assert service.call("GET", "/status")[1]["queued"] == 2
    service.call("POST", f"/jobs/{first}/cancel")
    ends = [service.ended(id) for id in (first, second, third)]
    assert [job["state"] for job in ends] == ["cancelled", "done", "done"]
    assert ends[0]["ended"] <= ends[1]["started"] <= ends[1]["ended"] <= ends[2]["started"]
    listed = service.call("GET", "/jobs")[1]["jobs"]
    assert [job["id"] for job in listed] == [first, second, third, light["id"]]


def test_cancel_in_the_queue_while_running_and_after_the_end(service, tmp_path: Path) -> None:
    running = service.submit("count", file=str(tmp_path / "a"), total=10**6)
    queued = service.submit("count", file=str(tmp_path / "b"))
    status, job = service.call("POST", f"/jobs/{queued}/cancel")
    assert (status, job["state"], job["started"]) == (200, "cancelled", None)
    assert list(service.events(queued))[-1]["data"]["state"] == "cancelled"
    service.progressing(running)
    service.call("POST", f"/jobs/{running}/cancel")
    assert service.ended(running)["state"] == "cancelled"
    assert service.call("POST", f"/jobs/{running}/cancel")[1]["state"] == "cancelled"
    assert not (tmp_path / "b").exists()


def test_a_stubborn_job_is_ended_by_force_with_its_children(service, tmp_path: Path, gone) -> None:
    id = service.submit("stubborn", child=str(tmp_path / "child"))
    service.progressing(id)
    service.call("POST", f"/jobs/{id}/cancel")
    assert service.ended(id)["state"] == "cancelled"
    gone(service.worker_pid(id))
    gone(int((tmp_path / "child").read_text()))
    assert service.ended(service.submit("count", file=str(tmp_path / "next")))["state"] == "done"


def test_reading_on_from_an_id(shared, tmp_path: Path) -> None:
    id = shared.submit("count", file=str(tmp_path / "count"))
    everything = list(shared.events(id))
    ids = [event["id"] for event in everything]
    for number, after in enumerate(ids[:-1], 1):
        assert list(shared.events(id, after)) == everything[number:]
    assert list(shared.events(id, 0, {"Last-Event-ID": str(ids[1])})) == everything[2:]
    assert list(shared.events(id, 0, {"Last-Event-ID": "nonsense"})) == everything
    beyond = list(shared.events(id, 2**53))
    assert [(event["event"], event["data"]["state"]) for event in beyond] == [("state", "done")]


def test_events_come_while_the_job_runs(shared, tmp_path: Path) -> None:
    id = shared.submit("count", file=str(tmp_path / "count"), total=10**6)
    for event in shared.events(id):
        if event["event"] == "progress" and event["data"]["done"] > 3:
            shared.call("POST", f"/jobs/{id}/cancel")
            last = event
        final = event
    assert last["data"]["total"] == 10**6
    assert final["data"]["state"] == "cancelled"


def test_requests_are_checked_before_they_are_queued(service) -> None:
    for body, code, word in [
        ({"kind": "dance", "request": {}}, "unknown_kind", "dance"),
        ({"kind": "count", "request": {}}, "invalid", "file"),
        ({"kind": "count", "request": {"file": "x", "total": "many"}}, "invalid", "total"),
        ({"kind": "count"}, "invalid", "request"),
        (b"{", "invalid", "JSON"),
        (b'{"kind": "count", "request": {"file": "\\ud800"}}', "invalid", "Unicode"),
        (b'{"kind": "\\ud800", "request": {}}', "unknown_kind", "job ?"),
        (b'{"kind": "count", "request": {"\\ud800": 1}}', "invalid", "Unicode"),
        (b'{"kind": "count", "request": {"file": "x", "pause": NaN}}', "invalid", "JSON"),
    ]:
        status, answer = service.call("POST", "/jobs", body)
        assert status == 422, body
        assert answer["error"]["code"] == code
        assert word in answer["error"]["message"]
        assert answer["error"]["fix"]
    assert service.call("GET", "/jobs")[1] == {"jobs": []}


def test_unknown_things_answer_in_the_same_form(shared) -> None:
    for method, path, status in [
        ("GET", "/jobs/none", 404),
        ("POST", "/jobs/none/cancel", 404),
        ("GET", "/jobs/none/events", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/jobs", 405),
        ("GET", "/jobs/x/events?after=-1", 422),
    ]:
        answered, body = shared.call(method, path)
        assert answered == status, path
        assert set(body["error"]) == {"code", "message", "fix", "reason"}


def test_the_product_kinds_reach_their_rooms(product, tmp_path: Path) -> None:
    """`ml-backend serve` with its own kinds: an extract job of a source that is not there fails and says so."""
    missing = tmp_path / "missing.mp4"
    id = product.submit("extract", sources=[str(missing)], faceset=str(tmp_path / "faces"))
    job = product.ended(id)
    assert job["state"] == "failed"
    assert str(missing) in json.dumps(job["error"])
