"""The opponents: their maps of verdicts and what either side pays."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ml_backend.networks.code_discriminator import (
    CodeDiscriminator,
    code_adversarial_loss,
    code_discriminator_loss,
)
from ml_backend.networks.discriminator import (
    Kind,
    adversarial_loss,
    build_discriminator,
    discriminator_loss,
    r1_penalty,
)


@given(st.sampled_from(["patch", "unet"]), st.integers(16, 90), st.booleans(), st.sampled_from([4, 8, 16, 24, 32, 64]))
@settings(max_examples=25, deadline=None)
def test_verdicts_at_every_side(kind: Kind, side: int, norm: bool, patch: int) -> None:
    maps = build_discriminator(kind, 4, norm, patch)(torch.rand(2, 3, side, side))
    for verdicts in maps:
        assert verdicts.shape[:2] == (2, 1)
        assert verdicts.isfinite().all()
    if kind == "patch":
        assert [m.shape[-1] for m in maps] == [side // 8]
    else:
        assert maps[1].shape[2:] == (side, side)


@pytest.mark.parametrize("kind", ["patch", "unet"])
@pytest.mark.parametrize("side", [16, 1024])
def test_the_smallest_and_the_largest_faces(kind: Kind, side: int) -> None:
    network = build_discriminator(kind, 4, False).to("meta")
    sides = [m.shape[-1] for m in network(torch.rand(1, 3, side, side, device="meta"))]
    assert sides == ([side // 8] if kind == "patch" else [side // 8, side])


@pytest.mark.parametrize(("patch", "sees"), [(8, 7), (16, 15), (32, 31)])
def test_a_patch_of_the_unet_is_as_large_as_asked(patch: int, sees: int) -> None:
    faces = torch.rand(1, 3, 96, 96, requires_grad=True)
    patches, pixels = build_discriminator("unet", 4, False, patch)(faces)
    middle = patches.shape[-1] // 2
    (gradient,) = torch.autograd.grad(patches[0, 0, middle, middle], faces, retain_graph=True)
    touched = gradient[0].abs().sum(0).nonzero()
    assert (touched.max(0).values - touched.min(0).values + 1).tolist() == [sees, sees]
    assert pixels.shape == (1, 1, 96, 96)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="patch and unet"):
        build_discriminator("judge", 4, True)  # type: ignore[arg-type]


def test_known_hinge_losses() -> None:
    real, made = torch.tensor([[2.0], [0.5]]), torch.tensor([[-3.0], [0.0]])
    # hinges: real 0 and 0.5, made 0 and 1
    torch.testing.assert_close(discriminator_loss([real], [made]), torch.tensor(0.375))
    torch.testing.assert_close(adversarial_loss([made]), torch.tensor(1.5))


def test_known_cross_entropies() -> None:
    sure, unsure = torch.full((2, 1, 1, 1), 30.0), torch.zeros(2, 1, 4, 4)
    torch.testing.assert_close(discriminator_loss([sure], [-sure], "bce"), torch.tensor(0.0))
    torch.testing.assert_close(discriminator_loss([unsure], [unsure], "bce"), torch.tensor(math.log(2)))
    torch.testing.assert_close(adversarial_loss([-sure], "bce"), torch.tensor(30.0))
    # maps count alike, whatever their size
    torch.testing.assert_close(adversarial_loss([-sure, unsure], "bce"), torch.tensor((30 + math.log(2)) / 2))


@pytest.mark.parametrize("kind", ["patch", "unet"])
def test_every_loss_is_a_mean_over_faces(kind: Kind) -> None:
    network = build_discriminator(kind, 4, False)
    real, made = torch.rand(4, 3, 32, 32), torch.rand(4, 3, 32, 32)

    def losses(part: slice) -> Tensor:
        seen = network(real[part]), network(made[part])
        pay = [discriminator_loss(*seen, "bce"), discriminator_loss(*seen), adversarial_loss(seen[1])]
        return torch.stack([*pay, r1_penalty(network, real[part])])

    torch.testing.assert_close((losses(slice(2)) + losses(slice(2, 4))) / 2, losses(slice(4)))


def test_the_penalty_of_a_linear_judge_is_known() -> None:
    weight = torch.rand(3, 8, 8)

    def judge(faces: Tensor) -> tuple[Tensor]:
        return ((faces * weight).sum((1, 2, 3)).reshape(-1, 1, 1, 1),)

    penalty = r1_penalty(judge, torch.rand(5, 3, 8, 8))
    torch.testing.assert_close(penalty, weight.square().sum() / 2)


def test_the_penalty_does_not_grow_with_the_faces() -> None:
    judge = nn.Conv2d(3, 1, 4, stride=4)
    sizes = [r1_penalty(lambda x: (judge(x),), torch.rand(2, 3, side, side)) for side in (16, 64)]
    torch.testing.assert_close(*sizes)
    torch.testing.assert_close(sizes[0], judge.weight.square().sum() / 2)


@pytest.mark.parametrize("kind", ["patch", "unet"])
@pytest.mark.parametrize("norm", [False, True])
def test_the_penalty_teaches_the_judge(kind: Kind, norm: bool) -> None:
    network = build_discriminator(kind, 4, norm)
    r1_penalty(network, torch.rand(2, 3, 16, 16)).backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters() if p.dim() > 1)


@pytest.mark.parametrize("kind", ["patch", "unet"])
def test_the_norms_of_its_layers_come_to_one(kind: Kind) -> None:
    torch.manual_seed(2)
    network = build_discriminator(kind, 8, True)
    for _ in range(50):
        network(torch.rand(1, 3, 16, 16))
    weight = (network[2] if kind == "patch" else network.down[0]).weight.detach()
    assert abs(float(torch.linalg.matrix_norm(weight.flatten(1), 2)) - 1) < 0.05
    assert any("original" in name for name, _ in network.named_parameters())
    assert not any("original" in name for name, _ in build_discriminator(kind, 8, False).named_parameters())


def test_the_judge_of_codes_answers_for_every_identity() -> None:
    assert CodeDiscriminator(16, 3)(torch.rand(5, 16)).shape == (5, 3)


def test_known_losses_of_codes() -> None:
    undecided, certain = torch.zeros(2, 4), torch.tensor([[50.0, 0.0, 0.0, 0.0]])
    torch.testing.assert_close(code_discriminator_loss(undecided, torch.tensor([0, 3])), torch.tensor(math.log(4)))
    torch.testing.assert_close(code_discriminator_loss(certain, torch.tensor([0])), torch.tensor(0.0))
    torch.testing.assert_close(code_adversarial_loss(undecided), torch.tensor(0.0))
    # the mean of log(¼ / answer): one certain, three at e⁻⁵⁰
    torch.testing.assert_close(code_adversarial_loss(certain), torch.tensor(3 / 4 * 50 - math.log(4)))


@given(st.integers(2, 5), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_telling_something_always_costs(identities: int, seed: int) -> None:
    logits = torch.randn(3, identities, generator=torch.Generator().manual_seed(seed))
    assert code_adversarial_loss(logits) > 0
    halves = [code_adversarial_loss(row[None]) for row in logits]
    torch.testing.assert_close(torch.stack(halves).mean(), code_adversarial_loss(logits))
