"""The extension's real client and the real service, as both ship, agree on everything that they say to each other."""

import inspect
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import pytest
from service_process import PRODUCT, ROOT, Running, wait_for

from blender_deepfake.core import client as client_module
from blender_deepfake.core import protocol as extension_protocol
from blender_deepfake.core import roots
from blender_deepfake.core.backend_process import Backend
from blender_deepfake.core.board import ACTIVE_STATES, Board, Entry
from blender_deepfake.core.client import Client, read_endpoint
from blender_deepfake.core.errors import (
    BackendRejectedError,
    DeepfakeError,
    OutsideRootsError,
    ProtocolMismatchError,
    RefusedError,
)
from blender_deepfake.core.runner import JobSpec
from blender_deepfake.core.runner import run as run_job
from ml_backend import __version__
from ml_backend.service import protocol as backend_protocol

pytestmark = pytest.mark.slow
FOOTAGE = ROOT / "demo" / "footage"
CONSENT = ROOT / "demo" / "consent"
PLATE = str(FOOTAGE / "plate_A.mp4")
STATUS = {"protocol", "version", "pid", "device", "devices", "running", "queued", "paused", "workspace", "roots"}
JOB = {"id", "kind", "state", "asked", "place", "request", "progress", "result", "error", "log", "ended"}
"""What the extension reads of each; more may come."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`ml-backend serve`, allowed to use the demo's folder and the tests', with no consent of the user's own."""
    folder = tmp_path_factory.mktemp("product")
    workspace = folder / "wörk space"
    allowed = ["--root", str(ROOT / "demo"), "--root", str(tmp_path_factory.getbasetemp())]
    running = Running(
        workspace,
        command=[*PRODUCT, "--workspace", str(workspace), *allowed, "--json"],
        variables={"ML_BACKEND_HOME": str(folder / "home")},
    )
    yield running
    running.close()


@pytest.fixture
def client(service: Running) -> Client:
    endpoint = read_endpoint(service.workspace)
    assert endpoint
    return Client(endpoint, service.workspace)


def extract(faceset: Path, frames: str = "1-3", **more: Any) -> dict[str, Any]:
    return {"sources": [PLATE], "faceset": str(faceset), "frames": frames, "size": 96, **more}


def submit(client: Client, request: dict[str, Any], kind: str = "extract") -> str:
    return str(client.submit(kind, request, uuid4().hex)["id"])


def rejection(call: Any, *arguments: Any) -> tuple[int, str]:
    with pytest.raises(BackendRejectedError) as raised:
        call(*arguments)
    assert raised.value.message
    assert raised.value.fix
    return raised.value.status, raised.value.code


def state_of(client: Client, id: str) -> str:
    return str(client.job(id)["state"])


def test_constants_agree() -> None:
    assert extension_protocol.PROTOCOL == backend_protocol.PROTOCOL == client_module.PROTOCOL
    assert client_module.FINAL_STATES == backend_protocol.FINAL
    states = set(get_args(backend_protocol.State))
    assert states - client_module.FINAL_STATES == {"queued", "running", "paused"}
    assert set(ACTIVE_STATES) & states == {"queued", "running"}
    assert set(backend_protocol.Job.model_fields) >= JOB
    assert set(backend_protocol.Status.model_fields) >= STATUS


