"""What is set and keyed on a strip stays with it, and reaches the backend in the plate's frame numbers."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender


@pytest.fixture(name="answer")
def _answer(scenario: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return scenario("swap_settings")


def test_settings_of_a_strip(answer: dict[str, Any]) -> None:
    nothing = [{}, {}, []]
    settings = {
        "blend": "poisson",
        "learned_mask": "false",
        "feather": "0.3",
        "scale": "1.25",
        "gaps": "true",
        "grain": "0.7",
    }
    opacity = {"opacity": [[1, 0.0], [11, 1.0], [30, 1.0]]}
    assert answer["untouched"] == nothing, "what nobody touched is left to the backend"
    assert answer["told"] == [settings, opacity, []]
    assert answer["reasons"] == [], "keyed settings are no reason to render the plate"
    assert answer["exposed"] == ["sRGB", "sRGB@-1.5"]
    assert answer["anamorphic"] == [2, None, None], "a strip that was fitted by hand says nothing of its pixels"
    there_are, were_keyed = answer["keyed"]
    assert were_keyed == there_are > 20
    assert answer["shown"] == 0.5
    assert answer["renamed"] == opacity
    left, right = {"opacity": [[1, 0.0], [5, 0.4]]}, {"opacity": [[1, 0.5], [6, 1.0], [25, 1.0]]}
    assert answer["pieces"] == [[settings, left, []], [settings, right, []]]
    assert answer["copies"] == [[settings, right, []]]
    assert answer["reset"] == [nothing, True]
    assert answer["curves_left"] == [6, 3], "a strip that is deleted takes its keys along"
    assert answer["loaded"] == [settings, left, []]
    assert answer["undone"] == "0.3"

    assert answer["request"] == ["5-14", {}, {"opacity": [[5, 0.0], [14, 0.9]]}]
    assert answer["preview"] == [7, True, True]
    assert answer["typed"] == [{"opacity": "0.5"}, None], "what is typed wins over what is keyed"
    assert answer["backwards"] == ["111-120", {"opacity": [[111, 0.9], [120, 0.0]]}]
    keys, note = answer["held"]
    assert keys == {"opacity": [[5, 0.0], [6, 0.5], [7, 0.6]]}
    assert "shows frame 5 of the plate again" in note
    warnings, sent = answer["driven"]
    assert "driver" in warnings[0]
    assert sent
    assert answer["rendered"] == [1006, "1006", ["001006.png"]], "a preview renders one picture of the plate"
    assert answer["code"] == 2
