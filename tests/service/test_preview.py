"""The preview process: warm while it is wanted, gone when it is not, and never in the way of what is newer."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from service_process import PRODUCT, ROOT, Running

from ml_backend.media.write import read_picture

LAUNCH = str(Path(__file__).with_name("preview_launch.py"))
Start = Callable[..., Running]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Start]:
    """Starts a service with the steerable preview process."""
    services: list[Running] = []

    def start(idle: float = 600, patience: float = 600) -> Running:
        workspace = tmp_path / "wörk space"
        command = [sys.executable, LAUNCH, "serve", str(workspace), str(idle), str(patience)]
        services.append(Running(workspace, command=command))
        return services[-1]

    yield start
    for service in services:
        service.close()


class Asking:
    """Asks for previews whose picture holds the id of the process that made it."""

    def __init__(self, service: Running, folder: Path) -> None:
        self.service = service
        self.folder = folder

    def __call__(self, name: str = "out", **settings: str) -> tuple[int, dict[str, Any]]:
        path = self.folder / name
        request = {"plate": str(path), "model": str(path), "identity": "b", "frame": 1, "out": str(path)}
        return self.service.call("POST", "/preview", request | {"settings": settings})

    def written(self, name: str = "out") -> list[str]:
        """The id and the arguments of the process that took up the request."""
        file = self.folder / name
        return file.read_text().split() if file.exists() else []

    def pid(self) -> int:
        """The id of the process that makes a preview now."""
        assert self()[0] == 200
        return int(self.written()[0])

    def beside(self, name: str, **settings: str) -> tuple[threading.Thread, list[tuple[int, dict[str, Any]]]]:
        """Ask in a thread of its own; the list gets the answer."""
        answers: list[tuple[int, dict[str, Any]]] = []
        thread = threading.Thread(target=lambda: answers.append(self(name, **settings)), daemon=True)
        thread.start()
        return thread, answers


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for the tests that leave it at work."""
    workspace = tmp_path_factory.mktemp("lasting") / "wörk space"
    service = Running(workspace, command=[sys.executable, LAUNCH, "serve", str(workspace), "600", "600"])
    yield service
    service.close()


@pytest.fixture
def ask(lasting: Running, tmp_path: Path) -> Asking:
    return Asking(lasting, tmp_path)


@pytest.fixture
def ask_own(launch: Start, tmp_path: Path) -> Asking:
    """Asks a service of the test's own."""
    return Asking(launch(), tmp_path)


def test_one_process_makes_them_all(ask: Asking) -> None:
    status, answer = ask()
    assert status == 200
    assert set(answer) == {"out", "layer", "seconds", "faces", "steadied", "warm", "message"}
    assert answer["out"] == str(ask.folder / "out")
    first = int(ask.written()[0])
    assert {ask.pid() for _ in range(3)} == {first}
    assert "a library says hello" in (ask.service.workspace / "preview.log").read_text()


@pytest.mark.parametrize(
    ("do", "status", "code"),
    [
        ("refused", 403, "refused"),
        ("usage", 422, "usage"),
        ("failed", 422, "failed"),
        ("bug", 500, "internal"),
        ("exit", 503, "crashed"),
    ],
)
def test_errors_come_back_and_the_next_preview_is_made(ask: Asking, do: str, status: int, code: str) -> None:
    got, answer = ask(do=do)
    assert (got, answer["error"]["code"]) == (status, code)
    assert answer["error"]["message"]
    assert answer["error"]["fix"]
    assert ask()[0] == 200


def test_a_killed_process_is_replaced(ask: Asking, gone: Callable[[int], None]) -> None:
    first = ask.pid()
    os.kill(first, signal.SIGKILL)
    second = ask.pid()
    assert second != first
    gone(first)


