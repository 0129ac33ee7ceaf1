"""Settings: right ones arrive, wrong ones are named."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.training.config import TrainingConfig, change_config
from ml_backend.training.presets import PRESETS, make_config


def leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


SETTINGS = leaves(TrainingConfig().model_dump())


def test_settings_are_changed_at_any_depth() -> None:
    config = make_config("tiny", {"batch_size": "3", "loss.mask": "0.25", "augmentation.flip": "anna, ben"})
    assert (config.batch_size, config.loss.mask, config.augmentation.flip) == (3, 0.25, ("anna", "ben"))
    assert config.architecture == PRESETS["tiny"].architecture


@pytest.mark.parametrize("preset", PRESETS)
def test_a_configuration_survives_its_json(preset: str) -> None:
    config = PRESETS[preset]
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config
    texts = {
        key: json.dumps(value) if isinstance(value, tuple) else str(value)
        for key, value in leaves(config.model_dump()).items()
    }
    assert change_config(TrainingConfig(), texts) == config


NAMES = {"base", "augmentation.flip"}  # a file and people: what is wrong with them shows where they are looked for
WRONG = [(key, text) for key in SETTINGS.keys() - NAMES for text in ("", "nonsense", "nan", "inf", "-inf", "-1e9")]
WRONG += [("base", ""), ("augmentation.flip", "no name!"), ("augmentation.flip", "[1"), ("recipe", "[]")]
WRONG += [("recipe", '[{"until": 2}]'), ("recipe", '[{"until": 1, "warm": 3}]'), ("recipe", "[1]")]
WRONG = sorted(WRONG)
WRONG += [(key, "1e30") for key, value in SETTINGS.items() if isinstance(value, int)]


@pytest.mark.parametrize(("key", "text"), WRONG)
def test_every_wrong_value_is_named(key: str, text: str) -> None:
    with pytest.raises(UsageError, match=key.replace(".", r"\.")):
        make_config("tiny", {key: text})


NO_SETTINGS = ["", ".", "loss", "loss.", ".loss", "loss..mask", "batchsize", "loss.mask.more", "batch_size.x"]


@pytest.mark.parametrize("key", NO_SETTINGS)
def test_what_is_no_setting_is_answered_with_those_that_are(key: str) -> None:
    with pytest.raises(UsageError, match=r"no training setting.*loss\.mask"):
        make_config("tiny", {key: "1"})


@given(st.text(max_size=12).filter(lambda text: text not in SETTINGS))
@settings(max_examples=50, deadline=None)
def test_no_text_at_all_breaks_the_settings(key: str) -> None:
    with pytest.raises(UsageError):
        make_config("tiny", {key: "1"})


def test_an_unknown_preset_is_answered_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"no preset huge.*quick64"):
        make_config("huge", {})


def test_a_resolution_between_the_steps_says_why() -> None:
    with pytest.raises(UsageError, match=r"setting architecture is not possible.*resolution.*multiple of 16"):
        make_config("tiny", {"architecture.resolution": "40"})
