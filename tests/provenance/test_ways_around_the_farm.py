"""Ways to pass by the gate with a farm's job, which anybody who reaches its folder can edit.

The table in docs/gate.md names the tests.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ml_backend.farm.job import FILE, make_job, read_job, write_job
from ml_backend.progress import SilentReporter
from ml_backend.requests import SwapRequest
from ml_backend.swapping.swap import run_swap
from ml_backend.training.models.checkpoints import list_checkpoints

from .asking import reason

PLATE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"
EDITS: dict[str, dict[str, Any]] = {
    "wrong-project": {"project": "another film"},
    "performer-unknown": {"settings": {"faces": "all"}},
    "missing": {"settings": {"faces": "largest", "performer": "somebody"}},
}


@pytest.fixture
def job(tiny_model: Path, demo_home: Path, tmp_path: Path) -> Path:
    asked = {"plate": str(PLATE), "model": tiny_model, "identity": "identity_B", "out": tmp_path / "swap"}
    request = SwapRequest.model_validate({**asked, "frames": "3-4", "project": "demo"})
    return write_job(tmp_path / "job", make_job(request, 1)).parent


def run(job: Path) -> None:
    run_swap(read_job(job).step("faces"), SilentReporter())


@pytest.mark.parametrize("why", EDITS)
def test_a_farm_job_is_edited(job: Path, why: str) -> None:
    content = json.loads((job / FILE).read_text())
    (job / FILE).write_text(json.dumps(content | {"request": content["request"] | EDITS[why]}))
    assert reason(lambda: run(job)) == why


def test_a_farm_job_is_led_to_another_model(job: Path, tiny_model: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    for folder in list_checkpoints(model):
        info = json.loads((folder / "checkpoint.json").read_text())
        info["consent"]["identity_B"] = "1" * 64
        (folder / "checkpoint.json").write_text(json.dumps(info))
    content = json.loads((job / FILE).read_text())
    content["request"]["model"] = str(model)
    (job / FILE).write_text(json.dumps(content))
    assert reason(lambda: run(job)) == "other-record"
