"""Strips that the backend cannot read are rendered by Blender; the plate laid over its strip changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bpy.app import version

pytestmark = pytest.mark.blender
KINDS = {
    "scene": "type scene",
    "sequence": "without gaps",
    "blur effect": "type gaussian_blur",
    "color effect": "type color",
    "meta": "type meta",
    "strobe": "strobes",
    "grade": "colours",
    "modifier": "modifiers",
    "other rate": "24",
    "retimed": "retimed",
    "adjustment": "type adjustment",
    "hidden": "deinterlaced",
    "deep": "colours",
    "light": "strobes",
    "log": "Filmic Log",
    "wide": "Linear Rec.2020",
    "gamma": "Rec.1886",
    "display": "colours",
    "working space": "Linear Rec.2020",
}
# in codes of 16 bit, and in thousandths of white: half floats hold 16 times white by steps of 8
FARTHEST = {"deep": 1, "gamma": 1, "light": 1, "log": 5, "wide": 1, "working space": 1}
DEPTHS = {"deep": 16, "gamma": 16, "light": None, "log": None, "wide": None, "working space": None}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_the_strip_shows(scenario: Callable[..., dict[str, Any]], kind: str, tmp_path: Path) -> None:
    if kind == "retimed" and version < (5, 2, 0):
        pytest.skip("adding retiming keys by script crashes before 5.2")
    if kind == "working space" and version < (5, 0, 0):
        pytest.skip("the working space can be chosen from 5.0 on")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    answer = scenario("rendered", kind, TMPDIR=str(temporary), TEMP=str(temporary))
    assert any(KINDS[kind] in reason for reason in answer["reasons"])
    first = 1011 if kind in ("color effect", "adjustment") else 1001
    assert answer["frames"] == f"{first}-{first + answer['length'] - 1}"
    assert answer["result"] == answer["length"]
    assert answer["over"] <= FARTHEST.get(kind, 0)
    assert DEPTHS.get(kind, 8) in (None, answer["depth"])
    assert answer["left_over"] == [], "nothing stays in the system's folder for temporary files"
    assert answer["rendered again"] in (True, None), "the same pixels are the same files: nothing is swapped again"
    assert answer["bright"] > 1, "something must show, or the test compares nothing"


def test_several_that_render_one_strip_take_turns(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("plate_folder", "turns")
    assert answer["errors"] == []
    assert answer["rendered"] == 12
    assert answer["wrong"] == []
    assert answer["cancelled"] == "The rendering of the plate was cancelled."


def test_pictures_that_a_job_may_read_stay(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("plate_folder", "trimmed")
    assert answer["one of the trimmed"] == answer["trimmed"] == list(range(1001, 1007))
    assert not answer["changed"]
    assert answer["trimmed and regraded"] == [1003, 1004], "those of the old look are taken away"
