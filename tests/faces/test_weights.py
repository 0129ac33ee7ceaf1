"""A copy of the package whose weight files are damaged: what does the user read?"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def copied_package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "ml_backend", folder / "ml_backend", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("damage", ["one byte", "cut", "missing"])
def test_damaged_weights_are_named(damage, copied_package, tmp_path):
    file = copied_package / "ml_backend" / "weights" / "facemesh478.onnx"
    shutil.copy(ROOT / "ml_backend" / "weights" / file.name, file)
    data = bytearray(file.read_bytes())
    if damage == "one byte":
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif damage == "cut":
        file.write_bytes(data[:1000])
    else:
        file.unlink()
    source = ROOT / "demo" / "footage" / "plate_A.mp4"
    command = [sys.executable, "-m", "ml_backend", "extract", str(source), "--faceset", str(tmp_path / "faces")]
    done = subprocess.run(command, cwd=copied_package, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(file) in line
    assert "Install the backend again." in line
    assert done.stdout == ""
