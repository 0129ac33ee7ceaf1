"""A pixel that the swap does not touch is the plate's, bit for bit."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


@pytest.mark.parametrize("view", ["Standard", "AgX"])
def test_untouched_pixels_are_the_plates(scenario: Callable[..., dict[str, Any]], view: str) -> None:
    answer = scenario("exact", view)
    assert answer["empty"] == 0
    assert answer["beside_patch"] == 0
    assert answer["inside_patch"] > 5, "the patch must show, or the test compares nothing"
    assert answer["moving"] > 5, "the frames must differ, or the test compares nothing"
    assert answer["strips"] == 2, "the second swap replaces the first"
