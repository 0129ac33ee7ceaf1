"""Everything here runs in processes of their own: a crash of Blender is then a failed test, not a lost run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
collect_ignore_glob = [] if find_spec("bpy") else ["test_*.py"]
PROJECT = "test film"
_OLD_NAME = re.compile(r"^.*blender_deepfake[\\/].*DeprecationWarning: .*$", re.MULTILINE)


@pytest.fixture
def scenario(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Run a file of scenarios/ with a folder and further arguments; return the JSON object that it prints last.

    Fails where the extension uses what this Blender is about to drop.
    """

    def run(name: str, *arguments: str, timeout: float = 300.0, **environment: str) -> dict[str, Any]:
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "BLENDER_USER_RESOURCES": str(tmp_path / "blender user"),
            "ML_BACKEND_HOME": str(tmp_path / "backend home"),
            "PYTHONWARNINGS": "default::DeprecationWarning",
            **environment,
        }
        (tmp_path / "blender user").mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, str(HERE / "scenarios" / f"{name}.py"), str(tmp_path), *arguments],
            env=environ,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        assert not (old := _OLD_NAME.findall(done.stderr)), "\n".join(old)
        # Blender itself may have something to say as it ends
        last = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{"))
        answer: dict[str, Any] = json.loads(last)
        return answer

    return run


@pytest.fixture
def quick_backend(tmp_path: Path) -> str:
    """A command line that runs the real service with quick kinds of job, in the backend's environment."""
    chosen = os.environ.get("DEEPFAKE_BACKEND")
    if not chosen or os.name == "nt":
        pytest.skip("DEEPFAKE_BACKEND does not name the backend")
    folder = Path(chosen).parent if Path(chosen).is_file() else Path(chosen) / "bin"
    words = [
        "env",
        f"PYTHONPATH={ROOT}",
        str(folder / "python"),
        str(ROOT / "tests" / "extension" / "quick_backend.py"),
    ]
    return shlex.join(words)


@pytest.fixture
def backend_program() -> Path:
    """The backend's own program, in the environment that the variable names."""
    chosen = os.environ.get("DEEPFAKE_BACKEND")
    if not chosen:
        pytest.skip("DEEPFAKE_BACKEND does not name the backend")
    path = Path(chosen)
    return path if path.is_file() else path / ("Scripts" if os.name == "nt" else "bin") / "ml-backend"


@pytest.fixture
def agreed(backend_program: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make records of consent for synthetic people of PROJECT, signed by a key of this test; returns their folder."""

    def make(*names: str) -> Path:
        home, records = tmp_path / "backend home", tmp_path / "consent"
        for name in names:
            said = ("--basis", "synthetic", "--project", PROJECT, "--out", str(records))
            environ = {**os.environ, "ML_BACKEND_HOME": str(home)}
            subprocess.run([str(backend_program), "consent", "new", name, *said], env=environ, check=True)
        shutil.rmtree(home / "consent", ignore_errors=True)
        return records

    return make
