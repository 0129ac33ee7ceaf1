"""How a model is trained: one typed configuration, and named presets of it."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_backend.errors import UsageError
from ml_backend.networks.autoencoder import Architecture

Precision = Literal["auto", "float32", "bfloat16"]


class Augmentation(BaseModel):
    """Random changes of the training faces. Lengths are parts of the face crop's side."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rotate: float = Field(default=8.0, ge=0, le=45, description="Degrees, both ways")
    scale: float = Field(default=0.06, ge=0, le=0.15)
    shift: float = Field(default=0.03, ge=0, le=0.1)
    warp: float = Field(default=0.02, ge=0, le=0.1, description="Standard deviation of the elastic warp, input only")
    flip: bool = Field(default=False, description="Mirror half of the faces; faces are not symmetric, so off")
    light: float = Field(default=0.15, ge=0, le=0.5, description="Exposure, contrast, tint and slope, input and target")
    colour: float = Field(default=0.05, ge=0, le=0.5, description="Tint and contrast of the input only")


class LossWeights(BaseModel):
    """What the autoencoder is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dssim: float = Field(default=1.0, ge=0)
    l1: float = Field(default=1.0, ge=0)
    l2: float = Field(default=4.0, ge=0)
    mask: float = Field(default=0.1, ge=0)
    eyes_and_mouth: float = Field(default=2.0, ge=0, description="How much more eyes and lips count than skin")
    outside: float = Field(default=0.05, ge=0, le=1, description="How much the picture outside the face counts")
    adversarial: float = Field(default=0.0, ge=0, description="Weight of the discriminator's verdict; 0 is off")


class TrainingConfig(BaseModel):
    """All that decides the course of a training; every checkpoint carries it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    architecture: Architecture = Architecture()
    augmentation: Augmentation = Augmentation()
    loss: LossWeights = LossWeights()
    batch_size: int = Field(default=8, ge=1, le=512, description="Faces of each identity in a step")
    learning_rate: float = Field(default=3e-4, gt=0, le=0.1)
    warm_up: int = Field(default=100, ge=0, description="Steps until the learning rate is reached")
    cool_down: float = Field(default=0.4, ge=0, le=1, description="Last part of the budget in which the rate falls")
    clip: float = Field(default=1.0, gt=0, description="Largest norm of the gradient")
    ema: float = Field(default=0.995, ge=0, lt=1, description="How much of the averaged weights stays in a step")
    adversarial_start: float = Field(default=0.5, ge=0, le=1, description="Part of the budget before the opponent")
    precision: Precision = "auto"
    checkpoint_minutes: float = Field(default=5.0, gt=0)
    preview_minutes: float = Field(default=1.0, gt=0)
    keep_checkpoints: int = Field(default=3, ge=1)
    seed: int = Field(default=1, ge=0, lt=2**31)


def _preset(architecture: dict[str, Any], **settings: Any) -> TrainingConfig:
    return TrainingConfig(architecture=Architecture(**architecture), **settings)


PRESETS: Mapping[str, TrainingConfig] = {
    # for tests and for a first look whether everything works
    "tiny": _preset(
        {"resolution": 32, "encoder_channels": 8, "code": 32, "inter_channels": 32, "decoder_channels": 8},
        batch_size=4,
        warm_up=5,
        ema=0.9,
    ),
    # minutes on a CPU
    "quick64": _preset(
        {"resolution": 64, "encoder_channels": 32, "code": 128, "inter_channels": 128, "decoder_channels": 32},
        learning_rate=6e-4,
    ),
    # minutes on a CPU, more pixels: decoders at half the side, small and many steps, little augmentation
    "quick96": _preset(
        {
            "resolution": 96,
            "encoder_channels": 24,
            "code": 128,
            "inter_channels": 96,
            "decoder_channels": 24,
            "subpixel": True,
        },
        batch_size=4,
        learning_rate=1e-3,
        augmentation=Augmentation(rotate=4, scale=0.03, shift=0.015, warp=0.012, light=0.1, colour=0.03),
    ),
    # meant for an hour on a GPU
    "fast128": _preset(
        {"resolution": 128, "encoder_channels": 48, "code": 256, "inter_channels": 192, "decoder_channels": 48},
        ema=0.999,
        loss=LossWeights(adversarial=0.02),
    ),
    # meant for a night on a GPU
    "fine192": _preset(
        {"resolution": 192, "encoder_channels": 64, "code": 256, "inter_channels": 256, "decoder_channels": 64},
        learning_rate=1e-4,
        ema=0.9995,
        loss=LossWeights(adversarial=0.02),
        adversarial_start=0.7,
    ),
    # meant for days on a large GPU
    "fine256": _preset(
        {"resolution": 256, "encoder_channels": 64, "code": 256, "inter_channels": 256, "decoder_channels": 64},
        learning_rate=1e-4,
        ema=0.9995,
        loss=LossWeights(adversarial=0.02),
        adversarial_start=0.7,
    ),
}
DEFAULT_PRESET_CPU = "quick96"
DEFAULT_PRESET_GPU = "fast128"


def make_config(preset: str, settings: Mapping[str, str]) -> TrainingConfig:
    """A preset with some settings changed, such as {"batch_size": "4", "loss.mask": "0.2"}.

    Raises UsageError that names what is unknown and what exists.
    """
    if preset not in PRESETS:
        raise UsageError(f"There is no preset {preset}.", f"Presets: {', '.join(PRESETS)}.")
    return change_config(PRESETS[preset], settings)


def change_config(config: TrainingConfig, settings: Mapping[str, str]) -> TrainingConfig:
    """The configuration with dotted settings changed; raises UsageError as `make_config` does."""
    values = config.model_dump()
    for key, text in settings.items():
        place = values
        *parents, last = key.split(".")
        for part in parents:
            place = place.get(part) if isinstance(place, dict) else None  # type: ignore[assignment]
        if not isinstance(place, dict) or last not in place or isinstance(place[last], dict):
            raise UsageError(
                f"There is no training setting {key}.", f"Settings: {', '.join(_names(config.model_dump()))}."
            )
        place[last] = text
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "setting"
        given = "" if isinstance(first["input"], dict) else f"={first['input']}"
        raise UsageError(f"The training setting {name}{given} is not possible: {first['msg']}.") from error


def _names(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in values.items():
        names += _names(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]
    return names
