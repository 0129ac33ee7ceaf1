"""The train job of a progressive model: it grows, its checkpoints work at the side that they were made at."""

import json
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml_backend.errors import Cancelled
from ml_backend.faces.alignment import FACE
from ml_backend.facesets.store import Faceset
from ml_backend.media.write import read_picture
from ml_backend.progress import SilentReporter
from ml_backend.provenance.gate import Purpose, require
from ml_backend.requests import SwapRequest, TrainRequest
from ml_backend.swapping.inference import infer
from ml_backend.swapping.swap import run_swap
from ml_backend.training.data import load_faces
from ml_backend.training.models.checkpoints import CheckpointInfo, list_checkpoints, load_for_swap, read_info
from ml_backend.training.preview import preview_grid
from ml_backend.training.train import run_train

from .test_kill import newest_number
from .test_train import StopAfter, newest

Train = Callable[..., dict[str, Any]]
CPU = torch.device("cpu")
SIDE = 32
STEPS = 20
PHASES = (
    {"until": 0.3, "adversarial": 0, "resolution": 8},
    {"until": 0.6, "adversarial": 0, "resolution": 16},
    {"until": 1, "resolution": SIDE},
)
GROWING = {
    "architecture.family": "progressive",
    "architecture.encoder_channels": "4",
    "architecture.decoder_channels": "4",
    "architecture.code": "16",
    "architecture.inter_channels": "256",  # this family has none to choose
    "loss.adversarial": "0.1",
    "recipe": json.dumps(PHASES),
}
EVERY_STEP = {"checkpoint_minutes": "1e-9", "preview_minutes": "1e-9", "keep_checkpoints": "99"}


def infos(model: Path) -> dict[int, CheckpointInfo]:
    """What the checkpoints say, by their iteration."""
    return {int(folder.name): read_info(folder) for folder in list_checkpoints(model)}


def is_fading(side: float) -> bool:
    return not math.log2(side).is_integer()


def model_at(model: Path, iteration: int, to: Path) -> Path:
    """A copy of the model as it was then."""
    shutil.copytree(model, to)
    for folder in list_checkpoints(to):
        if int(folder.name) > iteration:
            shutil.rmtree(folder)
    return to


