"""Checkpoints: what goes in comes out, and a damaged file is named."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.training.models.checkpoints import (
    Checkpoint,
    CheckpointInfo,
    list_checkpoints,
    load_checkpoint,
    load_for_swap,
    save_checkpoint,
)
from ml_backend.training.state import collect, restore
from ml_backend.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]
Save = Callable[..., Path]


@pytest.fixture
def save(make_trainer: MakeTrainer, tmp_path: Path) -> Save:
    """Save the state of a trainer that has taken one step as a checkpoint of an iteration."""
    trainer = make_trainer(loss__adversarial="0.1")
    trainer.step(0, 0)

    def save(iteration: int = 1, keep: int = 3) -> Path:
        info = CheckpointInfo(
            landmark_model="facemesh478",
            identities=["a", "b"],
            config=trainer.config,
            precision="float32",
            iteration=iteration,
            seconds=1 / 3,
            learning=["a", "b"],
            side=32,
            loss=0.1 + 0.2,
            references={"a": [0.1], "b": [0.2]},
            consent={"a": "00", "b": "11"},
        )
        return save_checkpoint(tmp_path / "model", Checkpoint(info, collect(trainer)), keep)

    return save


def test_another_version_is_not_called_damaged(save: Save) -> None:
    folder = save()
    file = folder / "checkpoint.json"
    file.write_text(file.read_text().replace('"version": 2', '"version": 1'))
    with pytest.raises(BackendError, match="is of version 1, and this backend reads version 2") as caught:
        load_checkpoint(folder)
    assert "new model folder" in caught.value.fix


def test_what_goes_in_comes_out(save: Save, make_trainer: MakeTrainer, tmp_path: Path) -> None:
    folder = save()
    checkpoint = load_checkpoint(folder)
    assert (checkpoint.info.loss, checkpoint.info.seconds) == (0.1 + 0.2, 1 / 3)
    trainer = make_trainer(checkpoint.info.config)
    restore(trainer, checkpoint.parts, folder)
    again = save_checkpoint(tmp_path / "again", Checkpoint(checkpoint.info, collect(trainer)), 1)
    files = sorted(file.name for file in folder.iterdir())
    assert files == [
        "checkpoint.json",
        "discriminator.safetensors",
        "ema.safetensors",
        "optimizer.safetensors",
        "weights.safetensors",
    ]
    assert all((folder / name).read_bytes() == (again / name).read_bytes() for name in files)


def test_only_the_newest_are_kept(save: Save, tmp_path: Path) -> None:
    for iteration in (5, 99_999_999, 100_000_000, 100_000_001):
        save(iteration, keep=2)
    assert [int(folder.name) for folder in list_checkpoints(tmp_path / "model")] == [100_000_000, 100_000_001]
    assert len(list((tmp_path / "model" / "checkpoints").iterdir())) == 2


def test_a_checkpoint_that_lost_its_description_is_replaced(save: Save, tmp_path: Path) -> None:
    folder = save()
    (folder / "checkpoint.json").unlink()
    assert list_checkpoints(tmp_path / "model") == []
    assert save() == folder
    load_checkpoint(folder)


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_file_is_named(save: Save, data: st.DataObject) -> None:
    folder = save()
    file = data.draw(st.sampled_from(sorted(folder.iterdir())))
    whole = file.read_bytes()
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole.rstrip()) - 1))])
    try:
        with pytest.raises(BackendError) as caught:
            load_checkpoint(folder)
    finally:
        file.write_bytes(whole)
    assert str(file) in caught.value.message
    assert str(folder) in caught.value.fix


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\x00", b"[]", b"null", b'{"version": "1"}', b'{"version": 2}', b"{}\n{}"]
)
def test_garbage_for_a_description_is_named(save: Save, garbage: bytes) -> None:
    file = save() / "checkpoint.json"
    file.write_bytes(garbage)
    with pytest.raises(BackendError, match=r"checkpoint\.json is damaged"):
        load_checkpoint(file.parent)


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 64, b"\xff" * 64, b"not tensors at all"])
@pytest.mark.parametrize("name", ["weights", "ema", "optimizer", "discriminator"])
def test_garbage_for_tensors_is_named(save: Save, name: str, garbage: bytes) -> None:
    file = save() / f"{name}.safetensors"
    file.write_bytes(garbage)
    with pytest.raises(BackendError, match=rf"{name}\.safetensors is damaged"):
        load_checkpoint(file.parent)


def test_a_missing_part_is_named(save: Save) -> None:
    folder = save()
    (folder / "ema.safetensors").unlink()
    with pytest.raises(BackendError, match=r"ema\.safetensors"):
        load_checkpoint(folder)


def test_tensors_of_another_network_are_refused(save: Save, make_trainer: MakeTrainer, tmp_path: Path) -> None:
    folder = save()
    wider = make_trainer(architecture__code="48")
    with pytest.raises(BackendError, match=r"00000001"):
        restore(wider, load_checkpoint(folder).parts, folder)
    (folder / "ema.safetensors").write_bytes((folder / "discriminator.safetensors").read_bytes())
    with pytest.raises(BackendError, match=r"ema\.safetensors"):
        load_for_swap(tmp_path / "model", torch.device("cpu"))


def test_the_newest_checkpoint_swaps(save: Save, tmp_path: Path) -> None:
    save(1)
    save(2)
    model = load_for_swap(tmp_path / "model", torch.device("cpu"))
    assert (model.checkpoint, model.info.iteration) == ("00000002", 2)
    assert not model.network.training


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_place_without_a_model_says_how_to_make_one(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "model"
    if kind == "empty":
        place.mkdir()
    elif kind == "file":
        place.write_bytes(b"x")
    with pytest.raises(UsageError, match="ml-backend train"):
        load_for_swap(place, torch.device("cpu"))
