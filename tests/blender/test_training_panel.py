"""With the real backend: models are listed, trained, watched, forked and taken back to a checkpoint."""

import os
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]


def test_models(scenario: Callable[..., dict[str, Any]]) -> None:
    if not os.environ.get("DEEPFAKE_BACKEND"):
        pytest.skip("DEEPFAKE_BACKEND does not name the backend")
    answer = scenario("training_panel", timeout=600)
    assert answer["empty"] == []
    assert "has nothing to show yet" in answer["unseen"]
    done = ("performer_A", "identity_B", "train", "all groups", "pictures", "curve", "fork goes on", "back")
    assert {name: answer[name] for name in done} == dict.fromkeys(done, "FINISHED")
    assert answer["new"] == ["FINISHED", "//deepfake/models/a_as_b"]
    assert [model[:2] for model in answer["models"]] == [["a_as_b", 6]]
    assert "6 iterations" in answer["models"][0][2]
    assert "performer_A + identity_B" in answer["models"][0][2]
    assert answer["report"] == [6, True]
    assert answer["checkpoints"] == [6, 3]
    assert answer["config"] == ["unet", 0.5, 8.0], "what is ticked reaches the model"
    pictures, curve = answer["sizes"]
    assert pictures[0] > 6 * 32, "words stand beside six faces of each"
    assert pictures[1] == 6 * 32, "filmed, rebuilt and as the other one"
    assert curve == [800, 500]
    assert answer["fork"][:2] == ["FINISHED", "//deepfake/models/fork"]
    assert "There is something at" in answer["fork"][2]
    assert sorted(model[:2] for model in answer["forked"]) == [["a_as_b", 6], ["fork", 6]]
    assert answer["choose"] == ["FINISHED", "a_as_b"]
    for told in answer["refused"]:
        assert "If a training of this model runs, stop it first" in told
    assert answer["after"][0] == [3]
    assert sorted(model[:2] for model in answer["after"][1]) == [["a_as_b", 3], ["fork", 7]], "each goes its way"
    assert "no checkpoint of iteration 5" in answer["no such"]
    assert answer["doing"] == ""
