"""Comparing shows what it says, and is never saved or rendered."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_plate_wipe_and_difference(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("compare")
    for kind in ("full", "cropped"):
        found = answer[kind]
        assert found["plate"] == found["difference"] == 0, kind
        assert found["wipe"] == [0] * 10, kind
        assert found["left"] == [True] * 6, kind
        assert found["rendered"] == [0, 0, 0], f"{kind}: a render ends the comparison first"
    for mode in ("PLATE", "WIPE", "DIFFERENCE"):
        assert answer["saved"][mode] == [mode, "OFF", False, "ALPHA_OVER"]
    assert answer["saved"]["opened"] == ["OFF", False, "ALPHA_OVER"]
