"""Update makes what is missing, and only that, into the folder of the placed swap: with the real backend."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]


def files(first: int, last: int) -> list[str]:
    return [f"{number:06d}.png" for number in range(first, last + 1)]


def test_a_swap_is_updated_in_place(
    scenario: Callable[..., dict[str, Any]], backend_program: Path, agreed: Callable[..., Path]
) -> None:
    agreed("actor_a", "actor_b")
    answer = scenario("real_update", DEEPFAKE_BACKEND=str(backend_program))
    swapped = answer["swapped"]
    assert (swapped["ends"], swapped["files"], swapped["checkpoint"]) == ([11, 15], files(11, 14), 2)
    finished = {"said": ["FINISHED"], "folder": swapped["folder"], "strips": swapped["strips"]}
    same = {**finished, "ends": [11, 15], "files": files(11, 14), "checkpoint": 2, "written": []}
    assert answer["same"] == {**same, "jobs": 0}, "it is only laid again"
    assert answer["thorough"] == {**same, "jobs": 1}, "the backend looked, and had nothing to do"
    longer = {**finished, "ends": [11, 17], "files": files(11, 16), "checkpoint": 2, "jobs": 1}
    assert answer["longer"] == {**longer, "written": files(15, 16)}
    trimmed = {**finished, "ends": [12, 15], "files": files(12, 14), "checkpoint": 2, "jobs": 0}
    assert answer["trimmed"] == {**trimmed, "written": []}
    trained = answer["trained"]
    assert (trained["checkpoint"], trained["ends"], trained["jobs"]) == (3, [12, 15], 1)
    assert set(trained["written"]) >= set(files(12, 14)), "another checkpoint paints all that is shown anew"
    looked = answer["looked"]
    assert (looked["said"], looked["report"], looked["likeness"]) == (["FINISHED"], [False, True], True)
    assert set(looked["frames"]) >= {12, 13, 14}
