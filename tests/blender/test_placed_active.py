"""Where a placed swap or its meta strip is clicked or named, the strip that was swapped is meant."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_a_placed_swap_and_its_meta_strip_stand_for_their_strip(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("placed_active")
    for name in ("plate", "plate as identity", "plate swapped"):
        seen = answer[name]
        assert seen["set"] == {"opacity": "0.25"}
        assert seen["there"] == (seen["set"] if name == "plate" else {})
        assert seen["reset"] == {}
        assert seen["extracted"] == ["plate"], "the identity's face is not taken for the performer's"
        assert "The strip 'plate' shows nothing at frame 500" in seen["preview"]
    assert answer["all"] == ["plate"]
    plate, swap, meta = answer["named"]
    assert plate[0] == meta[0] == 0
    assert swap[0] == 2
    assert "'plate as identity' is a placed swap. Name the strip that it lies over: 'plate'." in swap[1]
    assert answer["gone"] == [False, 0, 2]