def test_killed_over_a_frame_another_process_makes_it(ask: Asking, wait: Any) -> None:
    first = ask.pid()
    (ask.folder / "out").unlink()
    go = ask.folder / "go"
    thread, answers = ask.beside("out", until=str(go))
    wait(lambda: ask.written() == [str(first)], "the first process at work")
    os.kill(first, signal.SIGKILL)
    wait(lambda: ask.written() not in ([], [str(first)]), "another process at work")
    go.touch()
    thread.join(60)
    assert answers[0][0] == 200


def test_a_process_that_hangs_is_ended(launch: Start, tmp_path: Path, gone: Callable[[int], None]) -> None:
    ask = Asking(launch(patience=5), tmp_path)
    first = ask.pid()
    status, answer = ask(do="hang")
    assert (status, answer["error"]["code"]) == (503, "hung")
    gone(first)
    assert ask.pid() != first


def test_only_the_newest_of_those_that_wait_is_made(ask: Asking, wait: Any) -> None:
    go = ask.folder / "go"
    running, first = ask.beside("first", until=str(go))
    wait(lambda: ask.written("first"), "the first preview at work")
    waiting, second = ask.beside("second")
    # Whichever of the two comes later supersedes the other
    newest, third = ask.beside("third")
    wait(lambda: second or third, "an answer to the superseded one")
    assert not first, "the superseded one need not wait for the one that runs"
    go.touch()
    for thread in (running, waiting, newest):
        thread.join(60)
    assert first[0][0] == 200
    assert sorted(answers[0][0] for answers in (second, third)) == [200, 409]
    superseded = min(second, third, key=lambda answers: answers[0][0] == 200)
    assert superseded[0][1]["error"]["code"] == "superseded"
    assert sum(bool(ask.written(name)) for name in ("second", "third")) == 1


def test_it_ends_when_nobody_asks(launch: Start, tmp_path: Path, gone: Callable[[int], None]) -> None:
    ask = Asking(launch(idle=0.3), tmp_path)
    first = ask.pid()
    gone(first)
    assert ask.pid() != first


def test_a_heavy_job_ends_it_and_keeps_the_gpu(ask_own: Asking, tmp_path: Path, gone: Callable[[int], None]) -> None:
    first = ask_own.pid()
    assert ask_own.written()[1:] == []
    light = ask_own.service.submit("light", file=str(tmp_path / "light"), total=1)
    assert ask_own.service.ended(light)["state"] == "done"
    job = ask_own.service.submit("count", file=str(tmp_path / "count"), total=10**6)
    gone(first)
    second = ask_own.pid()
    assert ask_own.written()[1:] == ["--no-gpu"]
    ask_own.service.call("POST", f"/jobs/{job}/cancel")
    ask_own.service.ended(job)
    assert ask_own.pid() == second


def test_a_frame_at_work_when_a_heavy_job_begins_is_finished(
    ask_own: Asking, tmp_path: Path, wait: Any, gone: Any
) -> None:
    go = tmp_path / "go"
    thread, answers = ask_own.beside("out", until=str(go))
    first = int(wait(ask_own.written, "a preview at work")[0])
    job = ask_own.service.submit("count", file=str(tmp_path / "count"), total=10**6)
    ask_own.service.progressing(job)
    go.touch()
    thread.join(60)
    assert answers[0][0] == 200
    gone(first)


@pytest.mark.parametrize("at_work", [False, True])
def test_it_ends_with_the_service(ask_own: Asking, at_work: bool, wait: Any, gone: Callable[[int], None]) -> None:
    pid = ask_own.pid()
    thread, answers = ask_own.beside("other", do="hang") if at_work else (None, [])
    if at_work:
        wait(lambda: ask_own.written("other"), "a preview at work")
    assert ask_own.service.stop() == 0
    gone(pid)
    if thread:
        thread.join(60)
        assert (answers[0][0], answers[0][1]["error"]["code"]) == (503, "stopping")


