"""A layer written and read again: untouched pixels, light above white, depth, windows, layers and time code."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.colour import FLOAT_SRGB, HLG_2020, LINEAR, PLAIN, PQ_2020, Colour
from ml_backend.media.exr import read_exr
from ml_backend.media.frame import SourceInfo
from ml_backend.media.ocio import ocio_colour
from ml_backend.media.timecode_words import Timecode, Words
from ml_backend.swapping.layer import Layer, combine
from ml_backend.swapping.layer_file import LayerFormat, as_light, choose_format, encode, encode_again, read_layer
from ml_backend.swapping.settings import SwapSettings

WIDTH, HEIGHT = 40, 30
WINDOW = (7, 5, 12, 9)


def layer(seed: int = 0, most: float = 1.0) -> Layer:
    random = np.random.default_rng(seed)
    rgba = random.random((WINDOW[3], WINDOW[2], 4), np.float32)
    rgba[..., :3] *= most
    rgba[0, 0, 3] = 0
    return Layer(WINDOW[0], WINDOW[1], rgba, {})


def info(depth: int, **changes: object) -> SourceInfo:
    values: dict[str, object] = {
        "path": Path("plate"),
        "kind": "sequence",
        "width": WIDTH,
        "height": HEIGHT,
        "first": 1001,
        "last": 1010,
        "count": 10,
        "fps": Fraction(24),
        "bit_depth": depth,
        "variable_rate": False,
        "timecode": "01:00:00:00",
    }
    return SourceInfo(**values | changes)  # type: ignore[arg-type]


def written(one: Layer, how: LayerFormat, folder: Path, number: int = 1001) -> np.ndarray:
    window = (5, 2, 16, 20) if how.crop else None
    file = folder / how.file(number)
    file.write_bytes(encode(one, how, window))
    return read_layer(file, (HEIGHT, WIDTH), window, how.colour)


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize(("kind", "steps"), [("png8", 255), ("png16", 65535)])
def test_png_keeps_every_code_and_nothing_outside(kind: str, steps: int, crop: bool, tmp_path: Path) -> None:
    one = layer()
    how = LayerFormat(kind, crop, False, WIDTH, HEIGHT, PLAIN)  # type: ignore[arg-type]
    back = written(one, how, tmp_path)
    x, y, width, height = WINDOW
    np.testing.assert_array_equal(np.round(back[y : y + height, x : x + width] * steps), np.round(one.rgba * steps))
    back[y : y + height, x : x + width] = 0
    assert not back.any()


def test_16_bit_output_has_more_than_8_bit_steps(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 4096, dtype=np.float32).reshape(1, -1, 1).repeat(4, 2)
    ramp[..., 3] = 1
    how = LayerFormat("png16", False, False, 4096, 1, PLAIN)
    (tmp_path / "a.png").write_bytes(encode(Layer(0, 0, ramp, {}), how))
    back = read_layer(tmp_path / "a.png", (1, 4096), None, PLAIN)
    assert len(np.unique(back[..., 0])) == 4096


@given(st.floats(0, 16), st.floats(0.01, 1))
@settings(max_examples=30, deadline=None)
def test_light_far_above_white_survives_in_exr(light: float, alpha: float) -> None:
    import tempfile

    rgba = np.full((2, 3, 4), light, np.float32)
    rgba[..., 3] = alpha
    how = LayerFormat("exr", False, False, WIDTH, HEIGHT, LINEAR)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.exr"
        file.write_bytes(encode(Layer(4, 6, rgba, {}), how))
        channels = read_exr(file).channels
    assert channels["R"].shape == (HEIGHT, WIDTH)
    assert channels["R"][6, 4] == pytest.approx(light * alpha, rel=2**-10, abs=1e-7)
    assert channels["A"][6, 4] == pytest.approx(alpha, rel=2**-10)
    assert channels["A"][5, 4] == channels["R"][8, 4] == 0


def test_exr_is_premultiplied_and_knows_rate_and_time(tmp_path: Path) -> None:
    how = choose_format(SwapSettings(), info(32), LINEAR)
    assert (how.kind, how.alpha, how.file(1001)) == ("exr", "premultiplied", "001001.exr")
    file = tmp_path / "a.exr"
    file.write_bytes(encode(layer(), how, timecode=Timecode("01:00:00:04")))
    assert (read_exr(file).timecode, read_exr(file).fps) == ("01:00:00:04", 24)
    x, y, width, height = WINDOW
    back = read_exr(file).channels["G"][y : y + height, x : x + width]
    np.testing.assert_allclose(back, layer().rgba[..., 1] * layer().rgba[..., 3], rtol=2**-10, atol=1e-6)


def test_named_layers_of_an_exr_are_those_that_compositors_look_for(tmp_path: Path) -> None:
    one = layer()
    shape = one.rgba.shape[:2]
    uv = np.stack(np.meshgrid(np.linspace(0, 1, shape[1]), np.linspace(1, 0, shape[0])), 2).astype(np.float32)
    extra = {"raw": one.rgba[..., :3], "mask": one.rgba[..., 3], "visible": one.rgba[..., 0], "uv": uv}
    how = choose_format(SwapSettings(layers=True, output="exr"), info(8), PLAIN)
    file = tmp_path / "a.exr"
    file.write_bytes(encode(Layer(one.x, one.y, one.rgba, extra), how))
    channels = read_exr(file).channels
    names = {"R", "G", "B", "A", "raw.R", "raw.G", "raw.B", "mask.A", "occlusion.A", "uv.U", "uv.V"}
    assert channels.keys() == names
    x, y, width, height = WINDOW
    empty = tmp_path / "b.exr"
    empty.write_bytes(encode(combine([]), how))
    nothing = read_exr(empty).channels
    assert nothing.keys() == names, "a frame without a face has the same layers"
    assert nothing["occlusion.A"].min() == 1
    assert not any(values.any() for name, values in nothing.items() if name != "occlusion.A")
    np.testing.assert_array_equal(channels["uv.U"][y : y + height, x : x + width], uv[..., 0])  # not cut to a half


@pytest.mark.parametrize(
    ("colour", "depth"),
    [(PLAIN, 16), (PQ_2020, 16), (HLG_2020, 16), (FLOAT_SRGB, 32), (ocio_colour("ACEScct"), 32)],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_an_exr_of_a_coded_plate_holds_light(colour: Colour, depth: int, tmp_path: Path) -> None:
    how = choose_format(SwapSettings(output="exr"), info(depth), colour)
    assert how.colour.name.startswith("Linear")
    picture = np.random.default_rng(1).random((3, 4, 3), np.float32)
    light = how.colour.from_display(picture, None)
    rgba = np.dstack([light, np.ones((3, 4), np.float32)])
    back = written(Layer(2, 3, rgba, {}), how, tmp_path)[3:6, 2:6]
    np.testing.assert_allclose(back[..., :3], picture, atol=4e-3)
    assert as_light(how.colour) == how.colour


def test_what_would_lose_light_or_layers_is_refused() -> None:
    with pytest.raises(UsageError, match="output=png would cut"):
        choose_format(SwapSettings(output="png"), info(32), LINEAR)
    with pytest.raises(UsageError, match="layers=true needs EXR"):
        choose_format(SwapSettings(layers=True), info(8), PLAIN)


@pytest.mark.parametrize("kind", ["png8", "png16", "exr"])
@pytest.mark.parametrize("crop", [False, True])
def test_a_frame_without_a_face_is_a_transparent_frame(kind: str, crop: bool, tmp_path: Path) -> None:
    colour = LINEAR if kind == "exr" else PLAIN
    back = written(combine([]), LayerFormat(kind, crop, False, WIDTH, HEIGHT, colour), tmp_path)  # type: ignore[arg-type]
    assert back.shape == (HEIGHT, WIDTH, 4)
    assert not back.any()


def test_a_layer_of_another_size_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode(layer(), LayerFormat("png8", False, False, WIDTH, HEIGHT, PLAIN)))
    with pytest.raises(BackendError, match=r"a\.png is 40×30, the swap says 10×20"):
        read_layer(tmp_path / "a.png", (20, 10), None, PLAIN)


@pytest.mark.parametrize("kind", ["png8", "png16", "exr"])
@pytest.mark.parametrize("wanted", [(2, 1, 30, 25), (4, 4, 16, 20), (7, 5, 12, 9), (12, 0, 20, 30)])
def test_a_file_that_is_cropped_anew_equals_one_that_was_made_so(
    kind: str, wanted: tuple[int, int, int, int], tmp_path: Path
) -> None:
    one, narrow = layer(), (6, 4, 14, 11)
    shape = one.rgba.shape[:2]
    planes = {"raw": one.rgba[..., :3], "mask": one.rgba[..., 3], "visible": one.rgba[..., 0]}
    whole = Layer(one.x, one.y, one.rgba, planes | {"uv": np.full((*shape, 2), 1 / 3, np.float32)})
    how = LayerFormat(kind, True, kind == "exr", WIDTH, HEIGHT, LINEAR, Fraction(24))  # type: ignore[arg-type]
    code = Timecode("01:00:00:02", Words(0xC1008082, 0x12345678))
    file = tmp_path / how.file(1003)
    file.write_bytes(encode(whole, how, narrow, code))
    again = encode_again(file, how, narrow, wanted)
    assert again == encode(whole, how, wanted, code)
    assert again != file.read_bytes()
