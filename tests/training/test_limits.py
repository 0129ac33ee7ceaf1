"""Where memory, precision or a compiler does not suffice."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ml_backend.errors import BackendError, UsageError
from ml_backend.training.device import is_out_of_memory
from ml_backend.training.fitting import free_memory, parts_needed
from ml_backend.training.parallel.world import ALONE, World
from ml_backend.training.presets import make_config
from ml_backend.training.rehearsal import rehearse
from ml_backend.training.state import collect, restore
from ml_backend.training.trainer import Trainer

MakeTrainer = Callable[..., Trainer]
CPU = torch.device("cpu")
WORDS = {
    torch.OutOfMemoryError: "CUDA out of memory. Tried to allocate 2.00 GiB",
    RuntimeError: "[enforce fail at alloc_cpu.cpp:121] data. DefaultCPUAllocator: can't allocate memory: 9 bytes",
}


class Crowded:
    """A network on a device that has room for so many faces of each identity."""

    def __init__(self, trainer: Trainer, room: int, error: type[RuntimeError]) -> None:
        self._network, self._room, self._error = trainer.networks.autoencoder, room, error

    def __call__(self, faces: dict[str, torch.Tensor], swaps: Any) -> Any:
        if len(next(iter(faces.values()))) > self._room:
            raise self._error(WORDS[self._error])
        return self._network(faces, swaps)


@pytest.mark.parametrize("error", WORDS)
def test_a_batch_that_does_not_fit_is_worked_through_in_parts(
    make_trainer: MakeTrainer, error: type[RuntimeError]
) -> None:
    said: list[str] = []
    whole, parts, crowded = make_trainer(), make_trainer(accumulate="4"), make_trainer()
    crowded._say = said.append
    crowded.forward = Crowded(crowded, 1, error)
    losses = [float(trainer.step(0, 0)) for trainer in (whole, parts, crowded)]
    assert losses[1] == losses[2] == pytest.approx(losses[0], rel=1e-5)
    assert crowded.accumulate == 4
    assert ["in 2 parts" in said[0], "in 4 parts" in said[1]] == [True, True]
    expected = collect(parts)["weights"]
    assert all(torch.equal(tensor, expected[name]) for name, tensor in collect(crowded)["weights"].items())


def test_where_not_even_one_face_fits_it_is_said(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    trainer.forward = Crowded(trainer, 0, torch.OutOfMemoryError)
    with pytest.raises(BackendError, match=r"memory of cpu.*one face.*gradient_checkpointing"):
        trainer.step(0, 0)


def test_other_errors_are_not_taken_for_a_want_of_memory(make_trainer: MakeTrainer) -> None:
    assert not is_out_of_memory(RuntimeError("shapes cannot be multiplied"))
    trainer = make_trainer()

    def fails(*_: Any) -> Any:
        raise RuntimeError("shapes cannot be multiplied")

    trainer.forward = fails
    with pytest.raises(RuntimeError, match="multiplied"):
        trainer.step(0, 0)


def test_parts_are_worked_out_before_the_start() -> None:
    config = make_config("quick64", {"batch_size": "16"})
    whole, single = (rehearse(config.model_copy(update={"batch_size": n}), 2, torch.float32).peak for n in (16, 1))
    said: list[str] = []

    def parts(free: float, world: World = ALONE) -> int:
        return parts_needed(config, 2, torch.float32, int(free), world, said.append)

    assert parts(2 * whole) == 1
    assert parts(2 * whole, World(0, 4, 0)) == 1
    assert said == []
    few = parts((whole + single) / 2 / 0.9)
    assert few == 2
    assert "--set batch_size=8 would fit in one" in said[0]
    assert parts(single / 0.9 + 1) == 16
    with pytest.raises(UsageError, match=r"GB are free.*smaller --preset.*gradient_checkpointing"):
        parts(single / 2)


def test_this_machine_says_what_is_free() -> None:
    assert 10**8 < free_memory(CPU, ALONE) < 10**14


def test_float16_scales_its_gradients_and_goes_on_where_it_was(make_trainer: MakeTrainer) -> None:
    settings = {"loss__adversarial": "0.1", "precision": "float16"}
    straight, first, second = (make_trainer(**settings) for _ in range(3))
    losses = [float(straight.step(n, 0.5)) for n in range(4)]
    full = [float(trainer.step(0, 0.5)) for trainer in [make_trainer(loss__adversarial="0.1")]]
    assert losses[0] == pytest.approx(full[0], rel=0.02)
    for n in range(2):
        first.step(n, 0.5)
    stored = {
        part: {name: value.clone() for name, value in tensors.items()} for part, tensors in collect(first).items()
    }
    assert float(stored["optimizer"]["scaler.scale"]) > 1
    restore(second, stored, Path("model"))
    assert [float(second.step(n, 0.5)) for n in (2, 3)] == losses[2:]


@pytest.mark.slow
def test_without_a_compiler_the_training_goes_on(tmp_path: Path) -> None:
    code = (
        "import torch, numpy as np\n"
        "from ml_backend.training.build import build_networks\n"
        "from ml_backend.training.data import TrainingFaces\n"
        "from ml_backend.training.presets import make_config\n"
        "from ml_backend.training.trainer import Trainer\n"
        "cpu, config = torch.device('cpu'), make_config('tiny', {'compile': 'true'})\n"
        "planes = torch.randint(256, (6, 5, 48, 48), dtype=torch.uint8)\n"
        "faces = {name: TrainingFaces(planes, 1.3, np.zeros(128, np.float32)) for name in 'ab'}\n"
        "trainer = Trainer(config, build_networks(config, list(faces), cpu), faces, cpu, torch.float32, say=print)\n"
        "print([float(trainer.step(n, 0)) > 0 for n in range(2)])\n"
    )
    environment = os.environ | {"CXX": str(tmp_path / "none"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "torch.compile does not work here" in done.stdout
    assert "[True, True]" in done.stdout
