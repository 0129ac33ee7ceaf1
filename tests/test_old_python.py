"""The scripts that a new user runs first tell an old Python's user what is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.mark.parametrize("name", ["demo", "test", "environments", "check_python"])
def test_an_old_python_can_read_the_scripts(name: str) -> None:
    ast.parse((SCRIPTS / f"{name}.py").read_text("utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("version", [(3, 8), (3, 14)])
def test_another_python_is_told_before_anything_is_made(version: tuple[int, int]) -> None:
    code = f"import sys; sys.version_info = {(*version, 0)}; import environments"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11, 3.12 or 3.13 is needed, and this is ")
