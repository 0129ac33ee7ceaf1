"""Are the estimates true? Against real trainings in processes of their own, and against real files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ml_backend.doctor.devices import Device, processor
from ml_backend.doctor.needs import training_memory_mb, work_out
from ml_backend.doctor.needs_shape import Job
from ml_backend.doctor.swap_frame import SwapFrame
from ml_backend.training.device import best_device
from ml_backend.training.presets import PRESETS, make_config
from ml_backend.training.rehearsal import rehearse

SPEED = {
    "training_images_per_second": 100.0,
    "faces_per_second": 10.0,
    "followed_faces_per_second": 20.0,
    "decode_megapixels_per_second": 100.0,
    "swap_frames_per_second": 4.0,
}


@pytest.fixture(scope="module")
def frame() -> SwapFrame:
    return SwapFrame(640, 360)


@pytest.mark.slow
@pytest.mark.skipif(best_device().type != "cpu", reason="the resident set tells nothing of a card's memory")
@pytest.mark.parametrize("preset", ["tiny", "quick64", "quick96"])
def test_training_memory_is_that_of_a_real_training(preset, facesets, consent, tmp_path):
    request = {
        "model": str(tmp_path / "model"),
        "facesets": {name: str(folder) for name, folder in facesets.items()},
        "preset": preset,
        "iterations": 4,
        "consent": str(consent),
        "settings": {"precision": "float32"},
    }
    code = (
        "import json, sys; from ml_backend.jobs import JOB_KINDS; from ml_backend.progress import SilentReporter\n"
        "kind = JOB_KINDS['train']; request = kind.request.model_validate_json(sys.argv[1])\n"
        "print(json.dumps(kind.run(request, SilentReporter())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(request)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout.splitlines()[-1])["peak_rss_mb"]
    step = rehearse(PRESETS[preset], 2, torch.float32)
    estimated, _ = training_memory_mb(step, PRESETS[preset], 8, processor())
    assert estimated == pytest.approx(measured, rel=0.25)
    written = sum(file.stat().st_size for file in (tmp_path / "model" / "checkpoints").rglob("*.safetensors"))
    assert (16 * step.parameters + 12 * step.opponent) == pytest.approx(written, rel=0.02)


def test_a_step_counts_what_grows_with_the_batch_and_what_does_not():
    config = PRESETS["quick96"]
    small, large = (rehearse(config.model_copy(update={"batch_size": batch}), 2, torch.float32) for batch in (4, 8))
    assert small.parameters == large.parameters
    assert large.operations == pytest.approx(2 * small.operations, rel=0.01)
    steady = 20 * small.parameters  # weights, gradients, mean, two moments; four bytes each
    assert steady < small.peak < large.peak < 2 * small.peak
    assert rehearse(config, 2, torch.bfloat16).peak < small.peak
    assert rehearse(config, 3, torch.float32).parameters > small.parameters


def test_the_opponent_counts_where_there_is_one():
    assert rehearse(PRESETS["tiny"], 2, torch.float32).opponent == 0
    assert rehearse(PRESETS["fast128"], 2, torch.float32).opponent > 100_000


def test_times_follow_from_the_measured_speed(frame):
    needs = work_out(Job("tiny", 100, 10, 640, 360), processor(), frame, SPEED, "tiny")
    decoding, finding = 0.2304 / 100, 1 / 20 + (1 / 10 - 1 / 20) / 30
    assert needs.extract_seconds == pytest.approx(200 * (decoding + finding), abs=0.1)
    assert needs.swap_seconds == pytest.approx(10 * (2 * decoding + finding + 1 / 4), abs=0.1)
    assert needs.train_seconds_per_1000_iterations == pytest.approx(80, abs=0.1)
    larger = work_out(Job("quick64", 100, 10, 640, 360), processor(), frame, SPEED, "tiny")
    assert larger.train_seconds_per_1000_iterations > 1000


@pytest.mark.slow
def test_a_smaller_batch_is_proposed_where_it_fits_and_another_preset_where_none_does(frame):
    """On cards that are not there: what they hold is not measured but taken from the description."""

    def advice(memory_mb: int) -> list[str]:
        return work_out(job, Device("mps", "a card", memory_mb), frame, {}, "quick96").advice

    job = Job("quick96", 100, 10, 640, 360)
    whole = work_out(job, Device("mps", "a large one", 100_000), frame, {}, "quick96")
    assert (whole.fits, whole.advice, whole.swap_seconds) == (True, [], None)
    assert "--set batch_size=3 does." in advice(whole.training_memory_mb - 2)[0]
    assert "--preset tiny does." in advice(400)[0]
    assert "fewer faces" in advice(50)[0]


def test_a_long_plate_does_not_fit_on_any_disk(frame):
    needs = work_out(Job("tiny", 100, 10**9, 640, 360), processor(), frame, {}, "tiny")
    assert not needs.fits
    assert any("of disk" in line for line in needs.advice)


@pytest.mark.parametrize("preset", ["df128", "liae128"])
def test_heads_that_share_a_convolution_are_rehearsed_in_16_bits(preset: str):
    config = PRESETS[preset].model_copy(update={"batch_size": 2})
    short, whole = (rehearse(config, 2, precision) for precision in (torch.bfloat16, torch.float32))
    assert short.operations == whole.operations > 0


ODD = {
    "gradient penalty": {"loss.adversarial": "0.1", "opponent.r1": "1"},
    "gradient penalty of every pixel": {"loss.adversarial": "0.1", "opponent.r1": "1", "opponent.kind": "unet"},
    "resting weights": {"rate_dropout": "0.7"},
    "gradient checkpointing": {"gradient_checkpointing": "true"},
}


@pytest.mark.parametrize("settings", ODD.values(), ids=list(ODD))
def test_steps_of_all_kinds_are_rehearsed(settings: dict[str, str]):
    assert rehearse(make_config("tiny", settings), 2, torch.bfloat16).peak > 0


def test_what_takes_the_most_is_counted():
    """Of the phases the one with the discriminator."""
    phases = {"recipe": '[{"until": 0.5}, {"until": 1, "adversarial": 0}]'}
    rests, fights = (
        rehearse(make_config("tiny", {"loss.adversarial": "0.1"} | recipe), 2, torch.float32).peak
        for recipe in (phases, {})
    )
    assert rests == fights


def test_checkpointing_needs_less():
    long, short = (
        rehearse(
            PRESETS["fast128"].model_copy(update={"batch_size": 16, "gradient_checkpointing": on}), 2, torch.float32
        )
        for on in (False, True)
    )
    assert short.peak < 0.9 * long.peak
    assert short.operations > long.operations


def test_of_a_newcomer_alone_the_others_count_as_weights():
    few, many, everybody = (
        rehearse(PRESETS["tiny"], *who).peak
        for who in ((2, torch.float32, 1), (4, torch.float32, 1), (4, torch.float32))
    )
    assert few < many < everybody
