"""A training that is killed again and again ends with the same files as one that was left alone."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ml_backend.progress import SilentReporter
from ml_backend.requests import TrainRequest
from ml_backend.training.models.checkpoints import list_checkpoints, load_checkpoint
from ml_backend.training.train import run_train

STEPS, KILLS = 60, 5
SETTINGS = {
    "loss.adversarial": "0.1",
    "recipe": '[{"until": 0.4, "adversarial": 0}, {"until": 1}]',
    "checkpoint_minutes": "0.0005",
    "preview_minutes": "0.001",
}


def newest_number(model: Path) -> int:
    return max((int(folder.name) for folder in list_checkpoints(model)), default=0)


@pytest.mark.slow
def test_a_killed_training_ends_as_one_that_was_not(
    facesets: dict[str, Path], consent: Path, backend_environment: dict[str, str], tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    calm, model = tmp_path / "calm", tmp_path / "killed"
    request = TrainRequest(
        model=calm, facesets=facesets, preset="tiny", iterations=STEPS, settings=SETTINGS, consent=consent
    )
    run_train(request, SilentReporter())

    command = [sys.executable, "-m", "ml_backend", "train", "--model", str(model), "--preset", "tiny"]
    command += ["--iterations", str(STEPS), "--consent", str(consent)]
    command += [text for name, folder in facesets.items() for text in ("--faceset", f"{name}={folder}")]
    command += [text for key, value in SETTINGS.items() for text in ("--set", f"{key}={value}")]
    log = (tmp_path / "log.txt").open("w")
    killed_at = []
    for kill in range(KILLS):
        before = newest_number(model)
        # the first kill at any moment of the start, the others where checkpoints are being written
        target = 0 if kill == 0 else min(before + chance.randint(1, 15), STEPS)
        process = subprocess.Popen(command, env=backend_environment, stdout=log, stderr=log)
        while process.poll() is None and newest_number(model) < target:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 3 if kill == 0 else 0.1))
        process.kill()
        process.wait()
        killed_at.append(newest_number(model))
    print(f"killed after the checkpoints {killed_at}")
    subprocess.run(command, env=backend_environment, stdout=log, stderr=log, check=True, timeout=300)

    ends = [list_checkpoints(folder)[-1] for folder in (calm, model)]
    assert [folder.name for folder in ends] == [f"{STEPS:08d}"] * 2
    tensors = [{file.name: file.read_bytes() for file in folder.glob("*.safetensors")} for folder in ends]
    assert sorted(tensors[0]) == [f"{part}.safetensors" for part in ("discriminator", "ema", "optimizer", "weights")]
    assert tensors[0] == tensors[1]
    calm_info, info = (load_checkpoint(folder).info for folder in ends)
    assert info.loss == calm_info.loss
    assert not list(model.rglob(".*")), "nothing half-written is left"
