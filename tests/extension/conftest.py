"""A backend to talk to: the real service, with job kinds that are quick."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from blender_deepfake.core.backend_process import Backend

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a virtual environment with a backend in it; there is a space in its name."""
    pytest.importorskip("fastapi")
    folder = tmp_path_factory.mktemp("my environment")
    executable = folder / "bin" / "ml-backend"
    executable.parent.mkdir()
    executable.write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT!s} exec {sys.executable} {HERE / "quick_backend.py"} "$@"\n', "utf-8"
    )
    executable.chmod(0o755)
    return folder


@pytest.fixture
def backend(program: Path, tmp_path: Path) -> Iterator[Backend]:
    """A backend of a workspace of its own; started at the first `connect`, ended with the test."""
    made = Backend(tmp_path / "work space", str(program))
    yield made
    made.let_go()
    made.release_process()
