"""The pictures of people that a model keeps are put in each other's place.

The table in docs/gate.md names the tests.
"""

import shutil
from pathlib import Path

import pytest
import torch

from ml_backend.provenance.consent import find_record
from ml_backend.requests import SwapRequest
from ml_backend.swapping.permission import check_portraits
from ml_backend.training.models.checkpoints import load_for_swap
from ml_backend.training.models.export import export_model
from ml_backend.training.models.portraits import portraits_file, read_portraits

from .asking import reason
from .records import give

DEMO = Path(__file__).parents[2] / "demo"


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def check(model: Path, identity: str = "identity_B") -> None:
    request = SwapRequest(
        plate=str(DEMO / "footage" / "plate_A.mp4"), model=model, identity=identity, out=model / "out", project="demo"
    )
    portraits = read_portraits(model, identity)
    assert portraits is not None
    check_portraits(request, load_for_swap(model, torch.device("cpu")).info, portraits)


def test_portraits_of_somebody_else_lie_under_the_name(demo_home: Path, model: Path) -> None:
    check(model)
    check(model, "performer_A")
    shutil.copy(portraits_file(model, "performer_A"), portraits_file(model, "identity_B"))
    assert reason(lambda: check(model)) == "renamed"
    check(model, "performer_A")


def test_they_are_exchanged_before_the_model_is_exported(demo_home: Path, model: Path, tmp_path: Path) -> None:
    """The file is looked at when it is used, wherever it was exported."""
    for name in ("identity_B", "performer_A"):
        old = find_record(name, None)[0]
        give(demo_home, name, actions=("swap", "export-model"), project="demo", replaces=(old.sha256(),))
    shutil.copy(portraits_file(model, "performer_A"), portraits_file(model, "identity_B"))
    export_model(model, tmp_path / "a.safetensors", project="demo")
    assert reason(lambda: check(tmp_path / "a.safetensors")) == "renamed"
    check(tmp_path / "a.safetensors", "performer_A")
