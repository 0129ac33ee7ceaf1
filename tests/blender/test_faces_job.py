"""With the real backend: a person of two is pointed at, faces are repaired, masks painted, learned and applied."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]
SIDE = 384  # of the movies' pictures


def test_from_two_people_to_masks(
    scenario: Callable[..., dict[str, Any]], backend_program: Path, agreed: Callable[..., Path], tmp_path: Path
) -> None:
    agreed("b")
    answer = scenario("faces_job", str(backend_program), timeout=600)
    assert answer["several"]["exit_code"] == 2
    assert "2 persons" in answer["several"]["error"]["message"]
    assert answer["people"], "the picture that shows who is who"
    for name in ("pointed", "repair", "landmarks", "again", "train", "apply"):
        assert answer[name]["exit_code"] == 0, answer[name]
    assert [answer["pointed"][key] for key in ("frames", "faces", "frames_without_face")] == [6, 6, 0]
    for number, boxes in answer["boxes"].items():
        assert len(boxes) == 1, number
        assert boxes[0][0] > SIDE, "the person on the right was pointed at"
    after = {number: len(boxes) for number, boxes in answer["after"].items()}
    assert after == {"1": 1, "2": 0, "3": 1, "4": 1, "5": 1, "6": 1}, "the deleted face stays away"
    assert answer["moved"][0] == pytest.approx(answer["nose"], abs=0.02), "a corrected point is where it was put"
    assert len(answer["names"]) == 5
    assert answer["train"]["painted"] == 2
    assert set(answer["predicted"]) >= set(answer["names"][2:])
