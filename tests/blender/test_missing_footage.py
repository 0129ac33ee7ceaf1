"""Footage that is offline: nothing is asked of the backend, where Blender would render black or empty pictures."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender
RELINK = "Relink the strip, or connect the disk that its footage lies on."


def test_what_a_strip_shows_must_be_there_and_nothing_else(scenario: Callable[..., dict[str, Any]]) -> None:
    told = scenario("missing_footage")
    for case, said in {
        "pictures": "/shot/000001.png of the strip 'shot' is missing.",
        "one picture": "/shot/000002.png of the strip 'shot' is missing.",
        "movie in a meta strip": "/lost.mp4 of the strip 'inner' is missing.",
        "movie in another scene": "/lost.mp4 of the strip 'beyond' is missing.",
        "movie under an effect": "/lost.mp4 of the strip 'under' is missing.",
        "movie under an adjustment": "/lost.mp4 of the strip 'under' is missing.",
    }.items():
        assert said in told[case].replace("\\", "/"), case
        assert told[case].endswith(RELINK), case
    for case in (
        "one picture, trimmed away",
        "one picture, another frame",
        "muted in a meta strip",
        "in a muted channel",
        "another time of another scene",
        "above an adjustment",
    ):
        assert told[case] == "", case
