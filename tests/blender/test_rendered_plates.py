"""Strips that the backend cannot read are rendered by Blender; the plate laid over its strip changes nothing."""

from collections.abc import Callable
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
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_the_strip_shows(scenario: Callable[..., dict[str, Any]], kind: str) -> None:
    if kind == "retimed" and version < (5, 2, 0):
        pytest.skip("adding retiming keys by script crashes before 5.2")
    answer = scenario("rendered", kind)
    assert any(KINDS[kind] in reason for reason in answer["reasons"])
    assert answer["frames"] == f"1-{answer['length']}"
    assert answer["result"] == answer["length"]
    assert answer["over"] == 0
    assert answer["bright"] > 1, "something must show, or the test compares nothing"