def test_every_call_of_the_client_is_described(
    service: Running, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its methods are called; what they send stands in /openapi.json, and what stands there is sent by one."""
    sent: set[tuple[str, str]] = set()

    def note(self: Client, method: str, path: str, body: Any, timeout: float) -> Any:
        sent.add((method, re.sub(r"\?.*", "", path).replace(id, "{id}").replace("/previews/1", "/previews/{number}")))
        raise BackendRejectedError(418, "teapot", "Noted.")

    id = "20261124-000000-000000-abcd"
    silent = Client(replace(client.endpoint), None)
    arguments: dict[str, tuple[Any, ...]] = {
        "submit": ("extract", {}, "key"),
        "move": (id, None),
        "job_preview": (id, 1),
        **dict.fromkeys(("status", "jobs", "shutdown"), ()),
    }
    local = {"close", "closed"}
    names = [name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")]
    monkeypatch.setattr(Client, "_open", note)
    for name in set(names) - local:
        with pytest.raises(BackendRejectedError):
            list(getattr(silent, name)(*arguments.get(name, (id,))))
    monkeypatch.undo()
    paths = service.call("GET", "/openapi.json")[1]["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert sent <= described, f"not described: {sent - described}"
    assert {call for call in described if not call[1].startswith("/docs")} == sent


def test_status_and_the_endpoint_file(service: Running, client: Client) -> None:
    status = client.status()
    assert set(status) >= STATUS
    assert (status["protocol"], status["version"]) == (extension_protocol.PROTOCOL, __version__)
    assert status["pid"] == client.endpoint.pid == service.process.pid
    assert client.endpoint.version == __version__
    assert status["workspace"] == str(service.workspace)
    assert str(ROOT / "demo") in status["roots"]
    devices = wait_for(lambda: client.status()["devices"], "the search for devices")
    assert all({"name", "label", "memory_mb"} <= set(device) for device in devices)
    assert client.status()["device"] in ("cpu", "cuda", "mps")


def test_an_extract_goes_through(client: Client, tmp_path: Path) -> None:
    request, key = extract(tmp_path / "faces", identity="performer_A", consent=str(CONSENT)), uuid4().hex
    job = client.submit("extract", request, key)
    assert set(job) >= JOB
    assert client.submit("extract", request, key)["id"] == job["id"]
    events = list(client.events(job["id"]))
    names = [event.name for event in events]
    assert names[-1] == "state"
    assert "progress" in names
    assert set(names) <= {"progress", "message", "log", "preview", "state"}
    assert [event.data["state"] for event in events if event.name == "state"] == ["queued", "running", "done"]
    for event in events:
        assert event.data["time"]
        if event.name == "progress":
            assert {"stage", "done", "total", "figures", "seconds_left"} <= set(event.data)
    ids = [event.id for event in events[:-1]]
    assert ids == sorted(set(ids))
    assert list(client.events(job["id"], ids[-1]))[-1].data["state"] == "done"
    ended = client.job(job["id"])
    assert (ended["state"], ended["result"]["frames"], ended["error"]) == ("done", 3, None)
    assert events[-1].data["result"] == ended["result"]
    assert Path(ended["log"]).is_file()
    assert job["id"] in [known["id"] for known in client.jobs()]


def test_the_boards_of_two_blenders_follow_one_job(client: Client, tmp_path: Path) -> None:
    mine, theirs = Board(), Board()
    spec = JobSpec("extract", extract(tmp_path / "faces", "1-40"), "Extract")
    entry = mine.start(spec, lambda: client)
    wait_for(lambda: mine.drain() or entry.job_id, "the job's id")
    theirs.take(client.jobs(), client)
    picked_up = theirs.find(0, entry.job_id)
    assert picked_up

    def rest(board: Board, which: Entry) -> bool:
        board.drain()
        return which.ended

    for board, which in ((mine, entry), (theirs, picked_up)):
        wait_for(lambda: rest(board, which), "the end on the board")  # noqa: B023
        assert (which.state, which.result and which.result["frames"], which.error) == ("done", 40, None)
        assert which.after > 0
        assert which.log
    assert entry.stage == "store faces"
    assert entry.done == entry.total == 40


def test_the_queue(client: Client, tmp_path: Path) -> None:
    running = submit(client, extract(tmp_path / "running", "1-"))
    first, second = (submit(client, extract(tmp_path / name)) for name in ("first", "second"))
    wait_for(lambda: state_of(client, running) == "running", "the first job's start")
    assert [client.job(id)["place"] for id in (running, first, second)] == [None, 1, 2]
    places = {job["id"]: job["place"] for job in client.move(second, first)}
    assert (places[second], places[first]) == (1, 2)
    assert {job["id"]: job["place"] for job in client.move(second, None)}[second] == 2
    assert rejection(client.move, running, None) == (409, "wrong_state")
    assert client.pause(second)["state"] == "paused"
    paused = client.pause(running)
    assert paused["state"] == "paused" or paused["asked"] == "pause"
    wait_for(lambda: state_of(client, running) == "paused", "the pause")
    assert rejection(client.pause, running) == (409, "wrong_state")
    assert client.status()["paused"] == 2
    assert client.resume(running)["state"] in ("queued", "running")
    assert client.cancel(second)["state"] == "cancelled"
    cancelled = client.cancel(running)
    assert cancelled["state"] == "cancelled" or cancelled["asked"] == "cancel"
    wait_for(lambda: state_of(client, running) == "cancelled", "the end")
    assert client.cancel(running)["state"] == "cancelled"
    assert client.retry(second)["state"] in ("queued", "running")
    wait_for(lambda: state_of(client, second) == state_of(client, first) == "done", "the end of the others")
    assert rejection(client.retry, second) == (409, "wrong_state")
    client.remove(second)
    assert rejection(client.job, second) == (404, "unknown_job")
    assert rejection(lambda: list(client.events(second))) == (404, "unknown_job")


def test_training_and_its_previews(client: Client, facesets: dict[str, Path], tmp_path: Path) -> None:
    request = {
        "model": str(tmp_path / "model"),
        "facesets": {name: str(folder) for name, folder in facesets.items()},
        "preset": "tiny",
        "iterations": 3,
    }
    with pytest.raises(RefusedError) as refused:
        run_job(JobSpec("train", request, ""), lambda: client, lambda update: None, lambda: False)
    assert "consent" in str(refused.value)
    assert refused.value.fix
    assert not (tmp_path / "model").exists()
    id = submit(client, {**request, "consent": str(CONSENT)}, "train")
    events = list(client.events(id))
    assert events[-1].data["state"] == "done", events[-1].data
    previews = [event.data for event in events if event.name == "preview"]
    assert client.job_preview(id, previews[-1]["picture"]) == Path(previews[-1]["path"]).read_bytes()
    assert client.job_preview(id, previews[-1]["picture"])[:4] == b"\x89PNG"
    assert rejection(client.job_preview, id, 7) == (404, "unknown_preview")


def test_paths_outside_are_allowed_by_the_user_only(service: Running, client: Client) -> None:
    outside = Path("/") / "deepfake trial" / "faces"
    request = extract(outside)
    assert rejection(submit, client, request) == (403, "outside_roots")
    with pytest.raises(OutsideRootsError) as raised:
        run_job(JobSpec("extract", request, ""), lambda: client, lambda update: None, lambda: False)
    assert raised.value.folders == (outside,)
    assert rejection(submit, client, extract(Path("faces"))) == (422, "relative_path")
    roots.allow(service.workspace, raised.value.folders)
    try:
        assert str(outside) in client.status()["roots"]
        assert roots.outside(request, [Path(root) for root in client.status()["roots"]]) == []
        id = submit(client, {**request, "sources": [str(FOOTAGE / "none.mp4")]})
        wait_for(lambda: state_of(client, id) in client_module.FINAL_STATES, "the end")
        assert client.job(id)["error"]["code"] == "usage"
        with pytest.raises(DeepfakeError, match=r"none\.mp4"):
            run_job(
                JobSpec("extract", {**request, "sources": [str(FOOTAGE / "none.mp4")]}, ""),
                lambda: client,
                lambda update: None,
                lambda: False,
            )
    finally:
        (service.workspace / "roots.json").unlink()
        assert not outside.parent.exists()


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [("dance", {}, "unknown_kind"), ("extract", {}, "invalid"), ("extract", {"sources": "x"}, "invalid")],
)
def test_wrong_requests_tell_what_is_wrong(client: Client, kind: str, body: dict[str, Any], code: str) -> None:
    assert rejection(submit, client, body, kind) == (422, code)


def test_a_wrong_token_is_no_other_error(client: Client) -> None:
    stranger = Client(replace(client.endpoint, token="wrong"))
    assert rejection(stranger.status) == (401, "unauthorized")


@pytest.mark.parametrize(("ours", "older"), [(1, "extension"), (99, "backend")])
def test_an_extension_of_another_release_is_told_so_by_the_service(
    client: Client, monkeypatch: pytest.MonkeyPatch, ours: int, older: str
) -> None:
    monkeypatch.setattr(client_module, "PROTOCOL", ours)
    for call in (client.jobs, client.status, lambda: list(client.events("x"))):
        with pytest.raises(ProtocolMismatchError) as raised:
            call()
        assert str(ours) in raised.value.message
        assert f"protocol {backend_protocol.PROTOCOL}" in raised.value.message
        assert __version__ in raised.value.message
        assert f"Update the {older}" in raised.value.fix


@pytest.mark.parametrize(("theirs", "older"), [(1, "backend"), (99, "extension")])
def test_a_service_of_another_release_is_noticed_by_the_extension(
    service: Running, tmp_path: Path, theirs: int, older: str
) -> None:
    """As the endpoint file tells: nothing is sent to it."""
    (tmp_path / "endpoint.json").write_text(
        (service.workspace / "endpoint.json").read_text().replace('"protocol": 2', f'"protocol": {theirs}')
    )
    with pytest.raises(ProtocolMismatchError) as raised:
        Backend(tmp_path).attach()
    assert str(theirs) in raised.value.message
    assert f"Update the {older}" in raised.value.fix
    assert service.call("GET", "/status")[0] == 200


def test_the_extension_attaches_to_it_and_a_stream_outlives_its_restart(tmp_path: Path) -> None:
    """The service is killed in the middle of a job: the client that follows goes over to the next one."""
    workspace = tmp_path / "workspace"
    command = [*PRODUCT, "--workspace", str(workspace), "--root", str(ROOT), "--root", str(tmp_path), "--json"]
    first = Running(workspace, command=command)
    services = [first]
    try:
        client = Backend(workspace).attach()
        assert client
        id = submit(client, extract(tmp_path / "faces"))
        seen: list[str] = []
        reader = threading.Thread(target=lambda: seen.extend(event.name for event in client.events(id)), daemon=True)
        reader.start()
        wait_for(lambda: seen or state_of(client, id) == "running", "the job's start")
        first.kill()
        services.append(Running(workspace, command=command))
        reader.join(60)
        assert not reader.is_alive()
        assert seen[-1] == "state"
        assert state_of(client, id) == "done"
        client.shutdown()
        assert services[-1].process.wait(60) == 0
        assert read_endpoint(workspace) is None
    finally:
        for service in services:
            service.close()


def test_a_job_sent_again_is_made_once_even_where_the_store_was_lost_meanwhile(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    command = [*PRODUCT, "--workspace", str(workspace), "--root", str(tmp_path), "--json"]
    services = [Running(workspace, command=command)]
    try:
        client = Backend(workspace).attach()
        assert client
        request, key = extract(tmp_path / "faces", sources=[str(tmp_path / "none.mp4")]), uuid4().hex
        id = client.submit("extract", request, key)["id"]
        services[0].kill()
        for file in workspace.glob("jobs.sqlite*"):
            file.unlink()
        services.append(Running(workspace, command=command))
        again = Backend(workspace).attach()
        assert again
        assert again.submit("extract", request, key)["id"] == id
        assert [job["id"] for job in again.jobs()] == [id]
    finally:
        for service in services:
            service.close()
