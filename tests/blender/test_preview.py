"""A preview that cannot be made says why, and does not stop the window."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_it_says_why(scenario: Callable[..., dict[str, Any]], quick_backend: str) -> None:
    answer = scenario("preview", DEEPFAKE_BACKEND=quick_backend)
    assert not answer["without_strip"]
    assert "name of the identity is missing" in answer["nobody"]
    assert "no model at" in answer["no_model"]
    assert "shows nothing at frame 500" in answer["no_frame"]
    assert answer["started_nothing"]
    assert answer["started"] == ["FINISHED"]
    assert answer["meanwhile"] == [True, False]
    failed, said = answer["failure"]
    assert failed
    assert said.startswith("Frame 12: ")
    assert "lies outside the folders" in said
    assert answer["afterwards"] == [True, False]
