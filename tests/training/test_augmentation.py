"""Batches: the same chance gives the same batch, and what belongs together moves together."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.training.augmentation import apply_changes, draw_changes, is_mirrored, make_batch
from ml_backend.training.config import Augmentation

RESOLUTION, SPAN, SIDE = 32, 1.25, 40  # a stored pixel is as large as one of the crop
ALL = Augmentation(rotate=20, blur=0.03, noise=0.1, occluders=0.7)  # everything at once
STILL = Augmentation(rotate=0, scale=0, shift=0, warp=0, light=0, colour=0)


def planes(seed: int = 1, count: int = 4) -> torch.Tensor:
    """N×5×S×S; the mask equals the red picture and the features the green one."""
    colours = torch.randint(60, 200, (count, 3, 10, 10), generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.interpolate(colours.float(), (SIDE, SIDE), mode="bicubic").clamp(0, 255)
    return torch.cat([smooth, smooth[:, :2]], 1).round().to(torch.uint8)


def batch(a: Augmentation, seed: int = 7, faces: torch.Tensor | None = None, **more):
    faces = planes() if faces is None else faces
    return make_batch(faces, SPAN, RESOLUTION, a, torch.Generator().manual_seed(seed), **more)


def parts(b):
    return {"input": b.input, "target": b.target, "mask": b.mask, "features": b.features}


@given(st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_the_same_seed_gives_the_same_batch(seed: int) -> None:
    first, second, other = (batch(ALL, number, mirrored=True) for number in (seed, seed, seed + 1))
    assert all(torch.equal(part, parts(second)[name]) for name, part in parts(first).items())
    assert not torch.equal(first.input, other.input)
    for name, part in parts(first).items():
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
    moving = Augmentation(rotate=30, scale=0.15, shift=0.1, warp=0.05, light=0, colour=0, occluders=0.5, noise=0.1)
    b = batch(moving, seed, mirrored=True)
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


def test_mirroring_turns_some_faces_and_leaves_the_others() -> None:
    faces = planes(count=16)
    plain, mirrored = batch(STILL, faces=faces), batch(STILL, faces=faces, mirrored=True)
    kinds = set()
    for before, after in zip(plain.target, mirrored.target, strict=True):
        turned = torch.allclose(after, before.flip(2), atol=1e-5)
        assert turned or torch.allclose(after, before, atol=1e-5)
        kinds.add(turned)
    assert kinds == {True, False}


@pytest.mark.parametrize(
    ("flip", "turned"),
    [((), set()), (("anna",), {"anna"}), (("anna", "ben"), {"anna", "ben"}), (("all",), {"anna", "ben"})],
)
def test_only_named_identities_are_mirrored(flip: tuple[str, ...], turned: set[str]) -> None:
    assert {name for name in ("anna", "ben") if is_mirrored(Augmentation(flip=flip), name)} == turned


@given(st.integers(0, 2**40), st.lists(st.integers(1, 3), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_rows_are_those_of_the_whole_batch(seed: int, sizes: list[int]) -> None:
    """Parts of a batch, and processes that share it, learn from the very same pixels."""
    faces = planes(count=sum(sizes))
    whole, start = batch(ALL, seed, faces, mirrored=True), 0
    for size in sizes:
        rows = slice(start, start + size)
        part, sliced = batch(ALL, seed, faces, mirrored=True, rows=rows), whole[rows]
        assert len(part) == len(sliced) == size
        for name, pixels in parts(part).items():
            torch.testing.assert_close(pixels, parts(sliced)[name], rtol=0, atol=2e-6)
        start += size


@given(st.integers(0, 2**40))
@settings(max_examples=10, deadline=None)
def test_the_warp_is_the_settings_times_the_phases(seed: int) -> None:
    strong = Augmentation(warp=0.04)
    for factor in (0.0, 0.5, 2.0):
        same = strong.model_copy(update={"warp": 0.04 * factor})
        assert all(
            torch.equal(part, parts(batch(same, seed))[name])
            for name, part in parts(batch(strong, seed, warp=factor)).items()
        )


@given(st.integers(0, 2**40), st.sampled_from(["warp", "colour", "blur", "noise", "occluders"]))
@settings(max_examples=20, deadline=None)
def test_what_is_the_inputs_alone_leaves_the_target(seed: int, setting: str) -> None:
    strengths = {"warp": 0.05, "colour": 0.3, "blur": 0.05, "noise": 0.2, "occluders": 1}
    moving = Augmentation(warp=0, colour=0, light=0.3)
    plain, changed = batch(moving, seed), batch(moving.model_copy(update={setting: strengths[setting]}), seed)
    for name in ("target", "mask", "features"):
        assert torch.equal(parts(plain)[name], parts(changed)[name])


def test_half_of_the_inputs_are_blurred() -> None:
    faces = planes(count=32)
    plain, blurred = batch(STILL, faces=faces).input, batch(STILL.model_copy(update={"blur": 0.05}), faces=faces).input
    same = (plain == blurred).flatten(1).all(1)
    assert 8 < int(same.sum()) < 24
    assert float(blurred[~same].diff(dim=3).abs().mean()) < float(plain[~same].diff(dim=3).abs().mean())


def test_a_blur_has_its_deviation_and_leaves_a_plain_face() -> None:
    point = torch.zeros(1, 5, SIDE, SIDE, dtype=torch.uint8)
    point[:, :, SIDE // 2, SIDE // 2] = 255
    flat = torch.full((1, 5, SIDE, SIDE), 128, dtype=torch.uint8)
    changes = draw_changes(1, RESOLUTION, STILL.model_copy(update={"blur": 0.05}), torch.Generator().manual_seed(1))
    changes = type(changes)(**(vars(changes) | {"blur": torch.tensor([1.5 / RESOLUTION])}))
    spread = apply_changes(point, SPAN, RESOLUTION, changes).input[0, 0]
    places = torch.arange(RESOLUTION, dtype=torch.float32)
    weights = spread.sum(0) / spread.sum()
    middle = (weights * places).sum()
    assert float(spread.sum()) == pytest.approx(1, abs=1e-3)
    assert float((weights * (places - middle) ** 2).sum().sqrt()) == pytest.approx(1.5, rel=0.02)
    torch.testing.assert_close(
        apply_changes(flat, SPAN, RESOLUTION, changes).input, torch.full((1, 3, RESOLUTION, RESOLUTION), 128 / 255)
    )


def test_noise_has_at_most_its_deviation_and_differs_from_face_to_face() -> None:
    faces = torch.full((32, 5, SIDE, SIDE), 128, dtype=torch.uint8)
    noise = batch(STILL.model_copy(update={"noise": 0.1}), faces=faces).input - 128 / 255
    strengths = noise.flatten(1).std(1)
    assert float(strengths.max()) < 0.11
    assert float(strengths.max()) > 3 * float(strengths.min())
    unit = noise.flatten(1) / strengths[:, None]
    alike = (unit @ unit.T / unit.shape[1]).fill_diagonal_(0)
    assert float((alike.abs() > 0.3).float().mean()) < 0.02, "hardly two faces have the same noise"


@pytest.mark.parametrize("part", [0.0, 0.3, 1.0])
def test_occluders_cover_some_of_the_inputs_and_a_part_of_each(part: float) -> None:
    faces = torch.full((64, 5, SIDE, SIDE), 7, dtype=torch.uint8)  # no skin and no grey of occluders is so dark
    faces[1::2] = 250
    b = batch(STILL.model_copy(update={"occluders": part}), faces=faces)
    changed = ((b.input - b.target).abs() > 0.01).any(1).float().mean((1, 2))
    assert float((changed > 0).float().mean()) == pytest.approx(part, abs=0.2 if part < 1 else 0.35)
    assert float(changed.mean()) <= 0.6 * part


def test_a_single_face_can_be_covered() -> None:
    assert batch(STILL.model_copy(update={"occluders": 1}), faces=planes(count=1)).input.shape[0] == 1


def test_planes_that_are_much_too_fine_are_averaged() -> None:
    """Stripes of one pixel are grey from afar and not black or white by chance."""
    fine = torch.zeros(2, 5, 8 * SIDE, 8 * SIDE, dtype=torch.uint8)
    fine[..., ::2] = 255
    b = batch(STILL, faces=fine)
    torch.testing.assert_close(b.target, torch.full_like(b.target, 0.5), rtol=0, atol=1e-5)


def test_tensors_without_content_give_shapes() -> None:
    b = batch(ALL, faces=planes().to("meta"), mirrored=True)
    assert {name: tuple(part.shape) for name, part in parts(b).items()} == {
        name: (4, channels, RESOLUTION, RESOLUTION)
        for name, channels in {"input": 3, "target": 3, "mask": 1, "features": 1}.items()
    }
    assert b.input.device.type == "meta"


@pytest.mark.parametrize(("setting", "largest"), [("shift", 0.1), ("scale", 0.15)])
def test_a_crop_never_leaves_the_stored_picture_far(setting: str, largest: float) -> None:
    """The stored margin is there so that nothing has to be invented at the border."""
    face = torch.zeros(8, 5, SIDE, SIDE, dtype=torch.uint8)
    face[:, :, 1:-1, 1:-1] = 200
    b = batch(STILL.model_copy(update={setting: largest}), faces=face)
    assert float(b.mask.min()) > 0.75
