"""Batches of steps: the same whether prepared in advance or not, resumed or not, shared by processes or not."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from ml_backend.training.augmentation import Batch
from ml_backend.training.batches import Batches
from ml_backend.training.config import Augmentation, TrainingConfig
from ml_backend.training.data import TrainingFaces
from ml_backend.training.parallel.world import World

CPU = torch.device("cpu")
SIDE = 16
CONFIG = TrainingConfig(
    batch_size=5, augmentation=Augmentation(flip=("a",), noise=0.1, blur=0.03, occluders=0.5), balance=1
)


def faces(seed: int) -> TrainingFaces:
    planes = torch.randint(0, 256, (9, 5, 24, 24), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    poses = np.random.default_rng(seed).uniform(-40, 40, (9, 2))
    return TrainingFaces(planes, 1.2, np.zeros(128, np.float32), poses)


FACES = {"a": faces(1), "b": faces(2)}


def made(steps: Sequence[int], depth: int = 0, config: TrainingConfig = CONFIG) -> list[dict[str, Batch]]:
    with Batches(FACES, config, CPU, depth=depth) as batches:
        return [batches.get(step, SIDE) for step in steps]


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(part, getattr(second, name)) for name, part in vars(first).items())


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_batches_do_not_depend_on_how_far_ahead_they_are_made(depth: int) -> None:
    steps = [0, 1, 2, 3, 7, 8, 3, 4]  # also where a training goes back or jumps
    for ahead, inline in zip(made(steps, depth), made(steps), strict=True):
        assert all(same(ahead[name], inline[name]) for name in FACES)


def test_a_resumed_training_gets_the_batches_of_an_undisturbed_one() -> None:
    assert all(same(made([5], depth=1)[0][name], made(range(6))[-1][name]) for name in FACES)


def test_steps_and_seeds_have_batches_of_their_own() -> None:
    first, second = made([0, 1])
    (other,) = made([0], config=CONFIG.model_copy(update={"seed": 2}))
    assert not torch.equal(first["a"].input, second["a"].input)
    assert not torch.equal(first["a"].input, other["a"].input)
    assert not torch.equal(first["a"].mask, first["b"].mask)


def test_processes_share_a_batch() -> None:
    (whole,) = made([3])
    parts = [Batches(FACES, CONFIG, CPU, World(rank, 2)).get(3, SIDE) for rank in range(2)]
    assert [len(part["a"]) for part in parts] == [2, 3]
    for name in FACES:
        for field, pixels in vars(whole[name]).items():
            joined = torch.cat([getattr(part[name], field) for part in parts])
            torch.testing.assert_close(joined, pixels, rtol=0, atol=2e-6)


def test_another_resolution_or_warp_than_foreseen_is_made_anew() -> None:
    demands = [(0, 16, 1.0), (1, 8, 1.0), (2, 8, 0.0), (3, 8, 0.0)]
    with Batches(FACES, CONFIG, CPU, depth=2) as ahead, Batches(FACES, CONFIG, CPU, depth=0) as inline:
        for demand in demands:
            batch, expected = ahead.get(*demand), inline.get(*demand)
            assert batch["a"].input.shape[-1] == demand[1]
            assert all(same(batch[name], expected[name]) for name in FACES)


def test_only_named_identities_are_mirrored() -> None:
    still = Augmentation(rotate=0, scale=0, shift=0, warp=0, light=0, colour=0)
    config = CONFIG.model_copy(update={"augmentation": still, "batch_size": 20})
    mirrored = config.model_copy(update={"augmentation": still.model_copy(update={"flip": ("a",)})})
    (plain,), (turned,) = made([0], config=config), made([0], config=mirrored)
    assert same(plain["b"], turned["b"])
    assert not torch.equal(plain["a"].target, turned["a"].target)


@pytest.mark.parametrize("depth", [0, 1])
def test_what_goes_wrong_in_the_thread_is_told(depth: int) -> None:
    whole = FACES["a"]
    wrong = {"a": TrainingFaces(whole.planes[:2], 1.2, whole.embedding, chosen=torch.arange(5, 9))}
    with Batches(wrong, CONFIG, CPU, depth=depth) as batches, pytest.raises(IndexError, match="out of range"):
        batches.get(0, SIDE)


def test_closing_ends_the_thread_and_can_be_done_twice() -> None:
    before = set(threading.enumerate())
    batches = Batches(FACES, CONFIG, CPU, depth=3)
    batches.get(0, SIDE)
    assert set(threading.enumerate()) > before
    batches.close()
    batches.close()
    assert set(threading.enumerate()) == before


def test_a_cpu_prepares_nothing_in_advance() -> None:
    before = set(threading.enumerate())
    with Batches(FACES, CONFIG, CPU) as batches:
        assert batches.get(0, SIDE)["a"].input.is_contiguous(memory_format=torch.channels_last)
        assert set(threading.enumerate()) == before
