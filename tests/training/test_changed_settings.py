"""A model that is trained on with other settings: what can go on goes on, what cannot begins anew and says so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ml_backend.errors import BackendError, UsageError
from ml_backend.folder_lock import hold
from ml_backend.training.data import TrainingFaces
from ml_backend.training.held_out import key_of_measured
from ml_backend.training.models.alone import LOCK, alone
from ml_backend.training.models.checkpoints import list_checkpoints, load_checkpoint

from .outcome import Listener, tensors

Train = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("first", "second"), [("lion", "adamw"), ("lion", "adabelief"), ("adamw", "adabelief"), ("adabelief", "lion")]
)
def test_another_optimizer_begins_without_the_moments_of_the_last(
    train: Train, tmp_path: Path, first: str, second: str
) -> None:
    train(iterations=2, settings={"optimizer": first})
    listener = Listener()
    train(listener, iterations=4, settings={"optimizer": second})
    assert f"optimizer={second} begins without what {first} knew of the weights." in listener.messages
    kept = {name.rsplit(".", 1)[1] for name in tensors(tmp_path / "model", "optimizer")}
    wanted = {"lion": {"exp_avg"}, "adamw": {"step", "exp_avg", "exp_avg_sq"}}
    assert kept == wanted.get(second, {"step", "exp_avg", "exp_avg_var"})
    again = Listener()
    train(again, iterations=5)
    assert not again.messages


@pytest.mark.parametrize("setting", ["opponent.kind=unet", "opponent.channels=16", "opponent.spectral_norm=false"])
def test_a_discriminator_of_another_make_begins_anew(train: Train, tmp_path: Path, setting: str) -> None:
    train(iterations=2, settings={"loss.adversarial": "0.1"})
    before = tensors(tmp_path / "model", "optimizer")
    listener = Listener()
    train(listener, iterations=4, settings=dict([setting.split("=")]))
    assert listener.messages == ["The discriminator begins anew."]
    steps = {
        name.split(".")[0]: float(value)
        for name, value in tensors(tmp_path / "model", "optimizer").items()
        if name.endswith(".step")
    }
    assert steps == {"autoencoder": 4, "discriminator": 2}
    assert any(name.startswith("discriminator.") for name in before)


@pytest.mark.parametrize("alone", [True, False])
def test_a_newcomer_makes_the_code_discriminator_begin_anew(
    train: Train, facesets: dict[str, Path], anna: dict[str, Path], tmp_path: Path, alone: bool
) -> None:
    train(iterations=2, settings={"loss.code_adversarial": "0.1"})
    listener = Listener()
    train(listener, facesets=anna if alone else facesets | anna, iterations=2)
    assert "The code discriminator begins anew." in listener.messages
    joined = tensors(tmp_path / "model", "code_discriminator")
    assert any(tensor.shape[0] == 3 for tensor in joined.values())


def test_a_model_keeps_its_base(train: Train) -> None:
    train(iterations=2, settings={"base": "none"})
    train(iterations=3, settings={"base": "none"})
    with pytest.raises(UsageError, match=r"began with base=none, not with other\.safetensors"):
        train(iterations=4, settings={"base": "other.safetensors"})


PATIENT = {"held_out": "0.25", "check_every": "1", "patience": "2", "cool_down": "0", "ema": "0"}
FORGETS = PATIENT | {"learning_rate": "0.05", "loss.dssim": "0", "warm_up": "0", "checkpoint_minutes": "0.00001"}


def test_the_best_weights_swap_also_where_the_last_step_had_a_checkpoint(train: Train, tmp_path: Path) -> None:
    result = train(settings=FORGETS, iterations=1000)
    best = load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info.plateau.at
    assert result["stopped_early"]
    assert best < result["iterations"]
    averaged, last = (tensors(tmp_path / "model", part) for part in ("ema", "weights"))
    assert any(not torch.equal(averaged[name], last[name]) for name in last)  # without a mean they would be the same


def test_an_end_that_was_killed_is_made_up_for(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("ml_backend.training.run.read_best", killed)
        with pytest.raises(KeyboardInterrupt):
            train(settings=FORGETS, iterations=1000)
    listener = Listener()
    result = train(listener, iterations=1000)
    assert (result["images"], result["stopped_early"]) == (0, True)
    assert any("the best on held-out faces" in text for text in listener.messages)
    averaged, last = (tensors(tmp_path / "model", part) for part in ("ema", "weights"))
    assert any(not torch.equal(averaged[name], last[name]) for name in last)
    assert not (tmp_path / "model" / "best.safetensors").exists()


def test_after_an_early_end_a_larger_budget_says_what_trains_on(train: Train) -> None:
    ended = train(settings=PATIENT | {"learning_rate": "1e-12"}, iterations=1000)["iterations"]
    listener = Listener()
    assert train(listener, iterations=2000)["images"] == 0
    assert [text for text in listener.messages if f"has ended at iteration {ended}: --set patience=0" in text]
    assert train(settings={"patience": "0"}, iterations=ended + 3)["iterations"] == ended + 3


def test_looks_at_something_else_are_not_compared_with_those_before(train: Train, tmp_path: Path) -> None:
    def steps(**changes: Any) -> int:
        images: int = train(iterations=1000, **changes)["images"]
        return images // (2 * 4)

    def say(measured: str | None) -> None:
        file = list_checkpoints(tmp_path / "model")[-1] / "checkpoint.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"measured": measured}))

    ends = 3  # a first look, and two without gain
    assert steps(settings=PATIENT | {"learning_rate": "1e-12"}) == ends
    assert steps(settings={"loss.dssim": "3"}) == ends
    say("those of other footage")
    assert steps() == ends
    say(None)  # as checkpoints that do not name the faces
    assert steps() == 0


def test_the_faces_that_are_looked_at_are_told_apart(two_people: dict[str, TrainingFaces]) -> None:
    key = key_of_measured(two_people)
    assert key == key_of_measured(dict(two_people))
    fewer = {name: faces.subset(torch.arange(5)) for name, faces in two_people.items()}
    renamed = dict(zip(("a", "c"), two_people.values(), strict=True))
    assert len({key, key_of_measured(fewer), key_of_measured(renamed), key_of_measured({})}) == 4


def test_a_rate_that_is_asked_for_is_not_halved_by_failures_of_before(train: Train, tmp_path: Path) -> None:
    train(iterations=2)
    file = list_checkpoints(tmp_path / "model")[-1] / "checkpoint.json"
    file.write_text(file.read_text().replace('"calmed": 0', '"calmed": 3'))

    def halved(iterations: int, **settings: str) -> int:
        train(iterations=iterations, settings=settings)
        return load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info.calmed

    assert halved(3) == 3
    assert halved(4, learning_rate="0.001") == 0


def test_one_training_at_a_time_fills_a_model(train: Train, tmp_path: Path) -> None:
    train(iterations=2)
    before = list_checkpoints(tmp_path / "model")
    with hold(tmp_path / "model" / LOCK, ""), pytest.raises(BackendError, match="another training of this model runs"):
        train(iterations=4)
    assert list_checkpoints(tmp_path / "model") == before
    with pytest.raises(BackendError, match="ended in the meantime"), alone(tmp_path / "model", []):
        pass
    assert train(iterations=4)["iterations"] == 4
