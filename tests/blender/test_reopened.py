"""Jobs go on while Blender is closed: another one that opens the edit lists them and places what they made, once."""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.blender


@pytest.fixture
def served(quick_backend: str, tmp_path: Path) -> Iterator[Path]:
    """A backend that runs by itself; the folder of its user data, whose workspace is the usual one."""
    home = tmp_path / "backend home"
    workspace = home / "workspace"
    workspace.mkdir(parents=True, mode=0o700)
    (workspace / "roots.json").write_text(json.dumps({"roots": [str(tmp_path), str(Path(__file__).parents[2])]}))
    command = [*shlex.split(quick_backend), "serve", "--workspace", str(workspace)]
    with subprocess.Popen(command, env={**os.environ, "ML_BACKEND_HOME": str(home)}) as process:
        deadline = time.monotonic() + 60
        while not (workspace / "endpoint.json").is_file():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield home
        process.terminate()


def test_a_placing_that_was_undone_stays_undone(scenario: Callable[..., dict[str, Any]], served: Path) -> None:
    scenario("reopened", "start")
    opened = scenario("reopened", "undo")
    assert opened["jobs"] == [["Swap identity into plate_A.mp4", "done"]]
    assert opened["undone"] == {"placed": []}, "it was placed before, and undone"
    assert opened["placed"] == []


def test_a_swap_outlives_blender(scenario: Callable[..., dict[str, Any]], served: Path) -> None:
    started = scenario("reopened", "start")
    assert started["jobs"] == [["Swap identity into plate", "running"]]
    waiting = scenario("reopened", "wait")
    assert waiting["jobs"] == [["Swap identity into plate_A.mp4", "running"]]
    assert waiting["done"] > started["done"]
    assert waiting["placed"] == []
    finished = scenario("reopened", "finish")
    assert finished["jobs"] == [["Swap identity into plate_A.mp4", "done"]]
    assert finished["placed"] == [["Scene", "plate as identity", 30]]
    again = scenario("reopened", "look")
    assert again["jobs"] == [["Swap identity into plate_A.mp4", "done"]]
    assert again["placed"] == [], "what was taken away stays away"
