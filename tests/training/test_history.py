"""Back to an older checkpoint, with nothing lost."""

from pathlib import Path

import pytest

from ml_backend.errors import UsageError
from ml_backend.training.curves.curve_file import CURVES, Point, append_point, read_curves
from ml_backend.training.models.checkpoints import list_checkpoints, load_checkpoint, save_checkpoint
from ml_backend.training.models.history import rollback

from .swap_models import save_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "previews").mkdir(parents=True)
    for iteration in (10, 20, 30):
        save_model(folder, iteration, ("anna", "ben"))
        (folder / "previews" / f"{iteration:08d}.png").write_bytes(b"picture")
        append_point(folder, Point(iteration=iteration, seconds=iteration))
    return folder


def iterations(model: Path) -> list[int]:
    return [int(folder.name) for folder in list_checkpoints(model)]


def test_what_is_newer_is_set_aside_whole(model: Path) -> None:
    moved = rollback(model, 10)
    assert iterations(model) == [10]
    assert [folder.name for folder in moved] == ["00000030", "00000020"]
    assert [load_checkpoint(folder).info.iteration for folder in moved] == [30, 20]
    aside = model / "set_aside" / "1"
    assert sorted(file.name for file in (aside / "previews").iterdir()) == ["00000020.png", "00000030.png"]
    assert [file.name for file in (model / "previews").iterdir()] == ["00000010.png"]
    assert len(read_curves(aside)) == 3
    assert (aside / CURVES).read_bytes() == (model / CURVES).read_bytes()


def test_going_back_again_takes_another_place(model: Path) -> None:
    rollback(model, 20)
    save_model(model, 30, ("anna", "ben"))
    (moved,) = rollback(model, 20)
    assert moved == model / "set_aside" / "2" / "checkpoints" / "00000030"
    assert (model / "set_aside" / "1" / "checkpoints" / "00000030").is_dir()
    rollback(model, 10)
    assert iterations(model) == [10]


def test_the_newest_is_there_already(model: Path) -> None:
    assert rollback(model, 30) == []
    assert iterations(model) == [10, 20, 30]
    assert not (model / "set_aside").exists()


@pytest.mark.parametrize("iteration", [0, 15, 31])
def test_an_iteration_without_a_checkpoint_is_told(model: Path, iteration: int) -> None:
    with pytest.raises(UsageError, match="It has: 10, 20, 30"):
        rollback(model, iteration)
    assert iterations(model) == [10, 20, 30]


def test_a_rollback_that_was_killed_goes_on(model: Path) -> None:
    half = model / "set_aside" / "1" / "checkpoints"
    half.mkdir(parents=True)
    (model / "checkpoints" / "00000030").rename(half / "00000030")
    assert [folder.name for folder in rollback(model, 10)] == ["00000020"]
    assert iterations(model) == [10]


def test_a_save_with_history_keeps_older_ones(model: Path) -> None:
    newest = load_checkpoint(list_checkpoints(model)[-1], ())
    for iteration in range(40, 400, 10):
        info = newest.info.model_copy(update={"iteration": iteration})
        save_checkpoint(model, type(newest)(info, {}), keep=2, history=True)
    kept = iterations(model)
    assert kept[0] == 10
    assert kept[-2:] == [380, 390]
    assert 6 <= len(kept) <= 10
    info = newest.info.model_copy(update={"iteration": 400})
    save_checkpoint(model, type(newest)(info, {}), keep=2)
    assert iterations(model) == [390, 400]
