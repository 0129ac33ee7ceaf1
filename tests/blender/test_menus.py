"""Menus where people look, presets of swap settings, and finished swaps that are dropped or chosen."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_menus_presets_and_drops(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("menus")
    shipped = answer["shipped"]
    assert {"Exact_Cut", "Soft_Edge", "Dark_Scene", "Close_Up", "Fast_Motion"} <= shipped.keys()
    assert shipped["Soft_Edge"][0] == {"blend": "multiband", "mask_smooth": "1.5", "erode": "0.05", "feather": "0.3"}
    assert [name for name, (_, as_written) in shipped.items() if not as_written] == []
    assert [name for name, (values, _) in shipped.items() if "opacity" in values or len(values) < 3] == []
    assert answer["own"] == {
        "in_user_folder": True,
        "used": {"blend": "poisson", "feather": "0.5", "crop": "true"},
        "left": False,
    }
    words = ["no setting 'beard'", "'wide'", "'loud'", "'maybe'", "is not a setting"]
    for text, word in zip(answer["refused"], words, strict=True):
        assert word in text
        assert text.endswith("0.5"), "nothing was changed"
    dropped = answer["dropped"]
    assert dropped["placed"] == [["plate as identity", 2]]
    assert ["/elsewhere/clip.mp4" in dropped["errors"][0], "no manifest.json" in dropped["errors"][1]] == [True, True]
    assert len(dropped["errors"]) == 3, dropped
    assert "again, plate" in dropped["errors"][2]
    assert answer["drawn"] == {
        "menus": [1, 1, 1],
        "handler": ["deepfake.add_swap", ".json"],
        "after": [0, 0, 0],
        "paths": False,
    }
