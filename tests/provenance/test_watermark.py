"""The mark is read after what deliveries go through, is not seen, and is not found where it is not."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.provenance.watermark import detect, embed, embed_luma
from ml_backend.provenance.watermark.payload import payload_of, swaps_of

PAYLOAD = 0xC0FFEE42

Picture = np.ndarray


@pytest.fixture(scope="module")
def frames(footage: Path) -> list[Picture]:
    """Both actors side by side at 960×540, six frames."""
    names = ("plate_A.mp4", "identity_B_take1.mp4")
    takes = [[frame.image for frame in open_source(footage / name).frames(range(1, 7))] for name in names]
    return [
        np.hstack([cv2.resize(one, (480, 540), interpolation=cv2.INTER_CUBIC) for one in pair])
        for pair in zip(*takes, strict=True)
    ]


@pytest.fixture(scope="module")
def marked(frames: list[Picture]) -> list[Picture]:
    return [embed(frame, PAYLOAD) for frame in frames]


def psnr(a: Picture, b: Picture) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(np.float64) - b) ** 2)))


def jpeg(frame: Picture, quality: int) -> Picture:
    data = cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def scaled(frame: Picture, scale: float) -> Picture:
    return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def h264(frames: list[Picture], crf: int, folder: Path) -> list[Picture]:
    write_movie(folder / "film.mp4", frames, Fraction(25), crf=crf)
    return [frame.image for frame in open_source(folder / "film.mp4").frames()]


@pytest.mark.parametrize("payload", [0, 1, 0x80000000, 0xFFFFFFFF, PAYLOAD])
def test_every_payload_comes_back(frames: list[Picture], payload: int) -> None:
    reading = detect(embed(frames[0], payload))
    assert reading.payload == payload
    assert reading.confidence == 1


def test_an_unmarked_picture_has_no_mark(frames: list[Picture], footage: Path) -> None:
    pictures = [*frames, *(frame.image for frame in open_source(footage / "truth_A_as_B.mp4").frames([1, 50, 100]))]
    pictures += [np.zeros((300, 400, 3), np.uint8), np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)]
    for picture in pictures:
        reading = detect(picture)
        assert reading.payload is None
        assert reading.confidence < 0.5
    assert detect(frames).payload is None


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: jpeg(frame, 75),
        lambda frame: jpeg(frame, 50),
        lambda frame: scaled(frame, 0.5),
        lambda frame: jpeg(scaled(frame, 0.5), 75),
        lambda frame: scaled(frame, 1.37),
        lambda frame: np.rint(frame * 0.7 + 10).astype(np.uint8),
        lambda frame: np.rint(255 * (frame / 255) ** 1.5).astype(np.uint8),
        lambda frame: np.ascontiguousarray(frame[:, ::-1]),
        lambda frame: np.ascontiguousarray(frame[37:420, 101:800]),
        lambda frame: jpeg(frame[150:430, 203:700], 75),
        lambda frame: scaled(frame[30:480, 50:760], 0.8),
    ],
    ids=[
        "JPEG 75",
        "JPEG 50",
        "half",
        "half, JPEG 75",
        "larger",
        "contrast",
        "gamma",
        "mirrored",
        "cut",
        "cut small, JPEG 75",
        "cut, scaled",
    ],
)
def test_it_is_read_after(change: Callable[[Picture], Picture], marked: list[Picture]) -> None:
    assert detect(change(marked[0])).payload == PAYLOAD


def test_it_is_read_from_h264(marked: list[Picture], tmp_path: Path) -> None:
    assert detect(h264(marked, 23, tmp_path)).payload == PAYLOAD


@pytest.mark.parametrize("bars", [((70, 70), (0, 0)), ((0, 0), (100, 60))], ids=["letterbox", "pillarbox"])
def test_it_is_read_between_black_bars(marked: list[Picture], bars: tuple[tuple[int, int], ...]) -> None:
    assert detect(jpeg(np.pad(marked[0], (*bars, (0, 0))), 85)).payload == PAYLOAD


def test_frames_add_evidence(marked: list[Picture]) -> None:
    random = np.random.default_rng(3)
    noisy = [(frame + random.normal(0, 30, frame.shape)).clip(0, 255).astype(np.uint8) for frame in marked]
    assert detect(noisy).confidence > max(detect(frame, thorough=False).confidence for frame in noisy)
    assert detect(noisy).payload == PAYLOAD


def test_it_is_not_seen(frames: list[Picture], marked: list[Picture]) -> None:
    assert psnr(frames[0], marked[0]) >= 42
    sky = np.full((540, 960, 3), (110, 150, 210), np.uint8)
    dark = np.full((540, 960, 3), 8, np.uint8)
    for flat, most in ((sky, 3), (dark, 2)):  # the sky is clean by construction: the worst case
        change = embed(flat, PAYLOAD).astype(np.int16) - flat
        assert np.abs(change).max() <= most
        assert 0 < change.std() < 1


def test_all_channels_change_alike(frames: list[Picture], marked: list[Picture]) -> None:
    change = marked[0].astype(np.int16) - frames[0]
    inside = ((frames[0] > 10) & (frames[0] < 245)).all(axis=2)
    assert np.array_equal(change[inside][:, 0], change[inside][:, 1])
    assert np.array_equal(change[inside][:, 0], change[inside][:, 2])


def test_deep_pictures_keep_their_depth(frames: list[Picture]) -> None:
    deep = frames[0].astype(np.uint16) * 257 + 77
    deep_marked = embed(deep, PAYLOAD)
    assert deep_marked.dtype == np.uint16
    assert detect(deep_marked).payload == PAYLOAD
    assert detect((deep_marked // 257).astype(np.uint8)).payload == PAYLOAD
    assert len(np.unique(deep_marked % 257)) > 100


@pytest.mark.parametrize("bits", [8, 10])
def test_the_luma_of_a_film(frames: list[Picture], bits: int) -> None:
    top = 2**bits - 1
    grey = cv2.cvtColor(frames[0], cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    plane = np.rint((16 + 219 * grey) / 255 * top).astype(np.uint8 if bits == 8 else np.uint16)
    marked = embed_luma(plane, PAYLOAD, bits)
    assert marked.dtype == plane.dtype
    assert marked.max() <= top
    shown = np.rint((marked / top * 255 - 16) / 219 * 255).clip(0, 255).astype(np.uint8)
    assert detect(np.dstack([shown] * 3)).payload == PAYLOAD


def test_a_picture_that_is_too_small_stays_as_it_is() -> None:
    small = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    assert np.array_equal(embed(small, PAYLOAD), small)
    assert detect(small).payload is None


def test_the_payload_says_which_swaps() -> None:
    swaps = {"a": "11112222" + "0" * 56, "b": "aaaabbbb" + "1" * 56, "c": "cccc" * 16}
    assert payload_of([swaps["a"]]) == 0x11112222
    assert payload_of([swaps["a"], swaps["b"]]) == payload_of([swaps["b"], swaps["a"], swaps["a"]])
    assert swaps_of(0xAAAABBBB, swaps) == ["b"]
    assert swaps_of(payload_of([swaps["a"], swaps["c"]]), swaps) == ["a", "c"]
    assert swaps_of(12345, swaps) is None