@pytest.fixture(scope="module")
def grown(facesets: dict[str, Path], consent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has grown in peace, with a checkpoint and a preview of every step."""
    model = tmp_path_factory.mktemp("grown") / "model"
    request = TrainRequest(
        model=model,
        facesets=facesets,
        preset="tiny",
        iterations=STEPS,
        settings=GROWING | EVERY_STEP,
        consent=consent,
    )
    run_train(request, SilentReporter())
    return model


def test_it_grows_to_the_last_side(grown: Path) -> None:
    sides = {iteration: info.side for iteration, info in infos(grown).items()}
    assert list(sides) == list(range(1, STEPS + 1))
    assert all(before <= after for before, after in pairwise(sides.values()))
    # 6 steps at the first side, then half of each phase fades; the last step of a phase is long past that
    assert [sides[step] for step in (1, 6, 7, 12, 13, STEPS)] == [8, 8, 8, 16, 16, SIDE]
    assert [step for step, side in sides.items() if is_fading(side)] == [8, 9, 14, 15, 16]


@pytest.mark.parametrize(("iteration", "side"), [(6, 8), (9, 16), (15, 32), (STEPS, SIDE)])
def test_every_checkpoint_works_at_its_side(
    grown: Path, facesets: dict[str, Path], consent: Path, tmp_path: Path, iteration: int, side: int
) -> None:
    model = load_for_swap(model_at(grown, iteration, tmp_path / "model"), CPU)
    assert model.info.iteration == iteration
    assert model.network.side == side

    shown = read_picture(grown / "previews" / f"{iteration:08d}.png")
    assert shown.shape[0] == 2 * (1 + 2) * side
    faces = {name: load_faces(Faceset.open(folder), SIDE, FACE.side, CPU) for name, folder in facesets.items()}
    both = require(facesets, Purpose("swap", consent))
    assert np.array_equal(preview_grid(model.network, faces, both), shown), "what trained is what is kept"

    given = np.random.default_rng(5).random((side, side, 3), np.float32)
    face, mask = infer(model.network, "identity_B", CPU, given)
    assert (face.shape, mask.shape) == ((side, side, 3), (side, side))
    assert all(0 < made.min() < made.max() < 1 for made in (face, mask))


@pytest.mark.parametrize("iteration", [9, STEPS], ids=["fading", "grown"])
def test_a_swap_takes_the_side_that_there_is(
    grown: Path, footage: Path, consent: Path, tmp_path: Path, iteration: int
) -> None:
    request = SwapRequest(
        plate=str(footage / "plate_A.mp4"),
        model=model_at(grown, iteration, tmp_path / "model"),
        identity="identity_B",
        out=tmp_path / "swap",
        frames="1-1",
        consent=consent,
    )
    assert run_swap(request, SilentReporter())["faces"] == 1
    (file,) = (tmp_path / "swap").glob("*.png")
    assert read_picture(file)[..., 3].any()


@pytest.mark.parametrize("stops", [[8], [15], pytest.param([8, 6, 1], marks=pytest.mark.slow)])
def test_a_stop_in_a_fade_changes_nothing(train: Train, grown: Path, tmp_path: Path, stops: list[int]) -> None:
    for steps in stops:
        with pytest.raises(Cancelled):
            train(StopAfter(steps), iterations=STEPS, settings=GROWING)
        (*_, info) = infos(tmp_path / "model").values()
        assert is_fading(info.side)
    result = train(iterations=STEPS, settings=GROWING)
    assert result["images"] == (STEPS - sum(stops)) * 2 * 4
    assert newest(tmp_path / "model") == newest(grown)


@pytest.mark.slow
def test_a_kill_in_a_fade_changes_nothing(
    train: Train, facesets: dict[str, Path], consent: Path, backend_environment: dict[str, str], tmp_path: Path
) -> None:
    steps = 60
    phases = [{"until": 0.02, "resolution": 8}, {"until": 1, "resolution": SIDE}]  # half of the training is a fade
    settings = GROWING | {"loss.adversarial": "0", "batch_size": "2", "recipe": json.dumps(phases)}
    train(iterations=steps, settings=settings, model=tmp_path / "calm")

    model = tmp_path / "killed"
    command = [sys.executable, "-m", "ml_backend", "train", "--model", str(model), "--preset", "tiny"]
    command += ["--iterations", str(steps), "--consent", str(consent), "--set", "checkpoint_minutes=1e-9"]
    command += [text for name, folder in facesets.items() for text in ("--faceset", f"{name}={folder}")]
    command += [text for pair in settings.items() for text in ("--set", "=".join(pair))]
    log = tmp_path / "log.txt"
    for kill_after, side in ((4, 16), (18, SIDE)):
        with log.open("w") as said:
            process = subprocess.Popen(command, env=backend_environment, stdout=said, stderr=said)
        deadline = time.monotonic() + 120
        while newest_number(model) < kill_after:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.kill()
        process.wait()
        reached = read_info(list_checkpoints(model)[-1]).side
        assert side / 2 < reached < side, "the kill came too late"
    done = newest_number(model)
    result = train(iterations=steps, settings=settings | {"checkpoint_minutes": "5"}, model=model)
    assert result["images"] == (steps - done) * 2 * 2
    assert newest(model) == newest(tmp_path / "calm")


def test_held_out_faces_are_looked_at_on_the_way(train: Train, tmp_path: Path) -> None:
    result = train(iterations=STEPS, settings=GROWING | EVERY_STEP | {"held_out": "0.25", "check_every": "3"})
    looks = {iteration: info.plateau.looks for iteration, info in infos(tmp_path / "model").items()}
    assert looks == {iteration: iteration // 3 for iteration in range(1, STEPS + 1)}
    assert 0 < result["held_out_loss"] < 3
    assert not result["stopped_early"]


@pytest.mark.parametrize("others", [False, True], ids=["alone", "with the others"])
def test_a_newcomer_joins_at_the_side_that_was_reached(
    train: Train, grown: Path, facesets: dict[str, Path], anna: dict[str, Path], tmp_path: Path, others: bool
) -> None:
    model = Path(shutil.copytree(grown, tmp_path / "model"))
    given = facesets | anna if others else anna
    assert train(facesets=given, iterations=4, settings=GROWING)["images"] == 4 * 4 * len(given)
    assert [info.side for iteration, info in infos(model).items() if iteration > STEPS] == [SIDE] * 4
    before, now = (load_for_swap(folder, CPU).network for folder in (grown, model))
    face = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(6))
    assert now.identities == (*facesets, "anna")
    assert now.swap(face, "anna")[0].shape == face.shape
    kept = torch.equal(before.swap(face, "identity_B")[0], now.swap(face, "identity_B")[0])
    assert kept is not others
