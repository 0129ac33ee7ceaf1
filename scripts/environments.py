"""Makes the virtual environments that the project needs, inside the clone. Standard library only."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import check_python  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
TORCH = "torch==2.13.0"
# Blender's releases as Python modules, by the Python that each was built for, best first
BPY = {"4.5": ("3.11", "bpy==4.5.*"), "5.0": ("3.11", "bpy==5.0.*"), "5.2": ("3.13", "bpy==5.2.*")}


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its folder in the clone, its Python, and the pip installs that fill it, in order."""

    folder: str
    python: str
    installs: tuple[tuple[str, ...], ...]


def backend(extras: str = "", torch_index: str | None = None) -> Environment:
    """The backend's environment.

    torch comes first and exactly: left to itself, pip could take a newer build of several gigabytes. torch_index: the
    address of a package index with the build that fits, such as PyTorch's own for CPUs or for a CUDA version.
    """
    torch = (TORCH, "--index-url", torch_index) if torch_index else (TORCH,)
    return Environment(".venv", sys.executable, (torch, ("-e", f".[{extras}]" if extras else ".")))


def blender(version: str, *more: str) -> Environment | None:
    """An environment with Blender as a Python module; None where this machine lacks the Python that it needs."""
    wanted, requirement = BPY[version]
    python = find_python(wanted)
    return Environment(f".venv-bpy-{version}", python, ((requirement, *more),)) if python else None


def find_python(version: str) -> str | None:
    """An interpreter of this version ("3.11") that runs: the running one, one on the PATH, or one of pyenv's.

    pyenv puts a name on the PATH for each version that is installed, which fails unless the version is chosen too.
    """
    if platform.python_version().startswith(f"{version}."):
        return sys.executable
    installed = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [
        shutil.which(f"python{version}"),
        *map(str, sorted(installed.glob(f"{version}.*/bin/python"), reverse=True)),
    ]
    return next((python for python in found if python and _runs(python)), None)


def _runs(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, check=False, timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def ensure(environment: Environment) -> Path:
    """Make or complete an environment; returns its Python. Does nothing where it is complete already."""
    folder = ROOT / environment.folder
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "complete"
    state = _state(environment)
    if stamp.is_file() and stamp.read_text() == state and python.exists():
        return python
    print(f"Installing {environment.folder} (once; some minutes on a slow line) …", flush=True)
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    if not python.exists():
        if environment.python == sys.executable:
            venv.create(folder, with_pip=True)
        else:
            _run([environment.python, "-m", "venv", str(folder)])
    for install in environment.installs:
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *install])
    stamp.write_text(state)
    print(f"Installed {environment.folder} in {time.monotonic() - started:.0f} s.", flush=True)
    return python


def program(python: Path, name: str) -> Path:
    """A program that was installed beside an environment's Python."""
    return python.with_name(f"{name}.exe" if os.name == "nt" else name)


def _state(environment: Environment) -> str:
    text = repr(environment.installs) + environment.python + (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-4000:]}")
