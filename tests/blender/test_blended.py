"""Strip and swap together look as the strip would with the swapped pictures in it, however it is blended."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender
ALONE = {"muted", "muted_by_keys", "driven_place"}


def test_the_swap_is_blended_with_its_strip(scenario: Callable[..., dict[str, Any]]) -> None:
    answer = scenario("blended")
    assert len(answer) == 11
    for case, found in answer.items():
        assert found["off"] == found["off_again"] == 0, case
        assert (found["changed"] > 20) == (case != "muted"), case
        assert found["layout"] == found["layout_again"], f"{case}: placing again adds nothing"
        assert ("plate swapped" in found["layout"]) == (case not in ALONE), case
        assert found["belongs"], case
