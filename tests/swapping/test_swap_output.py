"""What a swap writes: depth, light above white, crops, layers."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ml_backend.errors import UsageError
from ml_backend.evaluation.evaluate import run_evaluate
from ml_backend.facesets.extract import run_extract
from ml_backend.media.colour import LINEAR
from ml_backend.media.exr import encode_exr, read_exr
from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture
from ml_backend.progress import SilentReporter
from ml_backend.requests import EvaluateRequest, ExtractRequest, Plate
from ml_backend.swapping.manifest import read_manifest

from .plates import write_plate

Swap = Callable[..., dict[str, Any]]


class Listener(SilentReporter):
    """Remembers the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def test_a_crop_lies_where_the_manifest_says(swap: Swap, tmp_path: Path) -> None:
    swap(out=tmp_path / "full")
    swap(out=tmp_path / "crop", settings={"crop": "true"})
    for whole, part in zip(
        read_manifest(tmp_path / "full").frames, read_manifest(tmp_path / "crop").frames, strict=True
    ):
        assert whole.window is None
        assert part.window is not None
        x, y, width, height = part.window
        rgba = read_picture(tmp_path / "full" / whole.file)
        cropped = read_picture(tmp_path / "crop" / part.file)
        assert np.array_equal(rgba[y : y + height, x : x + width], cropped)
        rgba[y : y + height, x : x + width] = 0
        assert not rgba[..., 3].any()
        assert (tmp_path / "crop" / part.file).stat().st_size < (tmp_path / "full" / whole.file).stat().st_size


