"""A swap of cropped files lies exactly where the same swap in full frames does."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender
Scenario = Callable[..., dict[str, Any]]
EXACT = {"plain", "moved", "upside down", "cut", "animated cut", "nearest"}
TURNED_EDGE = {"cut and turned"}


def test_it_lies_where_the_full_frames_lie(scenario: Scenario) -> None:
    check(scenario("cropped", "plain", "animated", "animated cut"), 3)


@pytest.mark.slow
def test_however_the_plate_is_placed(scenario: Scenario) -> None:
    check(scenario("cropped"), 16)


def check(answer: dict[str, Any], cases: int) -> None:
    assert len(answer) == cases
    for case, found in answer.items():
        differences, pixels = found["differences"], found["pixels"]
        if case in EXACT:
            assert differences == [0] * 3, case
        elif case in TURNED_EDGE:
            # along the one edge that cuts through the face, which Blender's own anti-aliasing draws
            assert max(pixels) < 200, case
        else:
            # Blender samples between pixels with other roundings
            assert max(differences) <= 2, case
        assert [difference > 100 for difference in found["changed"]] == [True, False, True], case
        once, twice = found["curves"]
        assert once == twice, "placing again leaves no curves behind"