@pytest.mark.parametrize("at_work", [False, True])
def test_it_ends_with_a_service_that_is_killed(
    ask_own: Asking, at_work: bool, wait: Any, gone: Callable[[int], None]
) -> None:
    pid = ask_own.pid()
    if at_work:
        request = {name: str(ask_own.folder / "x") for name in ("plate", "model", "out")}
        body = request | {"identity": "b", "frame": 1, "settings": {"do": "hang"}}
        connection = ask_own.service.connect()
        token = {"Authorization": f"Bearer {ask_own.service.endpoint.token}", "Content-Type": "application/json"}
        connection.request("POST", "/preview", json.dumps(body), token)
        wait(lambda: ask_own.written("x"), "a preview at work")
    ask_own.service.kill()
    gone(pid)


def test_paths_lie_in_the_allowed_folders(ask: Asking) -> None:
    path = str(ask.folder / "x")
    fitting = {"plate": path, "model": path, "identity": "b", "frame": 1, "out": path}
    for name in ("plate", "model", "out", "swap", "mask_model", "repairs", "consent", "ocio"):
        status, answer = ask.service.call("POST", "/preview", fitting | {name: "/etc/x"})
        assert (status, answer["error"]["code"]) == (403, "outside_roots"), name
        status, answer = ask.service.call("POST", "/preview", fitting | {name: "x"})
        assert (status, answer["error"]["code"]) == (422, "relative_path"), name
    assert not (ask.folder / "x").exists()


@pytest.mark.parametrize("name", ["plate", "model", "out", "identity", "consent"])
@pytest.mark.parametrize("text", [r"\ud800", r"\u0000"])
def test_what_is_no_text_is_refused(lasting: Running, tmp_path: Path, name: str, text: str) -> None:
    path = f"{tmp_path}/x".encode()
    fields = {"plate": path, "model": path, "identity": b"b", "out": path}
    fields[name] = f"{tmp_path}/{text}".encode()
    body = b", ".join(b'"%s": "%s"' % (key.encode(), value) for key, value in fields.items())
    status, answer = lasting.call("POST", "/preview", b'{"frame": 1, %s}' % body)
    assert (status, answer["error"]["code"]) == (422, "invalid"), answer


@pytest.mark.slow
def test_the_product(tiny_model: Path, tmp_path: Path, gone: Callable[[int], None]) -> None:
    """`ml-backend serve` as it ships, with a real model: warm, killed, refused."""
    allowed = [argument for folder in (ROOT / "demo", tmp_path, tiny_model) for argument in ("--root", str(folder))]
    service = Running(tmp_path / "workspace", command=[*PRODUCT, "--workspace", str(tmp_path / "workspace"), *allowed])
    try:
        demo, out = ROOT / "demo", tmp_path / "shown.png"
        asked = {"plate": str(demo / "footage" / "plate_A.mp4"), "model": str(tiny_model), "identity": "identity_B"}
        asked |= {"frame": 5, "out": str(out), "consent": str(demo / "consent")}
        told = []
        for settings in ({}, {"opacity": "0"}):
            status, answer = service.call("POST", "/preview", asked | {"settings": settings})
            assert status == 200, answer
            told.append((answer["faces"], answer["warm"], read_picture(Path(answer["layer"]))[..., 3].any()))
        assert told == [(1, False, True), (1, True, False)]
        (pid,) = _children(service.process.pid)
        os.kill(pid, signal.SIGKILL)
        gone(pid)
        status, answer = service.call("POST", "/preview", asked)
        assert (status, answer["warm"]) == (200, False)
        status, answer = service.call("POST", "/preview", asked | {"consent": None, "identity": "nobody"})
        assert (status, answer["error"]["code"], answer["error"]["reason"]) == (403, "refused", "missing")
        assert answer["error"]["message"] == "There is no consent record for nobody."
        status, answer = service.call("POST", "/preview", asked | {"frame": 5000})
        assert (status, answer["error"]["code"]) == (422, "usage")
    finally:
        service.close()


def _children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children() if "preview" in " ".join(child.cmdline())]
