"""Jobs are paused, resumed, moved, retried and removed by operator; what the timer does never blocks."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_by_operator(scenario: Callable[..., dict[str, Any]], quick_backend: str) -> None:
    answer = scenario("jobs", DEEPFAKE_BACKEND=quick_backend)
    blocking, window = answer["blocking"], answer["window"]
    assert blocking["checked"] == ["FINISHED"]
    assert blocking["summary"] == "All is well"
    assert blocking["moved"] == [["FINISHED"], [None, 2, 1]]
    assert [count for _, count in blocking["seen"]] == [1, 1, 1, 1, 1, 0]
    assert blocking["unknown"] == ["CANCELLED"]
    assert blocking["commands"] == [0, 0, 0, 2, 2]
    assert blocking["allowed"][0] == ["FINISHED"]
    assert blocking["allowed"][1].endswith("footage")
    assert blocking["allowed"][2] == 2, "the home folder stays allowed"
    assert blocking["stopped"]
    assert window["left_over"] == 2
    assert [label for label, _ in window["picked_up"]] == ["Quick", "Quick"]
    assert window["finished"] == ["done", "both"]
    assert window["asks"] == [2, 1], "what was allowed for one job counts for the other"
    assert window["again"] == ["done", "Outside"]
    assert window["gone"]
    assert window["failure"] == ""
    assert window["usual"] < 0.2, "Blender's window would stand still"
    assert window["slowest"] < 0.25, "a busy machine may be slow once, but nothing may wait for another process"
    assert window["at_rest"] == []
