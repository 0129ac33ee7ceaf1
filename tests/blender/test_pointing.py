"""A point over the preview is the right pixel of the source, for every transform, crop, mirror and meta strip."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.blender
ROOT = Path(__file__).parents[2]


def test_mapping_is_where_blender_shows_it(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("pointing")
    assert answer.pop("movie") == [15, str(ROOT / "demo" / "footage" / "plate_A.mp4"), [384, 384]]
    assert answer.pop("graded") == [1015, ".plate", True], "what Blender renders is numbered from 1001 at its content"
    half = answer.pop("half resolution")
    assert half["off_preview"] <= 1.0, "one pixel of the half-size picture is two here"
    assert len(answer) == 20
    off = {name: case["off_preview"] for name, case in answer.items()}
    # Blender's own filter moves a small mark by half a pixel where it shrinks a picture of odd size
    assert max(off.values()) <= 0.51, off
    assert sorted(off.values())[-3] <= 0.1, off
    assert {tuple(case["size"]) for case in answer.values()} == {(200, 120), (161, 97)}
    assert {case["number"] for case in answer.values()} == {161, 200}, "a picture is numbered by its name"
