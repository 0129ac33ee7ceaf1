"""The frames that a strip shows are the ones that the extension asks the backend for."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


@pytest.mark.parametrize("name", ["plain", "trim", "reverse", "trim reverse", "held", "held trim reverse", "meta"])
def test_mapping_is_what_blender_shows(scenario: Callable[..., dict[str, Any]], name: str) -> None:
    """Rendered plates are decoded by Blender: equal pictures prove equal frame numbers."""
    answer = scenario("mapping", name)
    assert len(answer["shown"]) == len(answer["numbers"]) == 7
    assert answer["shown"] == answer["expected"]
    assert answer["different"] == len(set(answer["numbers"])) > 1
    assert answer["reasons"] == []
    assert answer["over"] == 0, "a frame over itself changes nothing, with crop and transform too"
