"""The built zip is valid, and Blender installs and enables it."""

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.blender
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, built and validated by Blender's own tool."""
    output = tmp_path_factory.mktemp("dist")
    command = [sys.executable, str(ROOT / "addon_manifest" / "build.py"), "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


def test_zip_holds_the_extension_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert {"__init__.py", "core/client.py", "ui/jobs_panel.py", "render_plate.py"} <= names
    assert not [name for name in names if "__pycache__" in name or "test" in name]
    assert built.name == f"deepfake_sequencer-{manifest['version']}.zip"


def test_it_installs_and_works(built: Path, scenario: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    answer = scenario("install", str(built))
    assert answer == {
        "enabled": ["FINISHED"],
        "settings": True,
        "code": 0,
        "workspace": str(tmp_path / "work space"),
        "operator": True,
        "gone": True,
    }
