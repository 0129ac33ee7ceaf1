"""Batches: the same chance gives the same batch, and what belongs together moves together."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.training.augmentation import make_batch
from ml_backend.training.config import Augmentation

RESOLUTION, SPAN, SIDE = 32, 1.25, 40  # a stored pixel is as large as one of the crop
STILL = Augmentation(rotate=0, scale=0, shift=0, warp=0, flip=False, light=0, colour=0)


def planes(seed: int = 1, count: int = 4) -> torch.Tensor:
    """N×5×S×S; the mask equals the red picture and the features the green one."""
    colours = torch.randint(60, 200, (count, 3, 10, 10), generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.interpolate(colours.float(), (SIDE, SIDE), mode="bicubic").clamp(0, 255)
    return torch.cat([smooth, smooth[:, :2]], 1).round().to(torch.uint8)


def batch(a: Augmentation, seed: int = 7, faces: torch.Tensor | None = None):
    return make_batch(planes() if faces is None else faces, SPAN, RESOLUTION, a, torch.Generator().manual_seed(seed))


@given(st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_the_same_seed_gives_the_same_batch(seed: int) -> None:
    a = Augmentation(flip=True)
    first, second, other = batch(a, seed), batch(a, seed), batch(a, seed + 1)
    assert all(torch.equal(x, y) for x, y in zip(vars(first).values(), vars(second).values(), strict=True))
    assert not torch.equal(first.input, other.input)
    for name, part in vars(first).items():
        channels = 1 if name in ("mask", "features") else 3
        assert part.shape == (4, channels, RESOLUTION, RESOLUTION)
        assert 0 <= part.min() <= part.max() <= 1


def test_without_strength_a_batch_is_the_plain_crop() -> None:
    inside = slice((SIDE - RESOLUTION) // 2, (SIDE + RESOLUTION) // 2)
    crop = planes()[:, :, inside, inside].float() / 255
    b = batch(STILL)
    torch.testing.assert_close(b.input, crop[:, :3], rtol=0, atol=1e-5)
    torch.testing.assert_close(b.target, crop[:, :3], rtol=0, atol=1e-5)
    torch.testing.assert_close(b.mask, crop[:, 3:4], rtol=0, atol=1e-5)
    torch.testing.assert_close(b.features, crop[:, 4:5], rtol=0, atol=1e-5)


@given(st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_target_mask_and_features_move_together(seed: int) -> None:
    moving = Augmentation(rotate=30, scale=0.15, shift=0.1, warp=0.05, flip=True, light=0, colour=0)
    b = batch(moving, seed)
    torch.testing.assert_close(b.target[:, :1], b.mask, rtol=0, atol=1e-4)
    torch.testing.assert_close(b.target[:, 1:2], b.features, rtol=0, atol=1e-4)
    assert not torch.allclose(b.input, b.target, atol=0.02), "the warp is the input's alone"


def test_without_warp_and_colour_the_input_is_the_target() -> None:
    b = batch(Augmentation(rotate=30, shift=0.1, light=0.3, warp=0, colour=0))
    torch.testing.assert_close(b.input, b.target)
    assert not torch.allclose(b.target[:, :1], b.mask, atol=0.02), "light changes pictures and never masks"


def test_colour_changes_the_input_alone() -> None:
    still, coloured = batch(STILL), batch(STILL.model_copy(update={"colour": 0.3}))
    assert torch.equal(coloured.target, still.target)
    assert not torch.allclose(coloured.input, still.input, atol=0.02)


def test_a_flip_mirrors_some_faces_and_leaves_the_others() -> None:
    faces = planes(count=16)
    plain, flipped = batch(STILL, faces=faces), batch(STILL.model_copy(update={"flip": True}), faces=faces)
    kinds = set()
    for before, after in zip(plain.target, flipped.target, strict=True):
        mirrored = torch.allclose(after, before.flip(2), atol=1e-5)
        assert mirrored or torch.allclose(after, before, atol=1e-5)
        kinds.add(mirrored)
    assert kinds == {True, False}


@pytest.mark.parametrize(("setting", "largest"), [("shift", 0.1), ("scale", 0.15)])
def test_a_crop_never_leaves_the_stored_picture_far(setting: str, largest: float) -> None:
    """The stored margin is there so that nothing has to be invented at the border."""
    face = torch.zeros(8, 5, SIDE, SIDE, dtype=torch.uint8)
    face[:, :, 1:-1, 1:-1] = 200
    b = batch(STILL.model_copy(update={setting: largest}), faces=face)
    assert float(b.mask.min()) > 0.75
