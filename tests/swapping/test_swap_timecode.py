"""The time code of a swap: each layer's and each record's is that of its own plate frame."""

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import OpenEXR
import pytest

from ml_backend.media.colour import LINEAR
from ml_backend.media.exr import read_exr
from ml_backend.swapping.journal import Journal
from ml_backend.swapping.manifest import read_manifest

Swap = Callable[..., dict[str, Any]]

NEAR = dict.fromkeys(("smooth", "mask_smooth", "sharpness", "grain", "detail", "performance", "inner_mouth"), "0")
"""A frame depends on itself and the two beside it alone."""

JUMPING = [
    OpenEXR.TimeCode(1, 0, 0, 23, *[False] * 6, *[0] * 8),
    OpenEXR.TimeCode(1, 0, 1, 0, False, True, True, False, True, True, *range(8)),
    OpenEXR.TimeCode(9, 59, 59, 29, True, *[False] * 5, *[15] * 8),
]


def plate(folder: Path, images: Sequence[np.ndarray], codes: Sequence[OpenEXR.TimeCode | None], **header: Any) -> Path:
    """A sequence of EXRs from 1001, as another program writes them."""
    folder.mkdir()
    for number, (image, code) in enumerate(zip(images, codes, strict=True), 1001):
        light = LINEAR.from_display(image.astype(np.float32) / 255, None)
        channels = {name: np.ascontiguousarray(light[..., n], np.float16) for n, name in enumerate("RGB")}
        attributes = {"type": OpenEXR.scanlineimage, **header} | ({} if code is None else {"timeCode": code})
        OpenEXR.File(attributes, channels).write(str(folder / f"shot.{number}.exr"))
    return folder


def headers(folder: Path) -> list[OpenEXR.TimeCode | None]:
    files = sorted(folder.glob("*.exr"))
    return [OpenEXR.File(str(file), header_only=True).parts[0].header.get("timeCode") for file in files]


def recorded(folder: Path) -> list[str | None]:
    return [frame.timecode for frame in read_manifest(folder).frames]


