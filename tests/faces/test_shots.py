import json
from functools import cache

import cv2
import numpy as np
import pytest

from ml_backend.faces.shots import CutFinder, CutState, alike, changed, thumbnail

Image = np.ndarray


def cuts(images: list[Image]) -> list[int]:
    """The places of the frames with which a shot begins, after the first one."""
    finder = CutFinder()
    return [n for n, image in enumerate(images) if finder(image).cut]


@cache
def scenery(seed: int, width: int = 1400, height: int = 700) -> Image:
    """A picture with detail of all sizes, in colours of its own."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(rng.normal(0, 1, (height // cell, width // cell, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
        * cell
        for cell in (10, 25, 70, 175)
    ]
    picture = sum(layers) * 0.4 + rng.uniform(70, 160, 3)
    return np.clip(picture, 5, 245).astype(np.uint8)


def window(picture: Image, x: float, y: float, width: float = 480, blur: int = 1) -> Image:
    """A 480×270 frame that shows a part of the picture; blur: pixels that it moves while the shutter is open."""
    scale = width / 480
    matrix = np.array([[scale, 0, x], [0, scale, y]])
    frame = cv2.warpAffine(picture, matrix, (480, 270), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return cv2.blur(frame, (blur, 1)) if blur > 1 else frame


def gained(image: Image, gain: float, offset: float = 0.0) -> Image:
    return np.clip(image.astype(np.float64) * gain + offset, 0, 255).astype(np.uint8)


def dark(image: Image, seed: int, gain: float = 0.06) -> Image:
    """A twentieth of the light, and the camera's noise."""
    grain = np.random.default_rng(seed).normal(2, 1.5, image.shape)
    return np.clip(image * gain + grain, 0, 255).astype(np.uint8)


def test_hard_cuts_are_found_where_they_are():
    frames = [window(scenery(seed), 100 + 3 * n, 50) for seed in (1, 2, 3) for n in range(4)]
    assert cuts(frames) == [4, 8]


@pytest.mark.parametrize(("x", "width"), [(500, 480), (180, 270), (40, 900)])
def test_cuts_within_one_scenery_are_found(x, width):
    """Another part of the same street, and a closer or a wider shot of the same one."""
    street = scenery(5)
    assert cuts([window(street, 100, 50)] * 3 + [window(street, x, 80, width)] * 3) == [3]


def test_cuts_between_shots_of_one_kind_are_found(pictures):
    """Two heads in the same place before the same light; a few pairs may look too much alike, most do not."""
    a = pictures("plate_A", 1, 120, 10)
    b = pictures("identity_B_take1", 1, 120, 10)
    pairs = [(one, gained(other, one.mean() / other.mean())) for one in a for other in b[::3]]
    assert np.mean([cuts([one, other]) == [1] for one, other in pairs]) > 0.9


@pytest.mark.parametrize("clip", ["plate_A", "identity_B_take1", "identity_B_take2", "truth_A_as_B"])
@pytest.mark.parametrize("step", [1, 2])
def test_heads_that_turn_fast_are_no_cut(clip, step, pictures):
    assert cuts(pictures(clip, 1, 120)[::step]) == []


