"""Whatever is done to an edit, placed swaps stay where they belong and are found again."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender
Scenario = Callable[..., dict[str, Any]]
RESULT = "plate as identity"


def test_trimmed_slipped_and_moved(scenario: Scenario) -> None:
    answer = scenario("edits", "updated_in_place")
    assert answer["layout"] == [["my face", "IMAGE", 2, 112, 126], ["plate", "MOVIE", 1, 112, 126]]
    assert answer["kept"] == ["my face", "COLOR_04", 0.5]
    assert answer["reds"] == [2, 3, 4]


def test_duplicates_get_an_uid_of_their_own(scenario: Scenario) -> None:
    answer = scenario("edits", "duplicated")
    assert answer["apart"]
    assert answer["pairs"] == {"plate": [RESULT], "plate.001": [f"{RESULT}.001"]}


def test_split_with_its_swap(scenario: Scenario) -> None:
    answer = scenario("edits", "split")
    assert answer["shown"] == answer["again"] == [9, 10, 11, 12, 13]
    assert answer["apart"]
    assert answer["counts"] == [1, 1]
    assert sorted(row[2:] for row in answer["layout"]) == [[1, 11, 21], [1, 21, 41], [2, 11, 21], [2, 21, 41]]


def test_split_under_its_swap(scenario: Scenario) -> None:
    answer = scenario("edits", "split_alone")
    assert answer["shown"] == answer["again"] == [9, 10, 11, 12, 13]
    assert answer["pairs"] == {"plate": [RESULT], "plate.001": ["plate.001 as identity"]}


def test_cut_and_pasted(scenario: Scenario) -> None:
    answer = scenario("edits", "cut_and_pasted")
    assert answer["gone"] == 0
    assert answer["same"]
    assert answer["shown"] == answer["again"] == [1, 2, 3]
    assert answer["pairs"] == {"plate": [RESULT]}
    assert sorted(row[2:] for row in answer["layout"]) == [[1, 61, 91], [2, 61, 91]]


def test_copied_and_pasted_into_another_scene(scenario: Scenario) -> None:
    answer = scenario("edits", "copied_between_scenes")
    assert answer["reds"] == [1, 2, 3]
    assert answer["counts"] == [1, 1]
    assert answer["apart"]
    assert answer["found"]


def test_undo_and_redo(scenario: Scenario) -> None:
    answer = scenario("edits", "undone")
    assert answer["counts"] == [0, 1]
    assert answer["after"] == 1
    assert answer["reds"] == [1, 2, 3]


def test_saved_into_another_folder(scenario: Scenario) -> None:
    answer = scenario("edits", "saved_elsewhere")
    here = ["//deepfake/models/m", "//deepfake/swaps/awaited"]
    assert answer["kept"] == here, "a copy that is saved elsewhere leaves this edit as it is"
    assert answer["model"] == [True, True]
    assert answer["awaited"] == [True, True], "a swap that is being made is placed here when it is done"
    assert answer["missing"] == [0, 0]
    assert answer["reds"] == [1, 2, 3]


def test_scenes_that_share_an_action(scenario: Scenario) -> None:
    answer = scenario("edits", "shared_action")
    ends = [(keys[0][1], keys[-1][1]) for keys in answer["opacity"]]
    assert ends == [(0.25, 1.0), (0.5, 0.75)]
    assert answer["curves"] == [2, 1], "placing in one scene copies no keys of the other"


def test_linked_and_appended(scenario: Scenario) -> None:
    answer = scenario("edits", "linked_and_appended")
    for how in ("linked", "appended"):
        assert answer[how]["reds"] == [1, 2, 3], how
        assert answer[how]["pairs"] == {"plate": [RESULT]}, how
    assert "is linked from" in answer["linked"]["refused"]
    assert answer["appended"]["refused"] == ""


def test_a_renamed_and_moved_swap_is_found(scenario: Scenario) -> None:
    answer = scenario("edits", "found_again")
    assert answer["before"] == 1
    assert answer["missing"] == 0
    assert answer["there"] == "renamed", "by its fingerprint, not by another folder's name"
    assert answer["reds"] == [1, 2, 3]


def test_the_folder_beside_the_edit_moved_along(scenario: Scenario) -> None:
    answer = scenario("edits", "moved_along")
    assert answer["missing"] == 0
    assert answer["model"] == "//deepfake/models/m"
    assert answer["reds"] == [1, 2, 3]