def test_codes_that_jump_are_kept_without_a_rate(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    folder, out = plate(tmp_path / "plate", frames, JUMPING), tmp_path / "swap"
    asked: dict[str, Any] = {"plate": str(folder), "frames": None, "settings": NEAR}
    swap(**asked)
    assert headers(out) == JUMPING
    assert recorded(out) == ["01:00:00:23", "01:00:01:00", "09:59:59;29"]
    assert read_manifest(out).timecode == "01:00:00:23"
    assert swap(**asked)["frames_made"] == 0

    changed = [*JUMPING[:2], OpenEXR.TimeCode(2, 0, 0, 0, *[False] * 6, *[0] * 8)]
    plate(tmp_path / "other", frames, changed)
    (tmp_path / "other" / "shot.1003.exr").replace(folder / "shot.1003.exr")
    assert swap(**asked)["frames_made"] == 2, "the last frame and the one before it"
    assert headers(out) == changed
    assert recorded(out)[2] == "02:00:00:00"


def test_fifty_frames_a_second_and_a_frame_without_a_code(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    second = OpenEXR.TimeCode(1, 0, 0, 24, False, False, True, *[False] * 3, *[0] * 8)
    codes = [OpenEXR.TimeCode(1, 0, 0, 24, *[False] * 6, *[0] * 8), second, None]
    folder = plate(tmp_path / "plate", frames, codes, framesPerSecond=Fraction(50))
    swap(plate=str(folder), frames=None)
    assert headers(tmp_path / "swap") == codes
    assert recorded(tmp_path / "swap") == ["01:00:00:48", "01:00:00:49", None]
    content = json.loads((tmp_path / "swap" / "manifest.json").read_bytes())
    assert ["timecode" in frame for frame in content["frames"]] == [True, True, False]


@pytest.fixture
def movie(frames: list[np.ndarray], tmp_path: Path) -> Path:
    """Three frames around a minute of drop-frame time code, at 59.94 frames a second."""
    path = tmp_path / "plate.mov"
    with av.open(str(path), "w") as film:
        film.metadata["timecode"] = "00:00:59;58"
        stream = film.add_stream("libx264", rate=Fraction(60000, 1001), options={"crf": "1"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv444p"
        for image in frames:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        film.mux(stream.encode())
    return path


COUNTED = ["00:00:59;58", "00:00:59;59", "00:01:00;04"]


def test_a_movie_is_counted_on_and_png_is_told_by_the_manifest(swap: Swap, movie: Path, tmp_path: Path) -> None:
    swap(plate=str(movie))
    assert recorded(tmp_path / "swap") == COUNTED
    manifest = read_manifest(tmp_path / "swap")
    assert (manifest.output, manifest.fps, manifest.timecode) == ("png8", "60000/1001", COUNTED[0])
    swap(plate=str(movie), frames="2-3", out=tmp_path / "part")
    assert recorded(tmp_path / "part") == COUNTED[1:]
    assert read_manifest(tmp_path / "part").timecode == COUNTED[1]


def test_exr_layers_of_a_movie_count_pairs(swap: Swap, movie: Path, tmp_path: Path) -> None:
    swap(plate=str(movie), settings={"output": "exr"})
    layers = sorted((tmp_path / "swap").glob("*.exr"))
    assert [read_exr(file).timecode for file in layers] == COUNTED == recorded(tmp_path / "swap")
    codes = [code for code in headers(tmp_path / "swap") if code]
    assert [(code.frame, code.fieldPhase, code.dropFrame) for code in codes] == [
        (29, False, True),
        (29, True, True),
        (2, False, True),
    ]


def test_what_was_made_without_records_of_time_code_is_kept(swap: Swap, movie: Path, tmp_path: Path) -> None:
    swap(plate=str(movie), frames="2-3")
    out = tmp_path / "swap"
    journal = Journal(out)
    journal.replace({n: one.model_copy(update={"timecode": None}) for n, one in journal.records.items()})
    content = json.loads((out / "manifest.json").read_bytes())
    for frame in content["frames"]:
        del frame["timecode"]
    (out / "manifest.json").write_text(json.dumps(content))
    before = (out / "manifest.json").read_bytes()
    assert recorded(out) == [None, None]
    assert swap(plate=str(movie), frames="2-3")["frames_made"] == 0
    assert (out / "manifest.json").read_bytes() == before
    assert swap(plate=str(movie), frames="1-3")["frames_made"] == 1
    assert recorded(out) == [COUNTED[0], None, None]


def test_pieces_and_crops_keep_it(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    height, width = frames[0].shape[:2]
    place = np.array([[0.4, 0, 20], [0, 0.4, 10]])
    small = [cv2.warpAffine(image, place, (width, height)) for image in frames[:2]]
    folder = plate(tmp_path / "plate", [*small, frames[2]], JUMPING)
    asked: dict[str, Any] = {"plate": str(folder), "settings": NEAR | {"crop": "true"}}
    swap(**asked, frames=None, out=tmp_path / "whole")

    farm = tmp_path / "farm"
    swap(**asked, frames=None, out=farm, step="faces")
    for piece in ("1003-1003", "1001-1002"):
        swap(**asked, frames=piece, out=farm, step="frames")
    swap(**asked, frames=None, out=farm, step="join")

    again = tmp_path / "again"
    swap(**asked, frames="1001-1001", out=again)
    first = read_manifest(again).frames[0].window
    swap(**asked, frames="1002-1003", out=again)
    assert read_manifest(again).frames[0].window != first, "it was cropped anew"

    for out in (tmp_path / "whole", farm, again):
        assert headers(out) == JUMPING
        assert read_manifest(out).frames == read_manifest(tmp_path / "whole").frames
