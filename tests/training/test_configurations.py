"""Any configuration: it either trains a step, or is refused with the reason."""

import math
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ml_backend.training.build import build_networks
from ml_backend.training.config import TrainingConfig
from ml_backend.training.data import TrainingFaces
from ml_backend.training.device import resolve_precision
from ml_backend.training.losses.shipped import load_recogniser
from ml_backend.training.rehearsal import rehearse
from ml_backend.training.trainer import Trainer

NUMBERS = {"df": 200, "liae": 140, "progressive": 140, "classic": 20}  # the last one's 82 million are slow
REHEARSED = 10  # one of so many, as `train` does before the first step: it takes as long as many steps
CPU = torch.device("cpu")


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields; the others keep what they are."""
    return st.fixed_dictionaries({}, optional=fields)


def _weight(largest: float) -> st.SearchStrategy[float]:
    return st.just(0.0) | st.floats(0, largest)


WEIGHTS = (
    *("dssim", "ms_ssim", "l1", "l2", "mask", "eyes_and_mouth", "face_style", "background_style", "frequency"),
    *("adversarial", "code_adversarial"),
)
CLASSIC = st.fixed_dictionaries({"family": st.just("classic"), "resolution": st.sampled_from([32, 64, 64, 64])})


def _other(family: str) -> st.SearchStrategy[dict[str, Any]]:
    """Small ones: their usual widths are those of the presets, which other tests train."""
    inter = {"inter_channels": st.integers(16, 32)}
    free = family == "progressive"  # it chooses this width itself, and refuses another
    return st.fixed_dictionaries(
        {
            "family": st.just(family),
            "resolution": st.sampled_from([32, 32, 48, 64, 64]),
            "encoder_channels": st.integers(4, 8),
            "code": st.integers(16, 32),
            "decoder_channels": st.integers(4, 8),
            **({} if free else inter),
        },
        optional={
            **(inter if free else {}),
            "mask_channels": st.sampled_from([0, 0, 6]),
            **dict.fromkeys(("residuals", "unit_code", "subpixel", "subpixel_heads", "deep"), st.booleans()),
        },
    )


PHASES = st.lists(
    st.fixed_dictionaries(
        {"until": st.sampled_from([0.2, 0.4, 0.6, 0.8, 1.0])},
        optional={
            "rate": st.floats(0, 2),
            "warp": st.sampled_from([0.0, 1.0]),
            "adversarial": st.sampled_from([0.0, 1.0]),
            "resolution": st.sampled_from([4, 8, 16, 24, 32, 64]),
        },
    ),
    min_size=0,
    max_size=3,
).map(lambda phases: [*sorted(phases, key=lambda phase: float(phase["until"])), {"until": 1.0}])
REQUIRED = {"batch_size": st.integers(1, 4), "base": st.just("none")}
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "augmentation": _some(
        rotate=st.floats(0, 45),
        scale=st.floats(0, 0.15),
        shift=st.floats(0, 0.1),
        warp=_weight(0.1),
        flip=st.sampled_from([(), ("a",), ("all",)]),
        blinks=_weight(1),
        light=_weight(0.5),
        colour=_weight(0.5),
        blur=_weight(0.05),
        noise=_weight(0.2),
        occluders=_weight(1),
    ),
    "loss": _some(
        **{name: _weight(2) for name in WEIGHTS},
        outside=st.floats(0, 1),
        recognition=st.sampled_from([0.0] * 9 + [0.5]),
    ),
    "opponent": _some(
        kind=st.sampled_from(["patch", "unet"]),
        loss=st.sampled_from(["hinge", "bce"]),
        channels=st.integers(4, 8),
        spectral_norm=st.booleans(),
        r1=_weight(10),
    ),
    "recipe": PHASES,
    "accumulate": st.integers(1, 5),
    "balance": st.floats(0, 1),
    "optimizer": st.sampled_from(["adamw", "adabelief", "lion"]),
    "learning_rate": st.floats(1e-6, 1e-2),
    "encoder_rate": st.floats(0, 2),
    "weight_decay": st.floats(0, 0.1),
    "rate_dropout": st.sampled_from([0.0, 0.7]),
    "schedule": st.sampled_from(["cosine", "constant", "plateau"]),
    "warm_up": st.integers(0, 3),
    "cool_down": st.floats(0, 1),
    "clip": st.floats(0.01, 10),
    "ema": st.floats(0, 0.999),
    "held_out": st.sampled_from([0.0, 0.2]),
    "patience": st.sampled_from([0, 0, 3]),
    "precision": st.sampled_from(["float32", "float32", "bfloat16"]),
    "gradient_checkpointing": st.booleans(),
}


def configurations(family: str) -> st.SearchStrategy[dict[str, Any]]:
    architecture = CLASSIC if family == "classic" else _other(family)
    return st.fixed_dictionaries(REQUIRED | {"architecture": architecture}, optional=OPTIONAL)


@pytest.mark.slow
@pytest.mark.parametrize("family", NUMBERS)
def test_every_configuration_trains_a_step_or_is_refused_with_the_reason(
    two_people: dict[str, TrainingFaces], family: str
) -> None:
    recogniser = load_recogniser(CPU)
    trained: list[TrainingConfig] = []
    refused: list[str] = []

    @given(values=configurations(family), spent=st.floats(0, 1), number=st.integers(0, 10_000))
    @settings(max_examples=NUMBERS[family], deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def attempt(values: dict[str, Any], spent: float, number: int) -> None:
        config, reasons = read(values)
        refused.extend(reasons)
        if config is None:
            assert all(len(reason) > 15 for reason in reasons)
            return
        precision = resolve_precision(config.precision, CPU)
        if not number % REHEARSED:
            assert rehearse(config, len(two_people), precision).peak > 0
        networks = build_networks(config, list(two_people), CPU)
        trainer = Trainer(config, networks, two_people, CPU, precision, recogniser=recogniser)
        before = [parameter.clone() for parameter in networks.autoencoder.parameters()]
        loss = float(trainer.step(number, spent))
        trainer.batches.close()
        assert math.isfinite(loss)
        after = list(networks.autoencoder.parameters())
        assert all(parameter.isfinite().all() for parameter in after)
        if loss and all(group["lr"] > 1e-6 for group in trainer.optimizer.param_groups):
            assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))
        trained.append(config)

    attempt()
    print(f"{len(trained)} trained, {len(refused)} refused: {sorted(set(refused))}")
    assert trained
    assert {config.architecture.family for config in trained} == {family}
    assert refused or family == "classic"


def read(values: dict[str, Any]) -> tuple[TrainingConfig | None, list[str]]:
    """The configuration, or why there is none."""
    try:
        return TrainingConfig.model_validate(values), []
    except ValidationError as error:
        return None, [one["msg"] for one in error.errors()]
