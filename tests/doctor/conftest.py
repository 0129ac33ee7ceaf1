"""Machines with something wrong with them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """How `ml-backend doctor` ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value = json.loads(self.out.splitlines()[-1])
        assert isinstance(value, dict)
        return value

    def check(self, name: str) -> dict[str, str]:
        """The one finding of this name."""
        (found,) = [check for check in self.json["checks"] if check["name"] == name]
        return found


Doctor = Callable[..., Answer]


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    """doctor(*arguments, folder=, **environment): run it in a process of its own, with an empty home folder."""

    def run(*arguments: str, folder: Path = ROOT, **environment: str) -> Answer:
        home = {"ML_BACKEND_HOME": str(tmp_path / "home")}
        command = [sys.executable, "-m", "ml_backend", "doctor", *arguments]
        everything: Mapping[str, str] = os.environ | home | environment
        done = subprocess.run(command, cwd=folder, env=everything, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stdout + done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def copied_package(tmp_path: Path) -> Path:
    """A folder with a copy of the package in it, which a Python started there imports. Do with it what you like."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "ml_backend", tmp_path / "copy" / "ml_backend", ignore=ignored)
    return tmp_path / "copy"


@pytest.fixture
def broken_torch(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH with a torch that cannot be loaded, as one with a missing library."""
    return _broken(tmp_path, 'raise ImportError("libtorch_cpu.so: cannot open shared object file")\n')


@pytest.fixture
def deadly_torch(tmp_path: Path) -> Path:
    """As broken_torch, with a torch that kills the process, as one for another processor."""
    return _broken(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")


def _broken(tmp_path: Path, code: str) -> Path:
    package = tmp_path / "broken" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    return package.parent
