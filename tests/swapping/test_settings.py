"""Constant and keyed settings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend import atomic
from ml_backend.errors import UsageError
from ml_backend.requests import Key, SwapRequest
from ml_backend.swapping.idle_settings import idle_settings
from ml_backend.swapping.settings import KEYED, Controls, SwapSettings


def test_values_are_straight_between_keys_and_constant_outside() -> None:
    controls = Controls.make({"feather": "0.3"}, {"opacity": [(20, 1.0), (10, 0.0)], "scale": [(5, 1.5)]})
    assert [controls.at(frame).opacity for frame in (1, 10, 15, 20, 99)] == [0, 0, 0.5, 1, 1]
    assert {controls.at(frame).scale for frame in (1, 5, 60)} == {1.5}
    assert controls.at(15).feather == 0.3


def test_keys_say_how_they_pass_into_the_next_one() -> None:
    controls = Controls.make({}, {"opacity": [(10, 0.0, "hold"), (20, 0.4, "smooth"), (30, 0.8, "linear"), (40, 1.0)]})
    held, smooth, straight = ([controls.at(start + step).opacity for step in (0, 1, 5, 9)] for start in (10, 20, 30))
    assert held == [0, 0, 0, 0]
    assert smooth == pytest.approx([0.4, 0.4112, 0.6, 0.7888])
    assert straight == pytest.approx([0.8, 0.82, 0.9, 0.98])
    assert (controls.at(5).opacity, controls.at(99).opacity) == (0, 1)


WAYS = st.sampled_from(["linear", "hold", "smooth"])


@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0, 1), WAYS), min_size=1, unique_by=lambda key: key[0]))
def test_keyed_values_stay_within_their_keys(keys: list[Key]) -> None:
    controls = Controls.make({}, {"opacity": keys})
    low, high = min(key[1] for key in keys), max(key[1] for key in keys)
    for frame in range(0, 210, 7):
        assert low - 1e-12 <= controls.at(frame).opacity <= high + 1e-12
    for frame, value, *_ in keys:
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


@pytest.mark.parametrize("names", ["shot", "a/b.####", "..\\####", ".####", "####.####", "shot.%04d", "####\n", ""])
def test_names_that_are_none_are_refused(names: str) -> None:
    with pytest.raises(UsageError, match="one run of #"):
        Controls.make({"names": names}, {})


@pytest.mark.parametrize("letter", ["a", "é", "\U0001f3ac"])
def test_names_are_as_long_as_a_file_system_takes(letter: str, tmp_path: Path) -> None:
    most = (255 - len("." + "0" * 10 + ".png")) // len(letter.encode())
    for names in (f"{letter * most}.####", f"{letter * most}.####.png"):
        assert Controls.make({"names": names}, {}).constant.names == names
    with pytest.raises(UsageError, match="bytes, 255 is the most"):
        Controls.make({"names": f"{letter * (most + 1)}.####"}, {})
    with pytest.raises(UsageError, match="bytes, 255 is the most"):
        Controls.make({"names": "#" * 252}, {})
    atomic.write_bytes(tmp_path / f"{letter * most}.0000000001.png", b"it can be written")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"settings": {"occlusion_grow": "0.1"}, "keys": {"occlusion_feather": [(1, 0.1)]}}, "without a mask model"),
        ({"settings": {"occlusion": "true"}}, "occlusion: no effect without a mask model"),
        ({"settings": {"occlusion": "false", "occlusion_grow": "0.1"}, "mask_model": "m"}, "with occlusion=false"),
        ({"settings": {"occlusion": "false"}}, None),
        ({"settings": {"occlusion_grow": "0.1"}, "mask_model": "m"}, None),
        ({}, None),
    ],
)
def test_settings_without_effect_are_told(given: dict[str, Any], words: str | None) -> None:
    request = SwapRequest.model_validate({"plate": "p.mp4", "model": "m", "identity": "ben", "out": "o"} | given)
    said = idle_settings(request, Controls.make(request.settings, request.keys).constant)
    assert said is None if words is None else words in (said or "")


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


def test_fit_adds_to_the_offset() -> None:
    controls = Controls.make({"offset_y": "0.1"}, {"fit": [(10, 0.0), (20, 1.0)]})
    controls = replace(controls, features=((0.01, -0.1), (0.03, -0.14)))
    places = [(one.offset_x, one.offset_y) for one in (controls.at(frame) for frame in (10, 15, 20))]
    assert places == [pytest.approx(place) for place in ((0, 0.1), (0.01, 0.08), (0.02, 0.06))]


@given(st.floats(0.5, 2), st.tuples(*[st.floats(-0.3, 0.3)] * 4))
def test_fitted_features_lie_on_the_performers_at_any_size(scale: float, places: tuple[float, ...]) -> None:
    own, performer = places[:2], places[2:]
    controls = replace(Controls.make({"scale": str(scale)}, {}), features=(own, performer))
    at = controls.at(1)
    if own == performer == (0, 0):
        return
    assert (own[0] * at.scale + at.offset_x, own[1] * at.scale + at.offset_y) == pytest.approx(performer, abs=1e-9)
