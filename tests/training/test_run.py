"""What a training does by itself over a night: it measures, gives up in time, steps back, and takes in newcomers."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ml_backend.errors import BackendError, UsageError
from ml_backend.facesets.store import Faceset
from ml_backend.training.curves.curve_file import read_curves
from ml_backend.training.data.known import know
from ml_backend.training.models.checkpoints import list_checkpoints, load_checkpoint
from ml_backend.training.optimizers import rate_finder
from ml_backend.training.presets import make_config
from ml_backend.training.trainer import Trainer
from ml_backend.training.weights_file import write_tensors

from .outcome import Listener, tensors

Train = Callable[..., dict[str, Any]]


def test_held_out_faces_are_measured_and_not_learned_from(train: Train, tmp_path: Path) -> None:
    result = train(settings={"held_out": "0.25", "check_every": "4"}, iterations=12)
    assert 0 < result["held_out_loss"] < 3
    assert not result["stopped_early"]
    info = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info
    assert info.plateau.looks == 3


def test_a_training_that_gains_nothing_ends_early_and_stays_ended(train: Train, tmp_path: Path) -> None:
    patient = {"held_out": "0.25", "check_every": "2", "patience": "2", "learning_rate": "1e-12"}
    result = train(settings=patient, iterations=1000)
    assert result["stopped_early"]
    cool_down = 2 * (1 + 2)  # begins after the first look, and two without gain; and it gains nothing either
    assert result["iterations"] == 2 * cool_down
    again = train(iterations=1000)
    assert (again["images"], again["stopped_early"]) == (0, True)


@pytest.mark.parametrize("iterations", [1000, 12], ids=["in its midst", "where the next one begins"])
def test_a_phase_that_gains_nothing_leads_to_the_next_one(train: Train, tmp_path: Path, iterations: int) -> None:
    settings = {"held_out": "0.25", "check_every": "2", "patience": "2", "learning_rate": "1e-12", "cool_down": "0"}
    listener = Listener()
    recipe = {"recipe": '[{"until": 0.5, "warp": 1}, {"until": 1, "warp": 0}]'}
    result = train(listener, settings=settings | recipe, iterations=iterations)
    assert (result["iterations"], result["stopped_early"]) == (2 * 6, True)
    info = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info
    assert info.phase == 1
    assert info.plateau.looks == 6
    assert info.plateau.stage[0] == 1
    assert [text for text in listener.messages if "2 looks without gain at iteration 6: on" in text]
    assert train(iterations=iterations)["images"] == 0


def test_what_swaps_after_an_early_end_is_the_best_and_not_the_last(train: Train, tmp_path: Path) -> None:
    settings = {"held_out": "0.25", "check_every": "2", "patience": "2", "cool_down": "0", "ema": "0"}
    train(settings=settings, iterations=2)
    listener = Listener()
    worse = {"learning_rate": "0.05", "loss.dssim": "0", "warm_up": "0"}  # so fast that it forgets what it knew
    result = train(listener, settings=worse, iterations=1000)
    assert result["stopped_early"]
    best = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info.plateau.at
    assert best < result["iterations"]
    assert any(f"of iteration {best}, the best" in text for text in listener.messages)
    averaged, last = (tensors(tmp_path / "model", part) for part in ("ema", "weights"))
    assert any(not torch.equal(averaged[name], last[name]) for name in last)  # without a mean they would be the same
    assert not (tmp_path / "model" / "best.safetensors").exists()


def test_a_larger_budget_goes_back_to_no_phase_and_to_no_smaller_side(train: Train, tmp_path: Path) -> None:
    growing = {
        "architecture.family": "progressive",
        "architecture.inter_channels": "256",
        "recipe": '[{"until": 0.5, "resolution": 8}, {"until": 1, "resolution": 32}]',
    }
    train(settings=growing, iterations=8)
    train(preset=None, iterations=40)
    info = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info
    assert (info.iteration, info.phase, info.side) == (40, 1, 32)
    sides = []
    step = Trainer.step

    def watch(self: Trainer, number: int, spent: float) -> torch.Tensor:
        loss = step(self, number, spent)
        sides.append((self.side, self.phase))
        return loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "step", watch)
        train(preset=None, iterations=120)  # of which the 40 are less than the half at which it grows
    assert set(sides) == {(32, 1)}


def test_looks_resume_exactly(train: Train, tmp_path: Path) -> None:
    settings = {"held_out": "0.25", "check_every": "3", "schedule": "plateau"}
    train(settings=settings, iterations=10)
    straight = tensors(tmp_path / "model", "weights")
    whole = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info
    shutil.rmtree(tmp_path / "model")
    for steps in (4, 7, 10):
        train(settings=settings, iterations=steps)
    resumed = tensors(tmp_path / "model", "weights")
    assert load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info.plateau == whole.plateau
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)


def test_a_loss_that_is_no_number_leads_back_to_the_last_checkpoint(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(iterations=5)
    step, broken = Trainer.step, []

    def stumble(self: Trainer, number: int, spent: float) -> torch.Tensor:
        loss = step(self, number, spent)
        if number == 7 and not broken:
            broken.append(number)
            with torch.no_grad():  # what an overflow does
                next(self.networks.autoencoder.parameters()).fill_(math.nan)
            return loss * math.nan
        return loss

    monkeypatch.setattr(Trainer, "step", stumble)
    listener = Listener()
    result = train(listener, iterations=20)
    assert broken == [7]
    assert result["iterations"] == 20
    assert any("back to 5, with half the learning rate" in text for text in listener.messages)
    info = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info
    assert info.calmed == 1
    assert all(tensor.isfinite().all() for tensor in tensors(tmp_path / "model", "weights").values())
    points = read_curves(tmp_path / "model")
    assert [p.iteration for p in points] == sorted({p.iteration for p in points})


def test_gradients_that_are_no_numbers_are_never_saved(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(iterations=5)
    learn, broken = Trainer._learn, []

    def stumble(self: Trainer, *given: Any) -> torch.Tensor:
        loss = learn(self, *given)
        if not broken and self.device.type != "meta":  # what is rehearsed has no numbers
            broken.append(loss)
            next(p for p in self.networks.autoencoder.parameters() if p.grad is not None).grad.fill_(math.nan)  # type: ignore[union-attr]
        return loss

    monkeypatch.setattr(Trainer, "_learn", stumble)
    listener = Listener()
    train(listener, iterations=6, settings={"checkpoint_minutes": "1e-9"})
    assert math.isfinite(broken[0])
    assert any("back to 5" in text for text in listener.messages)
    for part in ("weights", "ema"):
        assert all(tensor.isfinite().all() for tensor in tensors(tmp_path / "model", part).values())


def test_an_opponent_that_no_checkpoint_has_begins_anew_after_a_step_back(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(iterations=4)
    step, broken = Trainer.step, []

    def stumble(self: Trainer, number: int, spent: float) -> torch.Tensor:
        loss = step(self, number, spent)
        if not broken:
            broken.append(number)
            assert self.networks.discriminator is not None
            for network in (self.networks.autoencoder, self.networks.discriminator):
                with torch.no_grad():
                    next(network.parameters()).fill_(math.nan)
            return loss * math.nan
        return loss

    monkeypatch.setattr(Trainer, "step", stumble)
    result = train(iterations=8, settings={"loss.adversarial": "0.1"})
    assert result["iterations"] == 8
    assert all(tensor.isfinite().all() for tensor in tensors(tmp_path / "model", "discriminator").values())


def test_a_training_that_always_fails_says_so(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(iterations=2)
    before = tensors(tmp_path / "model", "weights")
    step = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self, number, spent: step(self, number, spent) * math.nan)
    listener = Listener()
    with pytest.raises(BackendError, match=r"not a number any more.*learning_rate"):
        train(listener, iterations=200)
    assert sum("half the learning rate" in text for text in listener.messages) == 3
    assert all(torch.equal(before[name], now) for name, now in tensors(tmp_path / "model", "weights").items())


def test_a_loss_that_runs_away_leads_back_to_the_last_checkpoint(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(iterations=5)
    step, broken = Trainer.step, []

    def stumble(self: Trainer, number: int, spent: float) -> torch.Tensor:
        if number == 7 and not broken:
            broken.append(number)
            with torch.no_grad():
                for parameter in self.networks.autoencoder.parameters():
                    parameter.mul_(5)
        return step(self, number, spent)

    monkeypatch.setattr(Trainer, "step", stumble)
    listener = Listener()
    result = train(listener, iterations=20)
    assert [text for text in listener.messages if "runs away at iteration" in text and "back to 5, with half" in text]
    assert (result["iterations"], result["loss"]) == (20, pytest.approx(0.9, abs=0.2))


def test_a_checkpoint_that_leads_to_no_numbers_is_set_aside(train: Train, tmp_path: Path) -> None:
    model = tmp_path / "model"
    for iterations in (2, 4):
        train(iterations=iterations)
    newest = list_checkpoints(model)[-1]
    bad = tensors(model, "weights")
    next(iter(bad.values())).fill_(math.nan)
    write_tensors(newest / "weights.safetensors", bad)
    listener = Listener()
    assert train(listener, iterations=8)["iterations"] == 8
    assert [text for text in listener.messages if "back to 4, with half the learning rate" in text]
    assert [text for text in listener.messages if "from iteration 4 on, which is set aside" in text]
    assert [text for text in listener.messages if "back to 2, with half the learning rate" in text]
    assert [folder.name for folder in list_checkpoints(model)] == ["00000002", "00000008"]
    assert (model / "set_aside" / "1" / "checkpoints" / "00000004" / "checkpoint.json").exists()
    assert all(tensor.isfinite().all() for tensor in tensors(model, "weights").values())


def test_a_new_model_that_fails_before_its_first_checkpoint_begins_anew(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, failing = Trainer.step, [3]

    def stumble(self: Trainer, number: int, spent: float) -> torch.Tensor:
        if number not in failing:
            return step(self, number, spent)
        failing.remove(number)
        with torch.no_grad():
            for network in (self.networks.autoencoder, self.networks.ema):
                next(network.parameters()).fill_(math.nan)
        return step(self, number, spent) * math.nan

    monkeypatch.setattr(Trainer, "step", stumble)
    listener = Listener()
    train(listener, iterations=6)
    assert [text for text in listener.messages if "back to 0, with half the learning rate" in text]
    failed = tensors(tmp_path / "model", "ema")
    shutil.rmtree(tmp_path / "model")
    train(iterations=6, settings={"learning_rate": str(make_config("tiny", {}).learning_rate / 2)})
    assert all(torch.equal(failed[name], tensor) for name, tensor in tensors(tmp_path / "model", "ema").items())

    monkeypatch.setattr(Trainer, "step", lambda self, number, spent: step(self, number, spent) * math.nan)
    with pytest.raises(BackendError, match=r"not a number any more.*it begins anew"):
        train(iterations=6, model=tmp_path / "other")


def test_a_newcomer_joins_and_nobody_is_forgotten(
    train: Train, facesets: dict[str, Path], anna: dict[str, Path], tmp_path: Path
) -> None:
    train(iterations=6)
    before = {part: tensors(tmp_path / "model", part) for part in ("weights", "ema")}
    listener = Listener()
    result = train(listener, facesets=anna, iterations=4)
    assert result["iterations"] == 6 + 4
    assert any("nothing that they need is changed" in text for text in listener.messages)
    for part, old in before.items():
        now = tensors(tmp_path / "model", part)
        assert [name for name in old if not torch.equal(old[name], now[name])] == []
        new = [name for name in now if name not in old]
        assert new
        assert all(name.startswith("decoders.2.") for name in new)
    described = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info
    assert described.identities == [*facesets, "anna"]
    assert (described.learning, described.since[0]) == (["anna"], 6)
    assert set(described.references) == set(described.consent) == set(described.identities)
    assert described.middles == {
        name: know(Faceset.open(folder)).middle for name, folder in {**facesets, **anna}.items()
    }
    # the same command again does nothing; all three together learn on
    assert train(facesets=anna, iterations=4)["images"] == 0
    with pytest.raises(UsageError, match="knows performer_A, identity_B, anna"):
        train(facesets={"performer_A": facesets["performer_A"]}, iterations=20)
    both = train(facesets=facesets | anna, iterations=6)
    assert both["images"] == 2 * 3 * 4


def test_a_batch_in_parts_comes_to_the_same(train: Train, tmp_path: Path) -> None:
    exact = {"precision": "float32"}  # shorter numbers round each part for itself
    whole = train(iterations=4, settings=exact)["loss"]
    straight = tensors(tmp_path / "model", "weights")
    shutil.rmtree(tmp_path / "model")
    parts = train(iterations=4, settings=exact | {"accumulate": "3"})["loss"]
    assert parts == pytest.approx(whole, rel=1e-4)
    for name, tensor in tensors(tmp_path / "model", "weights").items():
        torch.testing.assert_close(tensor, straight[name], rtol=1e-3, atol=1e-4)


def test_rates_are_tried_and_nothing_is_written(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, steps in (("STEPS", 12), ("COOLED", 6)):
        monkeypatch.setattr(rate_finder, name, steps)
    before = sorted(tmp_path.rglob("*"))
    result = train(find_rate=True, settings={"batch_size": "2"})
    assert len(result["rates"]) == len(result["losses"]) >= 3
    assert result["present"] in result["rates"]
    assert result["learning_rate"] in (None, *result["rates"])
    assert result["standing"] > 0
    assert sorted(tmp_path.rglob("*")) == before


def test_curves_go_on_where_the_model_does(train: Train, tmp_path: Path) -> None:
    for iterations in (40, 80):
        train(iterations=iterations)
    points = read_curves(tmp_path / "model")
    assert points[-1].iteration == 80
    assert {"dssim", "l1", "l2", "mask"} <= points[-1].parts.keys()
    assert list((tmp_path / "model" / "tensorboard").iterdir())


def test_a_stranger_cannot_be_mirrored(train: Train, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"flip names nobody.*performer_A"):
        train(settings={"augmentation.flip": "nobody"})
    assert list(tmp_path.iterdir()) == []


def test_the_parts_of_a_loss_do_not_depend_on_the_parts_of_a_batch(make_trainer: Callable[..., Trainer]) -> None:
    whole, split = make_trainer(loss__adversarial="0.1"), make_trainer(loss__adversarial="0.1", accumulate="4")
    for trainer in (whole, split):
        trainer.step(0, 0)
    assert whole.parts.keys() == split.parts.keys()
    for name in ("dssim", "l1", "l2", "mask"):
        torch.testing.assert_close(split.parts[name], whole.parts[name], rtol=1e-4, atol=1e-6)


def test_newcomers_that_fail_at_once_do_not_fall_back_on_a_model_without_them(
    train: Train, anna: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(iterations=3)
    step = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self, number, spent: step(self, number, spent) * math.nan)
    with pytest.raises(BackendError, match="not a number any more"):
        train(facesets=anna, iterations=4)
    assert [folder.name for folder in list_checkpoints(tmp_path / "model")] == ["00000003"]