@pytest.mark.parametrize("speed", [10, 30, 60])
def test_fast_pans_are_no_cut(speed):
    """An eighth of the picture in a frame, with the blur that this makes."""
    street = scenery(6)
    assert cuts([window(street, 20 + speed * n, 100, blur=speed // 2) for n in range(12)]) == []


def test_a_zoom_is_no_cut():
    assert cuts([window(scenery(7), 20 + 8 * n, 20 + 5 * n, 600 * 0.96**n) for n in range(12)]) == []


@pytest.mark.parametrize(("gain", "offset"), [(1.6, 40), (2.5, 0), (3, 80), (1, 255), (0, 0)])
@pytest.mark.parametrize("length", [1, 3])
def test_flashes_are_no_cut(gain, offset, length, pictures):
    """From a flash that leaves most to be seen to frames that are wholly white or black."""
    street = scenery(8)
    for frames in ([window(street, 100 + 2 * n, 50) for n in range(9)], list(pictures("plate_A", 30, 38))):
        for n in range(4, 4 + length):
            frames[n] = gained(frames[n], gain, offset)
        assert cuts(frames) == []


def test_a_cut_hidden_by_a_white_frame_is_found_behind_it():
    white = np.full((270, 480, 3), 255, np.uint8)
    assert cuts([window(scenery(1), 100, 50)] * 3 + [white] + [window(scenery(2), 100, 50)] * 3) == [4]


def test_a_cut_after_a_long_black_is_one_cut():
    black = [dark(np.zeros((270, 480, 3), np.uint8), n) for n in range(20)]
    assert cuts([window(scenery(1), 100, 50)] * 3 + black + [window(scenery(2), 100, 50)] * 3) == [23]


def test_light_that_changes_is_no_cut(pictures):
    street = scenery(9)
    frames = [gained(window(street, 100, 50), gain) for gain in (1, 0.3, 0.3, 1.1, 0.7, 0.1, 0.9)]
    assert cuts(frames) == []
    face = pictures("identity_B_take1", 1, 1)[0]
    assert cuts([gained(face, 1 - 0.04 * n) for n in range(24)]) == []


def test_cuts_in_the_dark_are_found_and_its_noise_is_none():
    frames = [dark(window(scenery(seed), 100 + 3 * n, 50), 10 * seed + n) for seed in (1, 2) for n in range(6)]
    assert cuts(frames) == [6]
    assert cuts([dark(np.zeros((270, 480, 3), np.uint8), n) for n in range(10)]) == []


def test_a_dissolve_is_no_cut():
    one, other = window(scenery(1), 100, 50), window(scenery(2), 100, 50)
    assert cuts([cv2.addWeighted(one, 1 - t, other, t, 0) for t in np.linspace(0, 1, 16)]) == []


def test_another_size_is_a_cut():
    frame = window(scenery(1), 100, 50)
    assert cuts([frame, frame, cv2.resize(frame, (640, 360)), cv2.resize(frame, (640, 360))]) == [2]


def test_sixteen_bits_are_like_eight():
    frames = [window(scenery(seed), 100, 50).astype(np.uint16) * 257 for seed in (1, 1, 2)]
    assert cuts(frames) == [2]
    shallow = thumbnail((frames[0] // 257).astype(np.uint8)).astype(int)
    assert np.abs(thumbnail(frames[0]) - shallow).max() <= 4  # the mean of eight bits is rounded before the root


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 500), (16, 16)])
def test_tiny_pictures_do_no_harm(size):
    rng = np.random.default_rng(2)
    frames = [rng.integers(0, 255, (*size, 3), dtype=np.uint8) for _ in range(3)]
    finder = CutFinder()
    assert all(0 <= finder(frame).amount <= 2 for frame in frames)


def test_the_change_is_small_at_rest_and_large_at_a_cut():
    finder = CutFinder()
    still, other = window(scenery(1), 100, 50), window(scenery(2), 100, 50)
    amounts = [finder(frame).amount for frame in (still, still, other)]
    assert amounts[0] == 0
    assert amounts[1] < 0.01
    assert amounts[2] > 0.3


def test_likeness_has_no_direction():
    one, other = (thumbnail(window(scenery(seed), 100, 50)) for seed in (1, 2))
    assert alike(one, other) == alike(other, one)
    assert alike(one, np.zeros_like(one)) is None or alike(one, np.zeros_like(one)) < 0.5


def test_only_the_parts_that_changed_are_counted():
    still = window(scenery(1), 100, 50)
    other = still.copy()
    other[:135, :120] = window(scenery(2), 100, 50)[:135, :120]  # an eighth
    one, two = thumbnail(still), thumbnail(other)
    assert changed(one, one) == 0
    assert changed(one, thumbnail(gained(still, 0.7))) < 0.1
    assert 0.09 <= changed(one, two) <= 0.16
    assert changed(one, two, [(0, 0, 0.26, 0.51)]) == 0


def test_the_state_goes_through_json_exactly():
    """Stopped after every frame, with a flash and a cut, the answers are the same."""
    street = scenery(1)
    frames = [window(street, 100 + 20 * n, 50) for n in range(5)] + [window(scenery(2), 100, 50)] * 2
    frames[2] = gained(frames[2], 3, 80)
    whole, resumed = CutFinder(), CutFinder()
    for frame in frames:
        expected, found = whole(frame), resumed(frame)
        assert found == expected
        text = json.dumps(resumed.state.to_json())
        assert len(text) < 25_000
        resumed = CutFinder()
        resumed.state = CutState.from_json(json.loads(text))
