"""With the real backend: faces are collected and shown, and each person's consent is made, attached and judged."""

import os
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]


def test_faces_and_consent(scenario: Callable[..., dict[str, Any]]) -> None:
    if not os.environ.get("DEEPFAKE_BACKEND"):
        pytest.skip("DEEPFAKE_BACKEND does not name the backend")
    answer = scenario("identities", timeout=600, ML_BACKEND_PROJECT="")
    missing = answer["empty"]["consent"]
    assert (answer["empty"]["faces"], missing[:2]) == (0, ["missing", "No consent record"])
    assert "consent new performer_A" in missing[2], "the fix is the backend's own"
    assert answer["nobody"] == {"faces": 0, "icons": 0, "consent": None}
    assert answer["chosen"] == ["plate"], "what is selected, not what is active"
    assert [answer[name] for name in ("extract", "pictures", "coverage", "attach", "made", "beside")] == [
        "FINISHED"
    ] * 6
    assert (answer["performer"]["faces"], answer["performer"]["icons"]) == (5, 5)
    assert (answer["identity"]["faces"], answer["identity"]["icons"]) == (3, 3)
    assert "There is nothing at" in answer["no clip"]
    assert "shot" not in answer["files"], "the backend takes the footage's name"
    assert (answer["both"], answer["no swaps"], answer["active"]) == (["plate", "take"], ["plate"], ["take"])
    faces, lines, missing_poses, compared, size = answer["covered"]
    assert (faces, compared) == (3, True)
    assert "Turned" in lines[0]
    assert all("the performer:" in line for line in missing_poses)
    assert min(size) > 400, "the picture of both facesets is open"
    folder, state = answer["attached"]
    assert (folder, state[0]) == ("//deepfake/consent", "valid")
    assert state[1].startswith("Consent valid until 2036-11-24")
    assert "is no consent record" in answer["no record"]
    assert "The record lacks: Project, Who Agreed" in answer["lacks"]
    assert answer["valid"][0] == "valid"
    assert "already" in answer["there"]
    assert "already" in answer["told"], "the panel tells it still when it is drawn again"
    assert answer["rare"] == "FINISHED"
    assert (answer["allows"]["actions"], answer["allows"]["witness"]) == (["swap"], "the agent")
    assert len(answer["allows"]["replaces"]) == 1
    assert answer["other"][0] == "wrong-project"
    assert "demo" in answer["other"][2], "the backend says whose project it is"
    assert answer["kept"][0][0] == "valid"
    assert answer["kept"][1] == ["identity_B.json", "performer_A.json"]
    assert answer["nameless"][0] == "no-project", "the gate asks for the project of a record that has one"
    assert answer["folder"][0] == "valid"
    assert "no name!" in answer["bad name"]
    assert answer["failure"] == "", "looking is not asking for something: it must not take its place"
    assert answer["icons left"]
