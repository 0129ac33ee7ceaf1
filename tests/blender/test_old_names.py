"""Each test of this folder fails where the extension uses what Blender is about to drop; this shows that it does."""

from collections.abc import Callable
from typing import Any

import pytest
from bpy.app import version

pytestmark = pytest.mark.blender


@pytest.mark.skipif(version < (5, 2, 0), reason="no name that the extension used goes away there")
def test_a_name_that_goes_away_is_found(scenario: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(AssertionError, match=r"blender_deepfake/old\.py:1: DeprecationWarning: .*frame_final_start"):
        scenario("old_name")
