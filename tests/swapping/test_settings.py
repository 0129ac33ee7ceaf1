"""Constant and keyed settings."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.swapping.settings import KEYED, Controls, SwapSettings


def test_values_are_straight_between_keys_and_constant_outside() -> None:
    controls = Controls.make({"feather": "0.3"}, {"opacity": [(20, 1.0), (10, 0.0)], "scale": [(5, 1.5)]})
    assert [controls.at(frame).opacity for frame in (1, 10, 15, 20, 99)] == [0, 0, 0.5, 1, 1]
    assert {controls.at(frame).scale for frame in (1, 5, 60)} == {1.5}
    assert controls.at(15).feather == 0.3


@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1)), min_size=1, unique_by=lambda key: key[0]))
def test_keyed_values_stay_within_their_keys(keys: list[tuple[int, float]]) -> None:
    controls = Controls.make({}, {"opacity": keys})
    low, high = min(value for _, value in keys), max(value for _, value in keys)
    for frame in range(0, 210, 7):
        assert low - 1e-12 <= controls.at(frame).opacity <= high + 1e-12
    for frame, value in keys:
        assert controls.at(frame).opacity == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"nonsense": [(1, 1.0)]}, "nonsense does not exist"),
        ({"smooth": [(1, 1.0)]}, "smooth cannot change over time"),
        ({"colour": [(1, 1.0)]}, "colour cannot change over time"),
        ({"opacity": []}, "opacity has no keys"),
        ({"opacity": [(4, 0.5), (9, 1.5)]}, "opacity=1.5 at frame 9"),
        ({"opacity": [(4, 0.5), (4, 0.7)]}, "two keys at frame 4"),
    ],
)
def test_wrong_keys_are_named(keys: dict[str, list[tuple[int, float]]], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Controls.make({}, keys)


def test_a_side_adds_to_what_counts_for_all_sides() -> None:
    settings = SwapSettings(erode=0.1, erode_top=0.2, feather=0.2, feather_left=-0.5)
    assert (settings.erosion.top, settings.erosion.bottom) == (pytest.approx(0.3), 0.1)
    assert (settings.softness.left, settings.softness.right) == (0, 0.2)


def test_every_number_that_can_be_seen_on_one_frame_can_be_keyed() -> None:
    constant = {"smooth", "colour_smooth", "mask_smooth"}
    numbers = {name for name, field in SwapSettings.model_fields.items() if field.annotation is float}
    assert numbers - constant == KEYED
    assert Controls.make({}, {"grain": [(1, 0.0), (9, 1.0)]}).ever("grain")
    assert not Controls.make({}, {"grain": [(1, 0.0)]}).ever("grain")


def test_the_documentation_lists_every_setting_with_its_default() -> None:
    text = (Path(__file__).parents[2] / "docs" / "swap.md").read_text("utf-8")
    for name, field in SwapSettings.model_fields.items():
        value = field.default
        shown = f"{value:g}" if isinstance(value, float) else str(value).lower() if value is not None else ""
        assert f"| `{name}` | {shown} |" in text, name
