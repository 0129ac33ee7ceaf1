"""What was extracted and trained in an edit without a file is still there after its first save."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_work_from_before_the_first_save(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("first_save")
    first = answer["first"]
    before = {"faces": f"{first}/facesets/a", "model": f"{first}/models/model", "models": 1}
    assert answer["unsaved"] == {**before, "others": f"{first}/facesets/other"}
    assert answer["saved"] == answer["opened"] == {**before, "others": "deepfake/facesets/other"}
    assert answer["apart"], "another edit without a file has a folder of its own"
    assert answer["startup"], "a startup file that was saved from an edit leads to a folder of its own"
    assert answer["moved"] == "deepfake/facesets/a"
