"""Several processes that train one model come to what one alone does, also when one of them is killed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.parallel.world import World

STEPS = 24
SETTINGS = {
    "batch_size": "5",  # no even number for two
    "precision": "float32",  # shorter numbers round the part of each process for itself
    "loss.adversarial": "0.1",
    "loss.code_adversarial": "0.1",
    "opponent.spectral_norm": "false",
    "recipe": '[{"until": 0.5, "adversarial": 0}, {"until": 1}]',
    "checkpoint_minutes": "0.001",
}
Start = Callable[..., "subprocess.Popen[str]"]


def test_rows_of_all_processes_are_the_whole_batch() -> None:
    for size in (1, 2, 3, 7):
        rows = [row for rank in range(size) for row in range(16)[World(rank, size).rows(16)]]
        assert rows == list(range(16))


@pytest.fixture(scope="module")
def start(facesets: dict[str, Path], consent: Path, backend_environment: dict[str, str]) -> Start:
    """Start `ml-backend train` with some devices."""

    def start(model: Path, devices: int, iterations: int = STEPS, **settings: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "ml_backend", "train", "--model", str(model), "--preset", "tiny", "--json"]
        command += ["--iterations", str(iterations), "--consent", str(consent), "--devices", str(devices)]
        command += [text for name, folder in facesets.items() for text in ("--faceset", f"{name}={folder}")]
        command += [text for pair in (SETTINGS | settings).items() for text in ("--set", "=".join(pair))]
        return subprocess.Popen(
            command, env=backend_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def result_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    result: dict[str, Any] = json.loads(out.splitlines()[-1])
    return result


@pytest.fixture(scope="module")
def undisturbed(start: Start, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A model that two processes trained in peace, and what they said."""
    model = tmp_path_factory.mktemp("undisturbed") / "two"
    return model, result_of(start(model, 2))


def end_of(model: Path) -> dict[str, torch.Tensor]:
    """All tensors of the newest checkpoint."""
    folder = list_checkpoints(model)[-1]
    assert folder.name == f"{STEPS:08d}"
    return {
        f"{file.stem}/{name}": tensor
        for file in sorted(folder.glob("*.safetensors"))
        for name, tensor in load_file(file).items()
    }


def ranks(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The training processes of a command, as far as they run."""
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            words = child.cmdline()
        except psutil.Error:
            continue
        if "ml_backend.training.parallel.rank" in words and "torch.distributed.run" not in words:
            found.append(child)
    return found


def assert_near(end: dict[str, torch.Tensor], alone: dict[str, torch.Tensor]) -> None:
    """The same weights but for rounding.

    By tensors: where a gradient is next to nothing, its rounding decides the sign of a step of Adam's. The
    discriminators have had but half of the steps, the first of which are little else than signs. The training has moved
    each of these tensors by 1.3e-3 or more an element.
    """
    assert end.keys() == alone.keys()
    compared = [n for n in alone if n.startswith(("weights/", "ema/", "discriminator/", "code_discriminator/"))]
    assert {name.split("/")[0] for name in compared} == {"weights", "ema", "discriminator", "code_discriminator"}
    for name in compared:
        step = 3e-4 if "discriminator/" in name else 1e-4
        difference = torch.linalg.vector_norm(end[name] - alone[name])
        allowed = 1e-3 * torch.linalg.vector_norm(alone[name]) + step * alone[name].numel() ** 0.5
        assert difference <= allowed, (name, float(difference), float(allowed))


@pytest.mark.slow
def test_two_processes_come_to_what_one_does(
    start: Start, undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    model, both = undisturbed
    alone = result_of(start(tmp_path / "one", 1))
    assert (alone["devices"], both["devices"]) == (1, 2)
    assert alone["images"] == STEPS * 5 * 2
    assert alone["iterations"] == both["iterations"] == STEPS  # its images are those since the last restart
    assert both["loss"] == pytest.approx(alone["loss"], rel=1e-3)
    assert_near(end_of(model), end_of(tmp_path / "one"))


@pytest.mark.slow
def test_a_killed_process_is_replaced_and_the_result_stays_the_same(
    start: Start, undisturbed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    model, calm = undisturbed
    process = start(tmp_path / "killed", 2)
    deadline = time.monotonic() + 120
    while not list_checkpoints(tmp_path / "killed"):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    victims = ranks(process)
    assert len(victims) == 2
    victims[-1].send_signal(signal.SIGKILL)
    result = result_of(process)
    assert result["iterations"] == calm["iterations"] == STEPS
    calm_end, end = end_of(model), end_of(tmp_path / "killed")
    assert [name for name in calm_end if not torch.equal(calm_end[name], end[name])] == []
    assert not ranks_left(tmp_path / "killed")


def ranks_left(model: Path) -> list[int]:
    """Processes that still train into this folder."""
    return [p.pid for p in psutil.process_iter() if p.status() != "zombie" and str(model) in " ".join(p.cmdline())]


@pytest.mark.slow
def test_what_nothing_is_asked_of_does_not_stop_several(start: Start, tmp_path: Path) -> None:
    unasked = {"loss.mask": "0", "loss.adversarial": "0", "loss.code_adversarial": "0"}
    assert result_of(start(tmp_path / "model", 2, 3, **unasked))["devices"] == 2


@pytest.mark.slow
def test_a_stop_is_for_all(start: Start, tmp_path: Path) -> None:
    model = tmp_path / "model"
    process = start(model, 2, iterations=1_000_000)
    deadline = time.monotonic() + 120
    while not list_checkpoints(model):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "goes on from here" in err
    assert not ranks_left(model)
