"""What the panels of a training offer is what the backend takes, in words that it reads."""

import json
from typing import Any

import pytest

from blender_deepfake.core import training_controls
from blender_deepfake.core.training_controls import AUTOMATIC, GROUPS, PRESETS, Number, property_name

ALL = {property_name(control): control.default for group in GROUPS for control in group.controls}


def told(*switches: str, **values: Any) -> dict[str, str]:
    return training_controls.settings(lambda name: name in switches, lambda name: {**ALL, **values}[name])


def test_only_what_is_ticked() -> None:
    assert told() == {}
    assert told("colour", augmentation_light=0.3) == {"augmentation.light": "0.3", "augmentation.colour": "0.05"}
    assert told("learning", batch_size=4, gradient_checkpointing=True) == {
        "batch_size": "4",
        "accumulate": "1",
        "gradient_checkpointing": "true",
        "watch_threads": "false",
        "balance": "0.5",
    }
    assert told("colour", augmentation_light=9)["augmentation.light"] == "0.5", "held in its range"


def test_late_and_from_the_start() -> None:
    late = told("sharpen", gan_start=0.7)
    assert "gan_start" not in late
    assert json.loads(late["recipe"]) == [{"until": 0.7, "adversarial": 0}, {"until": 1}]
    assert late["opponent.kind"] == "unet"
    assert json.loads(told("sharpen", gan_start=0)["recipe"]) == [{"until": 1}]


def test_the_backend_takes_it() -> None:
    presets = pytest.importorskip("ml_backend.training.presets")
    config = presets.make_config("tiny", told(*(group.switch for group in GROUPS)))
    assert config.loss.adversarial == 0.02
    for group in GROUPS:
        for control in group.controls:
            if not isinstance(control, Number) or control.name == "gan_start":
                continue
            for end in (control.low, control.high):
                more = {"batch_size": 512} if control.name == "accumulate" else {}
                presets.make_config("tiny", told(group.switch, **more, **{property_name(control): end}))


def test_every_preset_is_offered() -> None:
    presets = pytest.importorskip("ml_backend.training.presets")
    assert {word for word, _, _ in PRESETS} == {AUTOMATIC, *presets.PRESETS}


def test_names_are_their_own() -> None:
    names = [property_name(control) for group in GROUPS for control in group.controls]
    names += [group.switch for group in GROUPS]
    assert len(names) == len(set(names))
