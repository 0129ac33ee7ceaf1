"""The demo file opens in every supported Blender, with all that its first swap needs."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_it_is_ready_for_its_first_swap(scenario: Callable[..., dict[str, Any]], backend_program: object) -> None:
    answer = scenario("demo_file")
    assert answer["strips"] == {"plate": True, "take 1": True, "take 2": True}
    assert answer["active"] == "plate"
    assert answer["project"] == "demo"
    assert all(text.startswith("Consent valid until ") for text in answer["consent"].values()), answer["consent"]
    assert answer["model"] == "deepfake/models/model"
    assert answer["can"] == [True, True, True]
    assert answer["panels"] == ["Backend", "People", "Train", "Compare"]
    assert set(answer["panels"]) < set(answer["labels"])
    assert answer["shown"] == ["What to press"]
