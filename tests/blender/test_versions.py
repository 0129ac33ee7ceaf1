"""Versions of a swap lie side by side on disk, and an update makes only what changed."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_versions_and_updates(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("versions")
    assert answer["begun"] == ["_v002", False]
    assert answer["names"] == ["_v002", ""], "also after the strip was renamed"
    assert answer["lines"] == [
        ["v002  identity", ["m, 200", "20 frames"]],
        ["v001  identity", ["m, 100", "20 frames"]],
    ]
    assert answer["shown"] == [101, 1]
    assert answer["target"]
    assert answer["strips"] == 2
    new, show, in_use, outside, written, deleted = answer["said"]
    assert new == show == deleted == ""
    assert "shows" in in_use
    assert "is no swap in" in outside
    assert "A job makes" in written, "a version that a job writes is not deleted under it"
    assert answer["left"] == [""]
    updates = answer["updates"]
    assert updates["same"] == []
    assert updates["trimmed"] == [[], ["FINISHED"]]
    assert updates["placed"] == [14, 26, 1]
    assert updates["longer"] == ["5 frames were not swapped yet"]
    assert updates["settings"] == ["settings changed (opacity)"]
    assert updates["exposure"] == ["settings changed (exposure)"]
    assert updates["pixels"] == ["settings changed (pixel aspect)"]
    changed = ["settings changed (repairs, what covers the face)"]
    assert updates["others"] == [changed, [], changed]
    assert "does not show it so: it strobes" in updates["strobing"][0]
    assert updates["checkpoint"] == ["the model is at checkpoint 300"]
    settings, reasons = updates["named"]
    assert settings == {"names": "renamed by b.####", "gaps": "true"}
    assert reasons[-1] == "settings changed (gaps, names)"


def test_other_edits_and_other_footage_keep_off(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("other_edits")
    assert answer["v1"] == ["", ""]
    assert answer["shown"] == ["", False]
    assert answer["placed again"] == ""
    assert answer["v2"] == ["_v002", "_v002"], "what the first edit shows stays as it is"
    assert answer["same footage"]
    assert not answer["other footage"]
