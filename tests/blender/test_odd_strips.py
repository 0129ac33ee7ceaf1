"""A swap with a strip's colours turned round shows exactly these, over whatever kind of strip."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender
BY_BLENDER = {
    "proxy": False,
    "meta_in_meta": False,
    "inner_meta": True,
    "retimed": True,
    "camera": True,
    "half_frames": False,
    "more_than_half": False,
    "offset": False,
}


@pytest.mark.parametrize("kind", BY_BLENDER)
def test_the_swap_shows_frame_for_frame(scenario: Callable[..., dict[str, Any]], kind: str) -> None:
    answer = scenario("odd_strips", kind)
    assert answer["rendered"] == BY_BLENDER[kind]
    assert answer["result"] == answer["length"] > 2
    assert set(answer["off"]) == {0}
    assert max(answer["changes"]) > 5, "the frames must differ, or the test compares nothing"
