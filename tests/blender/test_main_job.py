"""The whole way in Blender, with the real backend: two strips, two facesets, a model, a swap over its plate."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
FRAMES = 8


def test_from_two_strips_to_a_placed_swap(
    scenario: Callable[..., dict[str, Any]], backend_program: Path, agreed: Callable[..., Path], tmp_path: Path
) -> None:
    agreed("actor_a", "actor_b")
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
        "placed_again": 0,
        "some": 0,
        "graded": 0,
        "export": 0,
        "place": 0,
        "verify": 0,
        "sign": 0,
        "consent": 0,
        "evaluate": 0,
        "preview": 0,
        "status": 0,
    }
    assert (answer["extract_a"]["frames"], answer["extract_b"]["frames"]) == (8, 6)
    assert answer["train"]["iterations"] == 3
    assert "consent new" in answer["refused"]["error"]["fix"]
    assert answer["again"]["frames_made"] == 0, "the same swap twice does nothing"
    assert answer["placed_again"]["strip"] == answer["swap"]["strip"], "placing twice gives one strip"
    assert answer["some"]["frames"] == 3
    assert [path.name for path in sorted((tmp_path / "some").glob("*.png"))] == [f"{n:06d}.png" for n in (12, 13, 14)]
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
    assert (answer["export"]["frames"], answer["export"]["pieces"]) == ("11-18", 2)
    assert answer["farm"] == {"placed": "farm swap", "same": True, "pictures": FRAMES}
    assert answer["film"] == {"signing": "Signed film é.mp4", "preview": True, "report": 3}
    assert answer["gone"], "disabling the extension ends the backend that it started"
