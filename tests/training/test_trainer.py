"""The step: what it changes, and that it can be taken up again bit for bit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ml_backend.training.state import collect, restore
from ml_backend.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]
FIGHT = {"loss__adversarial": "0.1"}
STEPS = 4


def snapshot(trainer: Trainer) -> dict[str, dict[str, torch.Tensor]]:
    return {part: {k: v.clone() for k, v in tensors.items()} for part, tensors in collect(trainer).items()}


def assert_same(a: dict[str, dict[str, torch.Tensor]], b: dict[str, dict[str, torch.Tensor]]) -> None:
    assert a.keys() == b.keys()
    for part, tensors in a.items():
        assert tensors.keys() == b[part].keys()
        different = [name for name, tensor in tensors.items() if not torch.equal(tensor, b[part][name])]
        assert not different, part


@pytest.mark.parametrize("fight", [{}, FIGHT], ids=["alone", "against the discriminator"])
def test_a_restored_trainer_goes_on_bit_for_bit(make_trainer: MakeTrainer, fight: dict[str, str]) -> None:
    straight, first = make_trainer(**fight), make_trainer(**fight)
    losses = [float(straight.step(n, n / STEPS)) for n in range(STEPS)]
    for n in range(2):
        first.step(n, n / STEPS)
    stored = {
        part: {name: tensor.contiguous() for name, tensor in tensors.items()}
        for part, tensors in snapshot(first).items()
    }
    second = make_trainer(**fight)
    restore(second, stored, Path("model"))
    assert_same(collect(second), stored)
    assert [float(second.step(n, n / STEPS)) for n in range(2, STEPS)] == losses[2:]
    assert_same(collect(second), collect(straight))


def test_restored_tensors_lie_in_memory_as_new_ones_do(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(**FIGHT)
    trainer.step(0, 0)
    again = make_trainer(**FIGHT)
    restore(again, snapshot(trainer), Path("model"))
    for ours, theirs in (
        (trainer.optimizer, again.optimizer),
        (trainer.opponents["discriminator"], again.opponents["discriminator"]),
    ):
        for state, restored in zip(ours.state.values(), theirs.state.values(), strict=True):
            assert {k: v.stride() for k, v in state.items()} == {k: v.stride() for k, v in restored.items()}
    kernels = [p for p in again.networks.autoencoder.parameters() if p.ndim == 4 and min(p.shape[1:]) > 1]
    assert kernels
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in kernels)


def test_the_norms_of_the_discriminator_are_stored_too(make_trainer: MakeTrainer) -> None:
    names = collect(make_trainer(**FIGHT))["discriminator"]
    assert any(name.endswith("._u") for name in names)
    assert any(name.endswith("._v") for name in names)


def test_the_opponent_waits_for_its_time(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(**FIGHT, recipe='[{"until": 0.5, "adversarial": 0}, {"until": 1}]')
    before = snapshot(trainer)
    trainer.step(0, 0.49)
    assert_same({"d": snapshot(trainer)["discriminator"]}, {"d": before["discriminator"]})
    trainer.step(1, 0.5)
    now = snapshot(trainer)["discriminator"]
    assert not all(torch.equal(now[name], before["discriminator"][name]) for name in now)


def test_a_discriminator_can_join_later(make_trainer: MakeTrainer) -> None:
    alone = make_trainer()
    alone.step(0, 0)
    joined = make_trainer(**FIGHT)
    restore(joined, snapshot(alone), Path("model"))
    joined.step(1, 0.5)
    assert "discriminator" in collect(joined)


def test_the_average_follows_the_weights(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(ema="0.75")
    before = snapshot(trainer)["ema"]
    trainer.step(0, 0)
    after = snapshot(trainer)
    for name, mean in after["ema"].items():
        torch.testing.assert_close(mean, 0.75 * before[name] + 0.25 * after["weights"][name])


def test_losses_are_computed_in_full_precision(make_trainer: MakeTrainer) -> None:
    """In bfloat16 the variances inside SSIM would be noise."""
    full, half = make_trainer(precision="float32"), make_trainer(precision="bfloat16", **FIGHT)
    assert float(half.step(0, 0)) == pytest.approx(float(full.step(0, 0)), rel=0.05)
    assert all(t.dtype == torch.float32 for part in collect(half).values() for t in part.values())


def test_networks_begin_with_the_seed(make_trainer: MakeTrainer) -> None:
    assert_same(collect(make_trainer()), collect(make_trainer()))
    one, other = collect(make_trainer())["weights"], collect(make_trainer(seed="2"))["weights"]
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_three_identities_train_together(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(names=("a", "b", "c"))
    before = snapshot(trainer)["weights"]
    trainer.step(0, 0)
    after = snapshot(trainer)["weights"]
    for n in range(3):
        assert any(not torch.equal(before[k], after[k]) for k in after if k.startswith(f"decoders.{n}."))
