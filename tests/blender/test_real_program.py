"""The command in the real program, with its exit codes; runs where BLENDER_PROGRAM names one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def blender(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program with resources of its own, the extension installed."""
    program = os.environ.get("BLENDER_PROGRAM")
    if not program:
        pytest.skip("BLENDER_PROGRAM does not name a Blender")
    environ = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "user"), "BLENDER_BIND": f"{tmp_path}:{ROOT}"}
    (tmp_path / "user").mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [program, "-b", *arguments]
        return subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)

    build = [sys.executable, str(ROOT / "addon_manifest" / "build.py"), "--output", str(tmp_path)]
    extension = subprocess.run(build, capture_output=True, text=True, check=True).stdout.strip()
    installed = run("--command", "extension", "install-file", "-r", "user_default", "-e", extension)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return run


def test_exit_codes_and_last_line(blender: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    status = blender("--command", "deepfake", "status", "--json", "--workspace", str(tmp_path / "work"))
    assert status.returncode == 0
    assert json.loads(status.stdout.strip().splitlines()[-1])["running"] is False
    wrong = blender("--command", "deepfake", "extract", "--strip", "none", "--name", "a", "--json")
    assert wrong.returncode == 2
    assert "none" in json.loads(wrong.stdout.strip().splitlines()[-1])["error"]["message"]
