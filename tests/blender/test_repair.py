"""Repairs and chosen people, by operator and by command."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.blender
PLATE = str(Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4")


def test_by_operator_and_by_command(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("repair")
    assert answer["done"] == [["FINISHED"]] * 4
    where = {"source": PLATE, "frame": 15}
    assert answer["written"] == [
        {**where, "action": "add", "box": [200, 20, 240, 60], "roll": 5},
        {**where, "action": "delete", "at": [155, 190]},
        {**where, "action": "move", "at": [300, 215], "box": [280, 180, 330, 240], "roll": 0},
        {**where, "action": "landmarks", "at": [150, 200], "points": {"33": [140.5, 190], "263": [160, 191]}},
    ]
    no_face, small, no_point, outside, outside_too, no_faceset = (told[0] for told in answer["refused"])
    assert "has no face at 20, 20 of frame 15" in no_face
    assert "too small" in small
    assert "no point of the mesh" in no_point
    assert outside == outside_too
    assert "Go to a frame from 11 to 130" in outside
    assert "Extract the faces first" in no_faceset
    assert answer["undone"] == [["FINISHED"], 3]
    assert answer["codes"] == [0] * 5 + [2] * 5
    assert answer["by_command"] == [[20, "add"], [21, "delete"], [22, "move"]], "the last one was taken back"
    assert answer["pointed"] == [["FINISHED"], "POINT", f"15:150.0,200.0@{PLATE}"]
    assert answer["graded"] == [["FINISHED"], ".plate", 1015, True], "what Blender renders is a source of its own"
    request = answer["request"]
    assert request.pop("faceset")
    assert request == {
        "sources": [{"source": PLATE, "frames": "1-120", "colourspace": "sRGB"}],
        "identity": "anna",
        "person": f"15:150.0,200.0@{PLATE}",
        "framing": "face",
        "size": 512,
        "smallest": 12,
        "landmarks": "mesh",
        "average": False,
        "smooth": 1.0,
        "shot": "plate",
    }
