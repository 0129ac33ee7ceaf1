"""Thousands of pictures are given to a strip at once, by an operator that some Blenders let sort and shorten them."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_placed_shortened_and_grown(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("long_strip")
    first = ["000100.png", "000101.png", "000102.png"]
    same = {"first": first, "held": 1, "in": "swap", "meta": ""}
    assert answer["placed"] == {"ends": [100, 5100, 100, 5000], "count": 5000, **same}
    assert answer["active"] == "plate"
    assert answer["shorter"] == {"ends": [100, 400, 100, 300], "count": 300, **same}
    assert answer["grown"] == {"ends": [100, 6100, 100, 6000], "count": 6000, **same, "meta": "plate swapped"}
    assert answer["elsewhere"] == {"ends": [100, 4100, 100, 4000], "count": 4000, **same}
