"""The whole way in Blender, with the real backend: two strips, two facesets, a model, a swap over its plate."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def backend_program() -> Path:
    """The backend's own environment, which the variable names."""
    chosen = os.environ.get("DEEPFAKE_BACKEND")
    if not chosen:
        pytest.skip("DEEPFAKE_BACKEND does not name the backend")
    path = Path(chosen)
    return path if path.is_file() else path / ("Scripts" if os.name == "nt" else "bin") / "ml-backend"


@pytest.fixture
def consent(backend_program: Path, tmp_path: Path) -> Path:
    """Records for both synthetic actors, made with the backend's command, signed by a key of this test."""
    home, records = tmp_path / "backend home", tmp_path / "consent"
    for name in ("actor_a", "actor_b"):
        subprocess.run(
            [str(backend_program), "consent", "new", name, "--basis", "synthetic", "--out", str(records)],
            env={**os.environ, "ML_BACKEND_HOME": str(home)},
            check=True,
        )
    shutil.rmtree(home / "consent", ignore_errors=True)
    return records


def test_from_two_strips_to_a_placed_swap(
    scenario: Callable[..., dict[str, Any]], backend_program: Path, consent: Path, tmp_path: Path
) -> None:
    build = [sys.executable, str(ROOT / "addon_manifest" / "build.py"), "--output", str(tmp_path / "dist")]
    extension = subprocess.run(build, capture_output=True, text=True, check=True).stdout.strip()
    home = str(tmp_path / "backend home")
    answer = scenario("main_job", extension, timeout=900, DEEPFAKE_BACKEND=str(backend_program), ML_BACKEND_HOME=home)
    codes = {name: part["exit_code"] for name, part in answer.items() if isinstance(part, dict) and "exit_code" in part}
    assert codes == {
        "extract_a": 0,
        "extract_b": 0,
        "refused": 3,
        "train": 0,
        "swap": 0,
        "again": 0,
        "graded": 0,
        "status": 0,
    }
    assert answer["extract_a"]["frames"] == answer["extract_b"]["frames"] == 8
    assert answer["train"]["iterations"] == 3
    assert "consent new" in answer["refused"]["error"]["fix"]
    assert answer["placed"] == {
        "files": [f"{n:06d}.png" for n in range(11, 19)],
        "channel": 2,
        "graded": [f"{n:06d}.png" for n in range(1011, 1019)],
        "controls": ["mean", answer["placed"]["controls"][1]],
        "previews": [["FINISHED"], True, [384, 384]] * 2,
    }
    assert answer["placed"]["controls"][1][0] == 11, "keys count the plate's frames"
    assert list((tmp_path / "deepfake" / "plates").glob("*.plate/001018.png")), "a graded plate is rendered"
    assert (tmp_path / "swap" / "manifest.json").is_file()
    assert 0.01 < answer["changed"] < 0.6, "the face has changed, and the rest has not"
    assert answer["gone"], "disabling the extension ends the backend that it started"
