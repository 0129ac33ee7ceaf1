"""Named trainings."""

from collections.abc import Mapping
from typing import Any

from ml_backend.errors import UsageError
from ml_backend.networks.architecture import Architecture

from .config import Augmentation, LossWeights, Opponent, Phase, TrainingConfig, change_config


def _preset(architecture: dict[str, Any], **settings: Any) -> TrainingConfig:
    return TrainingConfig(architecture=Architecture(**architecture), **settings)


def _late(start: float) -> tuple[Phase, ...]:
    """The opponent rests until `start`."""
    return Phase(until=start, adversarial=0), Phase(until=1)


# what artists do by hand over a night: learn wide, then exactly, then be caught, then settle
OVERNIGHT = (
    Phase(until=0.55, adversarial=0),
    Phase(until=0.7, adversarial=0, warp=0),
    Phase(until=0.95, warp=0),
    Phase(until=1, warp=0, rate=0.2),
)


def _growing(*sides: int) -> tuple[Phase, ...]:
    """Half of the budget on the way up, in equal parts; the last side has the other half, with the opponent at last."""
    steps = len(sides) - 1
    up = [Phase(until=0.5 * (k + 1) / steps, adversarial=0, resolution=side) for k, side in enumerate(sides[:-1])]
    top = sides[-1]
    return *up, Phase(until=0.8, adversarial=0, resolution=top), Phase(until=1, warp=0, resolution=top)


_GAN = {"loss": LossWeights(adversarial=0.02), "opponent": Opponent(kind="unet")}
_SAEHD = {"encoder_channels": 64, "code": 256, "decoder_channels": 128, "mask_channels": 44, "subpixel": True}
_SAEHD |= {"subpixel_heads": True}

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
        encoder_rate=0.1,  # what the base knows of frames that are not trained on is kept
        augmentation=Augmentation(rotate=4, scale=0.03, shift=0.015, warp=0.012, light=0.1, colour=0.03),
    ),
    # the original method, as it was
    "classic64": _preset(
        {"family": "classic", "resolution": 64},
        batch_size=16,
        learning_rate=5e-5,
        augmentation=Augmentation(blinks=0),
        loss=LossWeights(dssim=0, l1=1, l2=0, mask=0.1, eyes_and_mouth=0),
        balance=0,
    ),
    # meant for an hour on a GPU
    "fast128": _preset(
        {"resolution": 128, "encoder_channels": 48, "code": 256, "inter_channels": 192, "decoder_channels": 48},
        ema=0.999,
        recipe=_late(0.5),
        **_GAN,
    ),
    # the networks that artists know from DeepFaceLab's SAEHD
    "df128": _preset({"resolution": 128, "inter_channels": 256} | _SAEHD, learning_rate=1e-4, ema=0.999),
    "liae128": _preset(
        {"family": "liae", "resolution": 128, "inter_channels": 512} | _SAEHD, learning_rate=1e-4, ema=0.999
    ),
    # meant for a night on a GPU
    "fine192": _preset(
        {"resolution": 192, "encoder_channels": 64, "code": 256, "inter_channels": 256, "decoder_channels": 64},
        learning_rate=1e-4,
        ema=0.9995,
        recipe=OVERNIGHT,
        **_GAN,
    ),
    # meant for days on a large GPU
    "fine256": _preset(
        {"resolution": 256, "encoder_channels": 64, "code": 256, "inter_channels": 256, "decoder_channels": 64},
        learning_rate=1e-4,
        ema=0.9995,
        recipe=OVERNIGHT,
        **_GAN,
    ),
    "liae256": _preset(
        {"family": "liae", "resolution": 256, "inter_channels": 512} | _SAEHD,
        learning_rate=1e-4,
        ema=0.9995,
        recipe=OVERNIGHT,
        **_GAN,
    ),
    # close-ups, meant for several GPUs
    "grown512": _preset(
        {"family": "progressive", "resolution": 512, "encoder_channels": 16, "decoder_channels": 16, "code": 512},
        learning_rate=2e-4,
        ema=0.9995,
        recipe=_growing(32, 64, 128, 256, 512),
        **_GAN,
    ),
    "grown1024": _preset(
        {"family": "progressive", "resolution": 1024, "encoder_channels": 16, "decoder_channels": 16, "code": 512},
        learning_rate=2e-4,
        ema=0.9995,
        recipe=_growing(32, 64, 128, 256, 512, 1024),
        **_GAN,
    ),
}
DEFAULT_PRESET_CPU = "quick96"
DEFAULT_PRESET_GPU = "fast128"


def make_config(preset: str, settings: Mapping[str, str]) -> TrainingConfig:
    """A preset with some settings changed (see `change_config`).

    Raises UsageError that names what is unknown and what exists.
    """
    if preset not in PRESETS:
        raise UsageError(f"There is no preset {preset}.", f"Presets: {', '.join(PRESETS)}.")
    return change_config(PRESETS[preset], settings)
