"""The backend is found, started, attached to and let go of."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blender_deepfake.core.backend_process import Backend, find_program
from blender_deepfake.core.errors import BackendMissingError, DeepfakeError

ROOT = Path(__file__).parents[2]


def gone(pid: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_found_by_preference_then_variable_then_path(program: Path) -> None:
    executable = program / "bin" / "ml-backend"
    nowhere = {"PATH": "", "DEEPFAKE_BACKEND": ""}
    assert find_program(str(program), nowhere) == executable
    assert find_program(str(executable), nowhere) == executable
    assert find_program("", {"PATH": "", "DEEPFAKE_BACKEND": str(program)}) == executable
    assert find_program("", {"PATH": str(executable.parent)}) == executable


@pytest.mark.parametrize("preference", ["", "/nowhere/at all"])
def test_not_found_tells_the_fix(preference: str) -> None:
    with pytest.raises(BackendMissingError) as caught:
        find_program(preference, {"PATH": ""})
    assert "virtual environment" in caught.value.fix


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


def test_another_protocol_is_refused(backend: Backend) -> None:
    client = backend.connect()
    import http.server
    import threading

    class Future(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"protocol": 99}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Future) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        folder = backend.workspace.parent / "future"
        folder.mkdir()
        endpoint = {"url": f"http://127.0.0.1:{server.server_port}", "token": "t", "pid": 1, "protocol": 99}
        (folder / "endpoint.json").write_text(json.dumps(endpoint))
        with pytest.raises(DeepfakeError, match="protocol 99"):
            Backend(folder).attach()
        server.shutdown()
    assert client.status()["protocol"] == 1


def test_one_that_dies_at_once_is_told_with_its_last_line(tmp_path: Path) -> None:
    broken = tmp_path / "ml-backend"
    broken.write_text("#!/bin/sh\necho started >> count\necho 'no module named torch' >&2\nexit 7\n")
    broken.chmod(0o755)
    backend = Backend(tmp_path / "work", str(broken))
    with pytest.raises(DeepfakeError, match=r"code 7.*no module named torch") as caught:
        backend.connect()
    assert caught.value.log == str(backend.log)


def test_a_program_that_cannot_run_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "ml-backend"
    broken.write_text("no program")
    with pytest.raises(BackendMissingError, match="does not start"):
        Backend(tmp_path / "work", str(broken)).connect()


def test_it_ends_with_a_killed_parent(program: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from blender_deepfake.core.backend_process import Backend;"
        "print(Backend(Path(sys.argv[1]), sys.argv[2]).connect().endpoint.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "w"), str(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)
