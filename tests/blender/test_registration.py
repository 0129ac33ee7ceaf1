"""Registering leaves no trace behind when it is undone, and starts nothing."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_twice_and_clean(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("registration")
    with_it, without, with_it_again, without_again = answer["steps"]
    assert without == without_again == answer["before"] == []
    assert with_it == with_it_again
    assert {"scene", "swap", "DEEPFAKE_PT_jobs", "DEEPFAKE_FH_swap", "DEEPFAKE_MT_swap_presets"} <= set(with_it)
    assert answer["undescribed"] == []
    assert answer["threads"] == ["MainThread"]
