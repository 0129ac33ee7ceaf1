"""Models are read from their folders and copied whole, also while they are trained."""

import json
from pathlib import Path

import pytest

from blender_deepfake.core import model_folders, model_fork
from blender_deepfake.core.errors import CancelledError, UsageError


def checkpoint(model: Path, iteration: int, loss: float | None = 0.5) -> Path:
    folder = model / "checkpoints" / f"{iteration:08d}"
    folder.mkdir(parents=True)
    (folder / "ema.safetensors").write_bytes(bytes(1000))
    values = {"iteration": iteration, "seconds": iteration * 60, "loss": loss, "identities": ["anna", "ben"]}
    (folder / "checkpoint.json").write_text(json.dumps(values))
    return folder


def picture(model: Path, iteration: int) -> Path:
    file = model / "previews" / f"{iteration:08d}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"png")
    return file


def test_what_a_model_is(tmp_path: Path) -> None:
    model = tmp_path / "anna"
    checkpoint(model, 9)
    checkpoint(model, 10, None)
    (model / "checkpoints" / "00000011").mkdir()
    (model / "checkpoints" / ".00000012.part").mkdir()
    (checkpoint(model, 13) / "checkpoint.json").write_text("{")
    assert [one.iteration for one in model_folders.list_checkpoints(model)] == [10, 9], "whole ones, the newest first"
    picture(model, 9)
    newest = picture(model, 10)
    (model / "curves.jsonl").write_text('{"iteration": 9, "seconds": 60, "loss": 2}\n{"iteration": 10, "seco')
    found = model_folders.summarise(model)
    assert found.preview == newest
    assert found.report == model_folders.TrainingReport(9, 2.0, 1.0), "a torn line is passed over"
    assert found.newest is not None
    assert (found.newest.loss, found.newest.minutes) == (None, 10.0)
    assert found.line.startswith("10 iterations, ")
    assert found.line.endswith(", anna + ben")
    (tmp_path / "mask").mkdir()
    (tmp_path / "mask" / "mask.safetensors").write_bytes(b"")
    assert [one.folder.name for one in model_folders.list_models(tmp_path)] == ["anna"]
    assert model_folders.list_models(tmp_path / "none") == []
    nothing = model_folders.summarise(tmp_path / "none")
    assert (nothing.newest, nothing.report, nothing.preview, nothing.line) == (None, None, None, "no checkpoint yet")


def test_the_latest_report_of_a_long_curve(tmp_path: Path) -> None:
    lines = [json.dumps({"iteration": n, "seconds": n, "parts": {"l1": 1.0}}) for n in range(5000)]
    (tmp_path / "curves.jsonl").write_text("\n".join(lines))
    report = model_folders.latest_report(tmp_path)
    assert report is not None
    assert (report.iteration, report.loss) == (4999, None)


def test_fork(tmp_path: Path) -> None:
    model = tmp_path / "anna"
    checkpoint(model, 5)
    checkpoint(model, 6)
    picture(model, 6)
    picture(model, 7)
    (model / "curves.jsonl").write_text("{}\n")
    for name in ("anna.safetensors", ".ben.safetensors.1a2b.part"):  # the second one is being written
        (model / "portraits").mkdir(exist_ok=True)
        (model / "portraits" / name).write_bytes(b"pictures")
    assert model_fork.fork(model, tmp_path / "anna_2") == 6
    files = {str(file.relative_to(tmp_path / "anna_2")) for file in (tmp_path / "anna_2").rglob("*") if file.is_file()}
    assert files == {
        "checkpoints/00000006/checkpoint.json",
        "checkpoints/00000006/ema.safetensors",
        "curves.jsonl",
        "portraits/anna.safetensors",
        "previews/00000006.png",
    }
    assert model_fork.free_name(model) == "anna_3"
    assert model_fork.free_name(tmp_path / "anna_2") == "anna_3"
    with pytest.raises(UsageError, match="something at"):
        model_fork.fork(model, tmp_path / "anna_2")
    with pytest.raises(UsageError, match="no trained model"):
        model_fork.fork(tmp_path / "none", tmp_path / "copy")
    with pytest.raises(CancelledError):
        model_fork.fork(model, tmp_path / "copy", lambda: True)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["anna", "anna_2"], "whole or not at all"