def test_crops_have_one_size_in_pieces_as_in_the_whole(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    height, width = frames[0].shape[:2]
    images = []
    for number, scale in enumerate((0.4, 0.45, 0.9, 1.0)):  # it comes nearer, and moves
        place = np.array([[scale, 0, 20 + 9 * number], [0, scale, 3 * number]])
        images.append(cv2.warpAffine(frames[0], place, (width + 61, height + 40)))
    plate = str(write_plate(tmp_path / "plate", images))
    settings = {"crop": "true", "smooth": "0", "mask_smooth": "0", "learned_mask": "false", "motion_blur": "0.5"}
    swap(plate=plate, frames=None, out=tmp_path / "whole", settings=settings)
    swap(plate=plate, frames="1-1", out=tmp_path / "pieces", settings=settings)
    first = read_manifest(tmp_path / "pieces").frames[0]
    swap(plate=plate, frames="2-4", out=tmp_path / "pieces", settings=settings)
    whole, pieces = read_manifest(tmp_path / "whole"), read_manifest(tmp_path / "pieces")
    assert pieces.frames == whole.frames
    assert len({frame.window[2:] for frame in whole.frames if frame.window}) == 1
    assert len({frame.window[:2] for frame in whole.frames if frame.window}) > 1
    assert first.window is not None
    assert whole.frames[0].window is not None
    assert first.window[2] < whole.frames[0].window[2]
    for name in ("000001.png", "000004.png"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "pieces" / name).read_bytes()
    swap(plate=plate, frames=None, out=tmp_path / "full", settings=settings | {"crop": "false"})
    for frame in whole.frames:
        assert frame.window
        x, y, wide, high = frame.window
        full = read_picture(tmp_path / "full" / frame.file)
        assert np.array_equal(full[y : y + high, x : x + wide], read_picture(tmp_path / "whole" / frame.file))
        assert full[..., 3].any()
        full[y : y + high, x : x + wide] = 0
        assert not full.any(), "nothing that was painted is cut off"


def test_light_above_white_goes_through_a_float_plate(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    """Outside the layer nothing is stored; inside, the plate's highlights lie on the made face."""
    folder = tmp_path / "plate"
    folder.mkdir()
    random = np.random.default_rng(2)
    for number, image in enumerate(frames, 1001):
        light = LINEAR.from_display(image.astype(np.float32) / 255, None)
        light[150:200, 150:230] += 16 * random.random((50, 80, 1), np.float32) ** 8
        channels = {name: np.ascontiguousarray(light[..., n]) for n, name in enumerate("RGB")}
        recorded = {"timeCode": f"01:00:00:{number - 1000:02d}", "framesPerSecond": Fraction(24)}
        (folder / f"shot.{number}.exr").write_bytes(encode_exr(channels, half=False, attributes=recorded))
    result = swap(plate=str(folder), frames=None, settings={"output": "auto"})
    assert (result["frames"], result["faces"]) == (3, 3)
    manifest = read_manifest(tmp_path / "swap")
    assert (manifest.output, manifest.alpha, manifest.colour, manifest.bit_depth) == (
        "exr",
        "premultiplied",
        "Linear Rec.709",
        32,
    )
    assert (manifest.fps, manifest.timecode) == ("24", "01:00:00:01")
    assert read_exr(tmp_path / "swap" / "001003.exr").timecode == "01:00:00:03"
    (plate,) = open_source(folder, "1002").frames()
    layer = read_exr(tmp_path / "swap" / "001002.exr").channels
    full = layer["A"] > 0.999
    bright = full & (plate.stored[..., 1] > 2)
    assert bright.sum() > 10
    # the made face in the display range, and on it what of the plate lies above white
    beyond = plate.stored[..., 1][bright] - 1
    assert ((layer["G"][bright] >= beyond * (1 - 2**-10)) & (layer["G"][bright] <= beyond + 1.2)).all()
    assert layer["G"].max() > 8
    assert not layer["G"][layer["A"] == 0].any()
    with pytest.raises(UsageError, match="output=png would cut"):
        swap(plate=str(folder), frames=None, settings={"output": "png"}, out=tmp_path / "png")


def test_a_face_brighter_than_white_is_swapped_where_it_is_looked_at_darker(
    swap: Swap, frames: list[np.ndarray], tmp_path: Path
) -> None:
    """Four times the light, looked at two stops darker: the same face, four times as bright."""
    layers, listener = {}, Listener()
    cases = (("usual", 1, "Linear Rec.709"), ("bright", 4, "Linear Rec.709@-2"), ("burnt", 4, "Linear Rec.709"))
    for name, gain, space in cases:
        folder = tmp_path / name
        folder.mkdir()
        for number, image in enumerate(frames, 1):
            light = LINEAR.from_display(image.astype(np.float32) / 255, None) * np.float32(gain)
            channels = {channel: np.ascontiguousarray(light[..., n]) for n, channel in enumerate("RGB")}
            (folder / f"{number:04d}.exr").write_bytes(encode_exr(channels, half=False))
        out = tmp_path / f"swap_{name}"
        swap(plate=str(folder), frames=None, colourspace=space, settings={"output": "auto"}, out=out, reporter=listener)
        layers[name] = read_exr(out / "000002.exr").channels
        assert any('"Linear Rec.709@-2" looks' in text for text in listener.messages) == (name == "burnt")
    usual, bright = (np.dstack([layers[name][c] for c in "RGB"]) for name in ("usual", "bright"))
    assert np.array_equal(layers["usual"]["A"], layers["bright"]["A"])
    assert (usual[layers["usual"]["A"] > 0.99] * 4 > 1).any()
    assert np.abs(bright - 4 * usual).max() < 4e-3


def test_a_face_that_is_too_dark_to_be_seen_is_told(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    listener = Listener()
    plain = {"grain": "0", "detail": "0"}
    dark = write_plate(tmp_path / "dark", [(frames[0] * 0.28).astype(np.uint8), frames[1], frames[2] // 4])
    swap(plate=str(dark), frames=None, settings=plain, reporter=listener)
    (said,) = [text for text in listener.messages if "so dark" in text]
    assert said.startswith("On 2 frames (1, 3) the face is")
    assert said.endswith('--colourspace "sRGB@3" looks at the plate brighter.')
    listener.messages.clear()
    swap(plate=str(dark), frames=None, colourspace="sRGB@3", settings=plain, reporter=listener)
    assert not any("so dark" in text for text in listener.messages)


def test_a_plate_that_says_its_exposure_is_evaluated_as_it_was_swapped(
    swap: Swap, frames: list[np.ndarray], tmp_path: Path
) -> None:
    folder, out, listener = tmp_path / "bright", tmp_path / "swap", Listener()
    folder.mkdir()
    light = LINEAR.from_display(frames[0].astype(np.float32) / 255, None) * np.float32(16)
    channels = {channel: np.ascontiguousarray(light[..., n]) for n, channel in enumerate("RGB")}
    (folder / "0001.exr").write_bytes(encode_exr(channels, half=False))
    plate = {"source": str(folder), "colourspace": "Linear Rec.709@-1"}
    swap(plate=plate, frames=None, settings={"output": "auto"}, reporter=listener)
    assert any('"Linear Rec.709@-3" looks' in text for text in listener.messages), "darker than it is looked at"
    (tmp_path / "plate.json").write_text(json.dumps(plate | {"colourspace": "Linear Rec.709@-4"}))
    swap(plate=str(tmp_path / "plate.json"), frames=None, settings={"output": "auto"})
    assert read_manifest(out).plate["colourspace"] == "Linear Rec.709@-4"
    asked = EvaluateRequest(swap=out, plate=read_manifest(out).plate["source"], report=False)
    figures = run_evaluate(asked, SilentReporter())
    assert figures["frames_without_face"] == 0
    told = run_evaluate(asked.model_copy(update={"colourspace": "Linear Rec.709@-4"}), SilentReporter())
    assert figures["identity_to_identity"] == told["identity_to_identity"] is not None


def test_a_layer_lies_in_the_plates_own_pixels_and_not_where_the_plate_is_empty(
    swap: Swap, frames: list[np.ndarray], tmp_path: Path
) -> None:
    folder, listener = tmp_path / "plate", Listener()
    folder.mkdir()
    height, width = frames[0].shape[:2]
    for number, image in enumerate(frames, 1):
        squeezed = cv2.resize(image, (width // 2, height), interpolation=cv2.INTER_AREA)
        light = LINEAR.from_display(squeezed.astype(np.float32) / 255, None)
        channels = {name: np.ascontiguousarray(light[..., n]) for n, name in enumerate("RGB")}
        channels["A"] = np.ones((height, width // 2), np.float32)
        channels["A"][:, width // 4 :] = 0
        channels["A"][: height // 2, : width // 4] = 0.5
        data = encode_exr(channels, display=(100, -50, width // 2, height), attributes={"pixelAspectRatio": 2.0})
        (folder / f"shot.{number}.exr").write_bytes(data)
    wanted = {"crop": "true", "output": "auto", "learned_mask": "false"}
    swap(listener, plate=str(folder), frames=None, settings=wanted)
    told = "pixels 2 times as wide as high"
    assert any(told in text for text in listener.messages)
    others = Listener()
    run_evaluate(EvaluateRequest(swap=tmp_path / "swap", plate=str(folder), frames="1", report=False), others)
    run_extract(ExtractRequest(sources=[str(folder)], faceset=tmp_path / "faces", frames="1"), others)
    assert sum(told in text for text in others.messages) == 2
    manifest = read_manifest(tmp_path / "swap")
    window = manifest.frames[1].window
    assert manifest.pixel_aspect == 2
    assert window is not None
    read = read_exr(tmp_path / "swap" / "000002.exr")
    assert (read.pixel_aspect, read.origin, read.width, read.height) == (2, (100, -50), width // 2, height)
    assert read.parts[0].window == (window[0] + 100, window[1] - 50, *window[2:])
    alpha = read.channels["A"]
    assert not alpha[:, width // 4 + 1 :].any()
    assert alpha[height // 2 :].max() == 1
    assert alpha[: height // 2].max() == 0.5


@pytest.mark.parametrize("crop", ["false", "true"])
def test_an_anamorphic_plate_gets_the_face_of_the_same_plate_unsqueezed(
    crop: str, swap: Swap, frames: list[np.ndarray], tmp_path: Path
) -> None:
    size = frames[0].shape[1] // 2, frames[0].shape[0]
    folder = write_plate(
        tmp_path / "plate", [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
    )
    wanted = {"crop": crop, "learned_mask": "false", "grain": "0"}
    square = write_plate(tmp_path / "square", frames)
    swap(plate=str(square), frames=None, out=tmp_path / "one", settings=wanted | {"crop": "false"})
    swap(plate=Plate(source=str(folder), pixel_aspect=2), frames=None, settings=wanted)
    one, other = read_manifest(tmp_path / "one"), read_manifest(tmp_path / "swap")
    assert (other.width, other.height, other.pixel_aspect) == (*size, 2)
    for record, narrow in zip(one.frames, other.frames, strict=True):
        large = read_picture(tmp_path / "one" / record.file).astype(np.float32)
        x, y, width, height = narrow.window or (0, 0, *size)
        there = np.zeros((size[1], size[0], 4), np.float32)
        there[y : y + height, x : x + width] = read_picture(tmp_path / "swap" / narrow.file)
        large[..., :3] *= large[..., 3:] / 255
        there[..., :3] *= there[..., 3:] / 255
        assert np.abs(cv2.resize(large, size, interpolation=cv2.INTER_AREA) - there).mean() < 0.5
        assert large[..., 3].mean() > 20
        into, into_narrow = np.array(record.transforms[0]), np.array(narrow.transforms[0])
        eye, narrow_eye = np.array([180, 160, 1.0]), np.array([180.5 / 2 - 0.5, 160, 1])
        assert np.abs(into @ eye - into_narrow @ narrow_eye).max() < 0.5
    asked = {"swap": tmp_path / "swap", "plate": str(folder), "truth": str(folder), "report": False}
    figures = run_evaluate(EvaluateRequest(**asked), SilentReporter())
    assert figures["frames_without_face"] == 0
    assert figures["psnr"] > 15


def test_another_format_takes_the_place_of_the_first(swap: Swap, tmp_path: Path) -> None:
    swap()
    swap(settings={"output": "exr", "layers": "true"})
    out = tmp_path / "swap"
    assert sorted(file.suffix for file in out.glob("0*")) == [".exr"] * 3
    assert {"raw.R", "mask.A", "occlusion.A", "uv.U"} <= read_exr(out / "000002.exr").channels.keys()
    swap()
    assert sorted(file.suffix for file in out.glob("0*")) == [".png"] * 3


def test_layers_leave_the_picture_as_it_is(swap: Swap, tmp_path: Path) -> None:
    rgba = {}
    for name, settings in (("plain", {}), ("layered", {"layers": "true"})):
        swap(out=tmp_path / name, settings={"output": "exr", "grain": "1", **settings})
        channels = read_exr(tmp_path / name / "000002.exr").channels
        rgba[name] = np.dstack([channels[component] for component in "RGBA"])
    assert np.array_equal(rgba["plain"], rgba["layered"])


def test_a_deep_plate_gives_deep_pictures(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    plate = write_plate(tmp_path / "plate", [frames[0].astype(np.uint16) * 257])
    swap(plate=str(plate), frames=None)
    layer = read_picture(tmp_path / "swap" / "000001.png")
    assert (layer.dtype, layer.shape) == (np.uint16, (384, 384, 4))
    assert read_manifest(tmp_path / "swap").bit_depth == 16
    assert (layer[..., 3] % 257 != 0).any(), "alpha is finer than 8 bit"


def test_files_are_named_as_asked_and_are_a_sequence(swap: Swap, tmp_path: Path) -> None:
    out = tmp_path / "swap"
    swap(frames="1-2")
    swap(frames="1-2", settings={"names": "shot_v001.####.png"})
    assert [frame.file for frame in read_manifest(out).frames] == ["shot_v001.0001.png", "shot_v001.0002.png"]
    assert sorted(file.name for file in out.glob("*.png")) == ["shot_v001.0001.png", "shot_v001.0002.png"]
    assert open_source(str(out / "shot_v001.####.png")).numbers == [1, 2]
    assert swap(frames="1-2", settings={"names": "shot_v001.####.png"})["frames_made"] == 0
    pictures = [file.read_bytes() for file in sorted(out.glob("*.png"))]
    assert swap(frames="1-2", settings={"names": "shot_v002.####.png"})["frames_made"] == 0, "a name is no pixel"
    assert [frame.file for frame in read_manifest(out).frames] == ["shot_v002.0001.png", "shot_v002.0002.png"]
    assert [file.read_bytes() for file in sorted(out.glob("*.png"))] == pictures
    with pytest.raises(UsageError, match="the files are PNG"):
        swap(frames="1-2", settings={"names": "shot_v001.####.exr"})
