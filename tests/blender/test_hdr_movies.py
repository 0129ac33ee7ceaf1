"""HDR movies: Blender 4.5 shows their codes as a plain picture's, 5.0 and later their light. So does the plate."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from bpy.app import version

pytestmark = pytest.mark.blender
SCRIPT = Path(__file__).with_name("hdr_movie.py")
KNOWN = {"pq": "Rec.2100-PQ", "hlg": "Rec.2100-HLG"}  # from 5.0 on
BRIGHTEST = {"pq": 90.0, "hlg": 9.5}  # 10000 and 1000 cd/m², where 100 are 1.0


@pytest.fixture
def backend_python(backend_program: Path) -> Path:
    return backend_program.with_name("python.exe" if os.name == "nt" else "python")


@pytest.fixture
def seen(backend_python: Path) -> Callable[[dict[str, str]], dict[str, Any]]:
    """What the backend sees in the first frame of a plate."""

    def read(plate: dict[str, str]) -> dict[str, Any]:
        words = [str(backend_python), str(SCRIPT), "read", json.dumps(plate)]
        done = subprocess.run(words, cwd=SCRIPT.parents[2], capture_output=True, text=True, check=True)
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    return read


@pytest.fixture
def movie(backend_python: Path, tmp_path: Path) -> Callable[[str], Path]:
    def write(kind: str) -> Path:
        path = tmp_path / f"{kind}.mp4"
        words = [str(backend_python), str(SCRIPT), "write", str(path), kind]
        subprocess.run(words, cwd=SCRIPT.parents[2], capture_output=True, check=True)
        return path

    return write


def to_srgb(light: float) -> float:
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def farthest(picture: Sequence[float], light: Sequence[float], gain: float) -> float:
    """How far the backend's picture is from what a display shows of Blender's light, brighter by `gain`."""
    return max(abs(a - to_srgb(min(max(b * gain, 0.0), 1.0))) for a, b in zip(picture, light, strict=True))


@pytest.mark.skipif(version < (5, 0, 0), reason="knows no HDR")
@pytest.mark.parametrize("kind", KNOWN)
def test_light_above_white_is_kept(scenario: Any, movie: Any, seen: Any, kind: str) -> None:
    answer = scenario("hdr", str(movie(kind)))
    assert answer["space"] == KNOWN[kind]
    assert answer["reasons"] == [f"its colour space is {KNOWN[kind]}"]
    assert answer["files"] == ["001001.exr", "001002.exr", "001003.exr"]
    assert max(answer["light"]) > BRIGHTEST[kind], "Blender gives light above white, or the test compares nothing"
    assert answer["over"] < 6e-4, "half a step of a half float"
    assert answer["plate"]["colourspace"] == answer["meta"]["colourspace"] == "Linear Rec.709@-1"
    plate = seen(answer["plate"])
    assert (plate["colour"], plate["bits"]) == ("Linear Rec.709", 32)
    assert plate["lost"] < 1e-5
    assert farthest(plate["picture"], answer["light"], 0.5) < 1e-3
    assert sum(value < 0.999 for value in plate["picture"]) > 0.57 * len(plate["picture"]), "PQ's white has code 0.58"


@pytest.mark.parametrize("kind", KNOWN)
def test_codes_are_kept_where_blender_shows_codes(scenario: Any, movie: Any, seen: Any, kind: str) -> None:
    answer = scenario("hdr", str(movie(kind)), "sRGB")
    assert answer["space"] == "sRGB"
    assert answer["reasons"] == ["it may be HDR"]
    assert answer["files"] == ["001001.png", "001002.png", "001003.png"]
    assert answer["depth"] == 16
    assert answer["over"] < 6e-5, "a step of 16 bit near white, and half a one of Blender's own"
    assert "colourspace" not in answer["plate"] | answer["meta"]
    plate = seen(answer["plate"])
    assert (plate["colour"], plate["bits"]) == ("sRGB", 16)
    assert plate["lost"] == 0
    assert farthest(plate["picture"], answer["light"], 1.0) < 1e-4
    assert len(set(plate["picture"])) == len(plate["picture"]), "every step of the ramp arrives"
