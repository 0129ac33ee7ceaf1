"""From stored values to a display picture and back: nothing is lost, and the curves are those of the standards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml_backend.errors import UsageError
from ml_backend.media.choose_colour import choose_colour
from ml_backend.media.colour import FLOAT_SRGB, HLG_2020, KNOWN, LINEAR, PLAIN, PQ_2020, PQ_P3, LightColour, exposed
from ml_backend.media.transfer import (
    BT2020,
    REC709,
    hlg_decode,
    hlg_show,
    pq_decode,
    pq_encode,
    primaries_matrix,
    srgb_decode,
    srgb_encode,
)

shapes = st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))
light = arrays.arrays(np.float32, shapes, elements=st.floats(-65504, 65504, width=32))
codes = arrays.arrays(np.uint16, shapes)


@given(light)
def test_scene_linear_light_survives(stored: np.ndarray) -> None:
    shown = LINEAR.to_display(stored)
    assert shown.picture.min() >= 0
    assert shown.picture.max() <= 1
    back = LINEAR.from_display(*shown)
    assert back.dtype == np.float32
    assert np.all(np.abs(back - stored) <= np.spacing(np.maximum(np.abs(stored), np.float32(1))))


@given(arrays.arrays(np.float16, shapes, elements=st.floats(-65504, 65504, width=16)))
def test_half_floats_survive_bit_for_bit(stored: np.ndarray) -> None:
    back = LINEAR.from_display(*LINEAR.to_display(stored.astype(np.float32)))
    far = np.abs(stored) >= 2**-12  # below, the sum of two parts rounds to steps that halfs can tell apart
    assert np.array_equal(back.astype(np.float16)[far], stored[far])
    assert np.abs(back - stored.astype(np.float32)).max() <= 2**-22


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_leaves_the_picture_clean(value: float) -> None:
    stored = np.array([[[value, 0.5, 2.0]]], np.float32)
    shown = LINEAR.to_display(stored)
    assert np.isfinite(shown.picture).all()
    assert np.array_equal(LINEAR.from_display(*shown), stored, equal_nan=True)
    assert LINEAR.image(stored)[0, 0, 0] == (65535 if value == np.inf else 0)


def test_what_lies_beyond() -> None:
    shown = LINEAR.to_display(np.array([[[4.0, 0.25, -0.125]]], np.float32))
    assert shown.beyond is not None
    assert shown.beyond[0, 0] == pytest.approx([3.0, 0.0, -0.125], abs=1e-6)
    assert shown.picture[0, 0] == pytest.approx([1.0, 0.537099, 0.0], abs=1e-5)


def test_a_new_face_keeps_the_plates_highlight() -> None:
    """The picture is changed, what it cannot hold stays on top of it."""
    shown = LINEAR.to_display(np.full((1, 1, 3), 16.0, np.float32))
    assert LINEAR.from_display(shown.picture, shown.beyond)[0, 0] == pytest.approx([16] * 3)
    assert LINEAR.from_display(np.zeros((1, 1, 3), np.float32), shown.beyond)[0, 0] == pytest.approx([15] * 3)


@given(light, st.floats(-8, 8))
def test_another_exposure_changes_what_is_seen_and_no_value(stored: np.ndarray, stops: float) -> None:
    colour = exposed(LINEAR, stops)
    shown = colour.to_display(stored)
    seen = LINEAR.to_display(stored * np.float32(2.0**stops)).picture
    assert np.abs(shown.picture - seen).max() <= 1e-6
    back = colour.from_display(*shown)
    assert np.all(np.abs(back - stored) <= 2 * np.spacing(np.maximum(np.abs(stored), np.float32(2.0**-stops))))


def test_exposures_by_name() -> None:
    plate = np.full((1, 1, 3), 4.0, np.float32)
    darker = choose_colour(" Linear Rec.709 @ -2.5")
    assert isinstance(darker, LightColour)
    assert (darker.gain, darker.name, darker.version) == (2**-2.5, "Linear Rec.709", "@-2.5")
    seen = srgb_encode(np.full(3, 4 / 2**2.5, np.float32))
    assert darker.to_display(plate).picture[0, 0] == pytest.approx(seen)
    assert np.abs(darker.image(plate) - darker.to_display(plate).picture * 65535).max() <= 1.5
    brighter = choose_colour("sRGB@1")
    assert isinstance(brighter, LightColour)
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert np.abs(brighter.from_display(*brighter.to_display(codes)) * 255 - codes).max() < 0.01
    assert brighter.to_display(codes).picture.mean() > PLAIN.to_display(codes).picture.mean() + 0.05
    assert choose_colour("sRGB@0") is PLAIN
    for text in ("sRGB@", "sRGB@x", "sRGB@nan", "sRGB@21"):
        with pytest.raises(UsageError, match="no exposure"):
            choose_colour(text)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_integers_are_only_scaled(kind: type) -> None:
    most = np.iinfo(kind).max
    stored = np.arange(most + 1, dtype=kind)[:, None, None].repeat(3, axis=2)
    shown = PLAIN.to_display(stored)
    assert shown.beyond is None
    assert shown.picture.dtype == np.float32
    assert np.array_equal(np.rint(PLAIN.from_display(*shown) * most), stored)


@pytest.mark.parametrize("colour", [PQ_2020, PQ_P3, HLG_2020], ids=lambda colour: colour.name)
def test_every_grey_code_of_hdr_comes_back(colour: LightColour) -> None:
    stored = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    back = colour.from_display(*colour.to_display(stored)) * 65535
    assert np.abs(back - stored).max() < 0.1


@pytest.mark.parametrize("colour", [PQ_2020, PQ_P3, HLG_2020], ids=lambda colour: colour.name)
@settings(max_examples=60, deadline=None)
@given(inside=arrays.arrays(np.float32, shapes, elements=st.floats(0, 1, width=32)), bright=st.floats(0.01, 20))
def test_colours_of_rec709_come_back_to_a_code(colour: LightColour, inside: np.ndarray, bright: float) -> None:
    linear = colour.gamut.from_rec709(inside * np.float32(bright))
    stored = np.rint(colour.curve.encode(linear) * 65535).astype(np.uint16)
    back = colour.from_display(*colour.to_display(stored)) * 65535
    assert np.abs(back - stored).max() <= 1


@pytest.mark.parametrize("colour", [PQ_2020, PQ_P3, HLG_2020], ids=lambda colour: colour.name)
@settings(max_examples=60, deadline=None)
@given(stored=codes)
def test_any_code_comes_back_to_a_step_of_12_bit(colour: LightColour, stored: np.ndarray) -> None:
    """Black in one channel beside saturated light in another is the worst: float32 has no room for both."""
    back = colour.from_display(*colour.to_display(stored)) * 65535
    assert np.abs(back - stored).max() <= 16


@pytest.mark.parametrize("white", [65283 / 65535, 65472 / 65535])
def test_a_movies_white(white: float) -> None:
    colour = LightColour(PQ_2020.name, PQ_2020.curve, PQ_2020.gamut, white)
    stored = np.rint(np.full((1, 1, 3), float(pq_encode(np.float32([1.0]))[0]) * white * 65535)).astype(np.uint16)
    shown = colour.to_display(stored)
    assert shown.picture[0, 0] == pytest.approx([1] * 3, abs=2e-4)
    assert np.abs(colour.from_display(*shown) * 65535 - stored).max() < 0.1


@pytest.mark.parametrize("colour", [LINEAR, FLOAT_SRGB, PQ_2020, HLG_2020], ids=lambda colour: colour.name)
def test_the_image_is_the_picture(colour: LightColour) -> None:
    """The fast way to the 16-bit image and the exact one agree to a code, and the steps of 12 bit stay apart."""
    ramp = np.linspace(0, 1, 4096, dtype=np.float32)
    stored = ramp.reshape(64, 64, 1).repeat(3, axis=2)
    stored = stored if colour in (LINEAR, FLOAT_SRGB) else np.rint(stored * 65535).astype(np.uint16)
    image = colour.image(stored)
    assert image.dtype == np.uint16
    assert np.abs(image - colour.to_display(stored).picture * 65535).max() <= 1.5
    if colour in (LINEAR, FLOAT_SRGB):
        assert len(np.unique(image)) == 4096


@given(arrays.arrays(np.float32, shapes, elements=st.floats(-4, 64, width=32)))
def test_float_pictures_of_display_values(stored: np.ndarray) -> None:
    shown = FLOAT_SRGB.to_display(stored)
    assert np.allclose(shown.picture, stored.clip(0, 1), atol=1e-6)
    assert np.allclose(FLOAT_SRGB.from_display(*shown), stored, rtol=1e-5, atol=1e-5)


def test_the_srgb_curve() -> None:
    code = np.array([0, 0.04045, 0.5, 1.0], np.float32)
    linear = np.array([0, 0.0031308, 0.2140411, 1.0], np.float32)
    assert srgb_decode(code) == pytest.approx(linear, abs=1e-6)
    assert srgb_encode(linear) == pytest.approx(code, abs=1e-5)


def test_pq_by_st_2084() -> None:
    """Code values of BT.2408: 203 cd/m² is 58.1 %, 1000 cd/m² is 75.2 %, the peak is 100 %."""
    nits = np.array([0, 0.1, 100, 203, 1000, 10000], np.float32)
    known = [0.0, 0.0623, 0.5081, 0.5807, 0.7518, 1.0]
    assert pq_encode(nits / np.float32(203)) == pytest.approx(known, abs=1e-4)
    assert pq_decode(np.float32(known)) * 203 == pytest.approx(nits, rel=2e-3, abs=1e-3)


def test_hlg_by_bt_2100() -> None:
    """BT.2408: 75 % is the HDR reference white; the peak of the reference display is 1000 cd/m²."""
    grey = np.float32([0.5, 0.75, 1.0]).reshape(1, 3, 1).repeat(3, axis=2)
    scene = hlg_decode(grey)
    assert scene[0, :, 0] == pytest.approx([1 / 12, 0.26496, 1.0], abs=1e-4)
    assert hlg_show(scene)[0, :, 0] * 203 == pytest.approx([50.7, 203, 1000], rel=2e-3)


def test_primaries_by_bt_2087() -> None:
    known = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    assert primaries_matrix(REC709, BT2020) == pytest.approx(np.array(known), abs=1e-4)


def test_names_that_need_no_opencolorio() -> None:
    assert choose_colour(None) is None
    for name in ("sRGB", "linear rec.709", "PQ BT.2020", "HLG BT.2020", "pq p3-d65", "sdr bt.2020"):
        chosen = choose_colour(name)
        assert chosen is not None
        assert chosen is KNOWN[name.lower()]


def test_a_configuration_alone_says_nothing(tmp_path: object) -> None:
    with pytest.raises(UsageError, match="no colour space"):
        choose_colour(None, tmp_path)
