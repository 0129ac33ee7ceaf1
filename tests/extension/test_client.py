"""The client's requests, over real sockets, to the real service."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from patience import until

from blender_deepfake.core import client as client_module
from blender_deepfake.core import protocol, roots
from blender_deepfake.core.backend_process import Backend
from blender_deepfake.core.client import Client
from blender_deepfake.core.errors import (
    BackendRejectedError,
    BackendUnreachableError,
    ProtocolMismatchError,
    RefusedError,
)

LONG = {"steps": 2000}


def key() -> str:
    return uuid4().hex


@contextmanager
def cutting(url: str, cuts: int) -> Iterator[str]:
    """A way to `url` that passes requests on and, for the first `cuts` connections, swallows the answer."""
    target = (urlsplit(url).hostname, urlsplit(url).port)

    def serve(server: socket.socket) -> None:
        for number in range(1000):
            try:
                near, _ = server.accept()
            except OSError:
                return
            with near, socket.create_connection(target) as far:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += near.recv(65536)
                head, _, body = request.partition(b"\r\n\r\n")
                length = next((int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0)
                while len(body) < length:
                    body += near.recv(65536)
                host = server.getsockname()[1]
                far.sendall(head.replace(b":%d" % host, b":%d" % target[1]) + b"\r\n\r\n" + body)
                while answer := far.recv(65536):
                    if number >= cuts:
                        near.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_status_tells_the_new_fields(backend: Backend) -> None:
    status = backend.connect().status()
    assert status["protocol"] == protocol.PROTOCOL
    assert status["workspace"] == str(backend.workspace)
    assert status["roots"] == [str(Path.home())]
    assert (status["running"], status["queued"], status["paused"]) == (0, 0, 0)


def test_a_broken_connection_makes_no_second_job(backend: Backend) -> None:
    client = backend.connect()
    with cutting(client.endpoint.url, cuts=2) as url:
        job = Client(replace(client.endpoint, url=url)).submit("quick", {"steps": 1}, key())
    assert [known["id"] for known in client.jobs()] == [job["id"]]
    with cutting(client.endpoint.url, cuts=9) as url, pytest.raises(BackendUnreachableError):
        Client(replace(client.endpoint, url=url)).submit("quick", {"steps": 1}, key())
    assert len(client.jobs()) == 2, "it was sent, three times"


def test_the_same_key_is_the_same_job(backend: Backend) -> None:
    client, same = backend.connect(), key()
    first = client.submit("quick", {"steps": 1}, same)
    assert client.submit("quick", {"steps": 1}, same)["id"] == first["id"]
    assert client.submit("quick", {"steps": 1}, key())["id"] != first["id"]


def test_pause_resume_cancel_retry_remove(backend: Backend) -> None:
    client = backend.connect()
    job = client.submit("quick", LONG, key())["id"]

    def state() -> str:
        return str(client.job(job)["state"])

    until(lambda: state() == "running")
    client.pause(job)
    until(lambda: state() == "paused")
    with pytest.raises(BackendRejectedError) as caught:
        client.remove(job)
    assert (caught.value.status, caught.value.code) == (409, "wrong_state")
    assert client.resume(job)["state"] in ("queued", "running")
    until(lambda: state() == "running")
    client.cancel(job)
    until(lambda: state() == "cancelled")
    assert client.cancel(job)["state"] == "cancelled"
    assert client.retry(job)["id"] == job
    client.cancel(job)
    until(lambda: state() == "cancelled")
    client.remove(job)
    assert client.jobs() == []
    with pytest.raises(BackendRejectedError, match=job):
        client.job(job)


def test_move(backend: Backend) -> None:
    client = backend.connect()
    first, *ids = [client.submit("quick", LONG, key())["id"] for _ in range(4)]
    until(lambda: client.job(first)["state"] == "running")

    def order(jobs: list[dict[str, object]]) -> list[object]:
        return [job["id"] for job in sorted((j for j in jobs if j["place"]), key=lambda j: str(j["place"]))]

    assert order(client.jobs()) == ids
    assert order(client.move(ids[2], ids[0])) == [ids[2], ids[0], ids[1]]
    assert order(client.move(ids[2], None)) == ids
    with pytest.raises(BackendRejectedError):
        client.move(first, None)


def test_events_and_previews(backend: Backend, tmp_path: Path) -> None:
    roots.allow(backend.workspace, [tmp_path])
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\nand so on")
    client = backend.connect()
    job = client.submit("quick", {"picture": str(picture)}, key())["id"]
    events = list(client.events(job))
    names = {event.name for event in events}
    assert {"progress", "message", "log", "preview", "state"} == names
    assert any(event.data.get("text") == "a printed line" for event in events if event.name == "log")
    shown = next(event for event in events if event.name == "preview")
    assert client.job_preview(job, shown.data["picture"]) == picture.read_bytes()
    with pytest.raises(BackendRejectedError) as caught:
        client.job_preview(job, 4711)
    assert caught.value.status == 404
    half = events[len(events) // 2].id
    assert [event.id for event in client.events(job, half)] == [event.id for event in events if event.id > half]


def test_a_preview_is_refused_as_a_swap_is(backend: Backend, tmp_path: Path) -> None:
    roots.allow(backend.workspace, [tmp_path])
    client = backend.connect()
    asked = {"plate": str(tmp_path / "plate.mp4"), "model": str(tmp_path / "model"), "identity": "nobody", "frame": 1}
    asked |= {"out": str(tmp_path / "shown.png"), "consent": str(tmp_path)}
    with pytest.raises(RefusedError, match="no consent record for nobody") as refused:
        client.preview(asked)
    assert refused.value.exit_code == 3
    assert "ml-backend consent new nobody" in refused.value.fix
    with pytest.raises(BackendRejectedError) as rejected:
        client.preview({**asked, "out": str(tmp_path.parent / "shown.png")})
    assert (rejected.value.status, rejected.value.code) == (403, "outside_roots")
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize(("ours", "side"), [(1, "extension"), (99, "backend")])
def test_the_backend_refuses_another_protocol(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, ours: int, side: str
) -> None:
    client = backend.connect()
    monkeypatch.setattr(client_module, "PROTOCOL", ours)
    with pytest.raises(ProtocolMismatchError) as caught:
        client.jobs()
    assert str(ours) in caught.value.message
    assert str(protocol.PROTOCOL) in caught.value.message
    assert side in caught.value.fix.lower()
    with suppress(ProtocolMismatchError):
        client.shutdown()


def test_names_both_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "extension_version", lambda: "0.7.0")
    with pytest.raises(ProtocolMismatchError, match=r"backend 1\.0 speaks protocol 3, this extension 0\.7\.0 speaks 2"):
        protocol.check(3, "1.0")
    protocol.check(2, "1.0")
