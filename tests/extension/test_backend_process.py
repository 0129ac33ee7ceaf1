"""The backend is found, started, attached to and let go of."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from patience import gone, until

from blender_deepfake.core.backend_process import Backend
from blender_deepfake.core.board import Board
from blender_deepfake.core.errors import BackendMissingError, DeepfakeError, ProtocolMismatchError
from blender_deepfake.core.runner import JobSpec

ROOT = Path(__file__).parents[2]


WRAPPERS = {
    "direct": "",
    "wrapped": "env 'DEEPFAKE_TEST=a b' ",
    "own process numbers": "unshare --pid --fork --mount-proc --kill-child ",
}


@pytest.fixture(params=WRAPPERS)
def command(request: pytest.FixtureRequest, program: Path) -> str:
    """The backend as the preferences name it: the program alone, or with a wrapper before it."""
    before = WRAPPERS[request.param]
    if before.startswith("unshare") and subprocess.run([*before.split(), "true"], check=False).returncode != 0:
        pytest.skip("this system lets nobody make a process namespace")
    return f"{before}'{program / 'bin' / 'ml-backend'}'" if before else str(program)


def test_started_once_and_ended(backend: Backend) -> None:
    client = backend.connect()
    pid = client.endpoint.pid
    assert backend.connect().endpoint.pid == pid, "connecting again starts nothing"
    assert backend.started_here
    backend.let_go()
    assert gone(pid)
    assert not backend.started_here


def test_a_foreign_one_is_used_and_left_alone(backend: Backend, program: Path) -> None:
    pid = backend.connect().endpoint.pid
    other = Backend(backend.workspace, str(program))
    assert other.connect().endpoint.pid == pid
    assert not other.started_here
    other.let_go()
    assert backend.connect().endpoint.pid == pid


def test_stop_ends_a_foreign_one_too(backend: Backend, program: Path) -> None:
    pid = backend.connect().endpoint.pid
    Backend(backend.workspace, str(program)).stop()
    assert backend.process is not None
    assert backend.process.wait(20) == 0
    assert gone(pid)


def test_a_dead_ones_endpoint_is_passed_over(backend: Backend) -> None:
    pid = backend.connect().endpoint.pid
    assert backend.process is not None
    os.kill(pid, signal.SIGKILL)
    backend.process.wait(20)
    assert (backend.workspace / "endpoint.json").exists()
    assert backend.connect().endpoint.pid != pid


def write_endpoint(folder: Path, url: str, **values: object) -> None:
    folder.mkdir()
    endpoint = {"url": url, "token": "t", "pid": 1, "protocol": 2, "version": "9.8", **values}
    (folder / "endpoint.json").write_text(json.dumps(endpoint))


@pytest.mark.parametrize(("protocol", "side"), [(99, "Update the extension"), (1, "Update the backend")])
def test_another_protocol_is_told_before_anything_is_sent(tmp_path: Path, protocol: int, side: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        write_endpoint(tmp_path / "w", f"http://127.0.0.1:{server.getsockname()[1]}", protocol=protocol)
        with pytest.raises(
            ProtocolMismatchError, match=rf"backend 9\.8 speaks protocol {protocol}, .* speaks 2"
        ) as caught:
            Backend(tmp_path / "w").attach()
        assert side in caught.value.fix
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1) == b"", "it looked whether somebody listens, and said nothing"


def test_a_dead_ones_protocol_does_not_matter(tmp_path: Path) -> None:
    write_endpoint(tmp_path / "w", "http://127.0.0.1:9", protocol=99)
    assert Backend(tmp_path / "w").attach() is None


def test_a_port_that_another_got_is_passed_over(backend: Backend, tmp_path: Path) -> None:
    write_endpoint(tmp_path / "w", backend.connect().endpoint.url)
    assert Backend(tmp_path / "w").attach() is None


def test_a_command_line_starts_and_ends_it(command: str, tmp_path: Path) -> None:
    backend = Backend(tmp_path / "wörk späce" / ("long" * 40), command)
    client = backend.connect()
    board = Board()
    entry = board.start(JobSpec("quick", {"steps": 2}, "Quick"), backend.connect)
    assert board.wait(entry, lambda shown: None, lambda: client) == {"steps": 2}
    process = backend.process
    assert process is not None
    backend.let_go()
    assert process.poll() == 0
    assert backend.attach() is None


def test_running_jobs_are_paused_when_it_is_let_go(backend: Backend, program: Path) -> None:
    board = Board()
    entry = board.start(JobSpec("quick", {"steps": 2000}, "Quick"), backend.connect)
    until(lambda: board.drain() or entry.done >= 2)
    backend.let_go()
    until(board.drain)
    assert (entry.state, entry.followed) == ("paused", False)
    again = Backend(backend.workspace, str(program))
    assert again.connect().job(entry.job_id)["state"] == "paused"
    again.stop()


def test_one_that_dies_at_once_is_told_with_its_last_line(tmp_path: Path) -> None:
    broken = tmp_path / "ml-backend"
    broken.write_text(f"#!/bin/sh\necho started >> '{tmp_path}/count'\necho 'no module named torch' >&2\nexit 7\n")
    broken.chmod(0o755)
    backend = Backend(tmp_path / "work", str(broken))
    with pytest.raises(DeepfakeError, match=r"code 7.*no module named torch") as caught:
        backend.connect()
    assert caught.value.log == str(backend.log)
    assert (tmp_path / "count").read_text() == "started\n", "it was not started again"


def test_a_program_that_cannot_run_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "ml-backend"
    broken.write_text("no program")
    with pytest.raises(BackendMissingError, match="does not start"):
        Backend(tmp_path / "work", str(broken)).connect()


def test_it_ends_with_a_killed_parent(command: str, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from blender_deepfake.core.backend_process import Backend;"
        "backend = Backend(Path(sys.argv[1]), sys.argv[2]); backend.connect();"
        "print(backend.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "w"), command],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)
    until(lambda: not (tmp_path / "w" / "endpoint.json").exists())
