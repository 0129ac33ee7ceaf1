"""A swap lies over its strip exactly, and leaves the rest of the edit as it is."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender
Scenario = Callable[..., dict[str, Any]]
RESULT = "plate as identity"


def test_look_and_settings_are_copied(scenario: Scenario) -> None:
    answer = scenario("placing", "plain")
    assert all(answer["same"])
    assert answer["layout"] == [["plate", "MOVIE", 1, 11, 131, None], [RESULT, "IMAGE", 2, 11, 41, None]]


def test_trimmed_reversed_and_held(scenario: Scenario) -> None:
    answer = scenario("placing", "frames")
    count = answer["count"]
    assert count == 18
    assert answer["reds"] == [*range(4 + count - 2, 4, -1), 5, 5]


def test_swap_of_some_frames_lies_where_they_are(scenario: Scenario) -> None:
    answer = scenario("placing", "covered_partly")
    assert [RESULT, "IMAGE", 2, 21, 41, None] in answer["layout"]


def test_occupied_channel_makes_a_meta_strip(scenario: Scenario) -> None:
    answer = scenario("placing", "occupied")
    meta = "plate swapped"
    assert answer["layout"] == [
        ["plate", "MOVIE", 1, 11, 31, meta],
        [RESULT, "IMAGE", 2, 11, 31, meta],
        [meta, "META", 1, 11, 31, None],
        ["title", "IMAGE", 2, 11, 31, None],
    ]
    assert answer["left"] == 255, "the title is still on top"
    assert answer["right"] == 5, "beside it the swap of frame 5 shows"
    assert answer["selected"] == ["title"]


def test_inside_a_meta_strip(scenario: Scenario) -> None:
    answer = scenario("placing", "nested")
    assert answer["reds"] == [1, 2, 3]
    assert answer["shown"] == 0
    rows = {row[0]: row for row in answer["layout"]}
    assert rows["plate"][5] == rows[RESULT][5] == "plate swapped"
    assert rows["plate swapped"][5] == rows["other"][5] == "MetaStrip"


def test_locked_channel_is_left_alone(scenario: Scenario) -> None:
    rows = {row[0]: row for row in scenario("placing", "locked")["layout"]}
    assert rows[RESULT][5] == "plate swapped"
    assert not [row for row in rows.values() if row[2] == 2 and row[5] is None]


def test_animated_transform_is_followed(scenario: Scenario) -> None:
    offsets = scenario("placing", "animated")["offsets"]
    assert all(plate == result for plate, result in offsets)
    assert len({plate for plate, _ in offsets}) > 2


def test_saved_moved_and_opened(scenario: Scenario) -> None:
    answer = scenario("placing", "saved")
    assert answer["found"] == "renamed"
    assert answer["directory"].startswith("//")
    assert answer["reds"] == [1, 2, 3]


def test_cut_pieces_keep_their_own_results(scenario: Scenario) -> None:
    answer = scenario("placing", "duplicates")
    assert answer["found"] == [True, True]
    results = sorted(row[3:5] for row in answer["layout"] if row[1] == "IMAGE")
    assert results == [[11, 21], [21, 41]]
