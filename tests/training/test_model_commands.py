"""`ml-backend model`: what it prints, for people and for programs, and its exit codes."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.errors import BackendError, RefusedError, UsageError
from ml_backend.folder_lock import hold
from ml_backend.media.write import write_rgb
from ml_backend.training.curves.curve_file import Point, append_point
from ml_backend.training.models.alone import LOCK
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.models.model_commands import add_model_parser

from .swap_models import save_model

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run an action; returns what it printed."""
    parser = argparse.ArgumentParser()
    add_model_parser(parser.add_subparsers())

    def run(*arguments: object) -> str:
        args = parser.parse_args(["model", *map(str, arguments)])
        capsys.readouterr()
        assert args.handler(args) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    assert main(["consent", "new", "ben", "--basis", "self", "--actions", "train,swap,export-model"]) == 0
    folder = tmp_path / "model"
    for iteration in (10, 20):
        save_model(folder, iteration)
        write_rgb(folder / "previews" / f"{iteration:08d}.png", np.full((32, 64, 3), iteration, np.uint8))
        append_point(folder, Point(iteration=iteration, seconds=iteration, loss=1 / iteration))
    return folder


def last(text: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(text.splitlines()[-1])
    return values


def test_info_and_checkpoints(run: Run, model: Path) -> None:
    values = last(run("info", model, "--json"))
    assert (values["identities"], values["iteration"], values["checkpoints"]) == (["anna", "ben", "carl"], 20, 2)
    assert values["architecture"]["resolution"] == values["side"] == 32
    assert "anna, ben, carl" in run("info", model)
    rows = last(run("checkpoints", model, "--json"))["checkpoints"]
    assert [row["iteration"] for row in rows] == [10, 20]
    assert all(row["bytes"] > 100_000 for row in rows)
    assert len(run("checkpoints", model).splitlines()) == 2


def test_rollback(run: Run, model: Path) -> None:
    values = last(run("rollback", model, "--to", 10, "--json"))
    assert [Path(folder).name for folder in values["set_aside"]] == ["00000020"]
    assert "already" in run("rollback", model, "--to", 10)
    with pytest.raises(UsageError, match="It has: 10"):
        run("rollback", model, "--to", 20)


def test_no_rollback_while_a_training_runs(run: Run, model: Path) -> None:
    with hold(model / LOCK, ""), pytest.raises(BackendError, match="training of this model runs, stop it first"):
        run("rollback", model, "--to", 10)
    assert [folder.name for folder in list_checkpoints(model)] == ["00000010", "00000020"]
    assert not (model / "set_aside").exists()
    assert len(last(run("rollback", model, "--to", 10, "--json"))["set_aside"]) == 1


def test_export_and_info_of_it(run: Run, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "ben.safetensors"
    values = last(run("export", model, "--identity", "ben", "--out", file, "--json"))
    assert (values["identities"], values["bytes"]) == (["ben"], file.stat().st_size)
    told = last(run("info", file, "--json"))
    assert (told["kind"], told["identities"], told["checkpoint"]) == ("exported", ["ben"], "00000020")
    with pytest.raises(RefusedError, match="anna") as caught:
        run("export", model, "--out", tmp_path / "all.safetensors")
    assert caught.value.exit_code == 3


def test_timelapse_and_curve(run: Run, model: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    assert last(run("timelapse", model, "--out", film, "--fps", 5, "--json"))["frames"] == 2
    assert film.stat().st_size > 500
    assert "iteration 20" in run("timelapse", model, "--out", film, "--frames", 1)
    values = last(run("curve", model, "--json"))
    assert (values["out"], values["points"], values["loss"]) == (str(model / "curve.png"), 2, 0.05)
    assert (model / "curve.png").exists()


@pytest.mark.parametrize("action", ["info", "checkpoints", "rollback", "export", "timelapse", "curve", "onnx"])
def test_a_place_without_a_model_is_told(run: Run, tmp_path: Path, action: str) -> None:
    more = {
        "rollback": ["--to", 1],
        "export": ["--out", tmp_path / "a.safetensors"],
        "timelapse": ["--out", tmp_path / "a.mp4"],
        "onnx": ["--identity", "ben", "--out", tmp_path / "a.onnx"],
    }
    with pytest.raises(UsageError, match="ml-backend train"):
        run(action, tmp_path / "nothing", *more.get(action, []))
