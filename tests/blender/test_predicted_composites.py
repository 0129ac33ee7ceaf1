"""A swap laid over its plate is what the backend predicts: plate + (swap − plate) · alpha, on sRGB values."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.blender
Scenario = Callable[..., dict[str, Any]]


def test_8_bit_at_every_alpha(scenario: Scenario) -> None:
    answer = scenario("partial_alpha", "8")
    assert answer["largest"] < 0.5, "what is shown is the prediction, rounded"
    assert answer["clear"] == answer["opaque"] == 0
    assert answer["strip"] == ["STRAIGHT", "sRGB"]


def test_16_bit_at_every_alpha(scenario: Scenario) -> None:
    answer = scenario("partial_alpha", "16")
    assert answer["largest"] < 0.51
    assert answer["clear"] == answer["opaque"] == 0
    assert answer["strip"] == ["STRAIGHT", "sRGB"]


def test_float_light_up_to_16(scenario: Scenario) -> None:
    answer = scenario("float_edit")
    half_step = 2**-11
    reasons, plate = answer["decoded"]
    assert reasons == []
    assert plate["source"].endswith("shot.####.exr")
    assert (plate["frames"], plate["colourspace"]) == ("1001-1002", "Linear Rec.709")
    assert "parts" in answer["parts"][0], "Blender shows a part as if it were the whole"
    assert answer["plate"] == ["PREMUL", "Linear Rec.709"]
    assert answer["result"] == ["PREMUL", "Linear Rec.709", "ALPHA_OVER"]
    assert answer["plate_off"] < half_step / 4
    assert answer["brightest"] == pytest.approx(16.0, rel=1e-4)
    for swap in ("simple", "layers", "part"):
        found = dict(answer[swap])
        assert found.pop("brightest") > 15
        assert set(found) == {"0.0", "0.25", "0.5", "0.75", "1.0", "untouched"}
        assert max(found.values()) < half_step / 4, "nothing is lost that a half float holds"
