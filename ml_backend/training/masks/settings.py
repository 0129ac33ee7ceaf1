"""What can be adjusted in the training of a mask model."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_backend.errors import UsageError


class MaskSettings(BaseModel):
    """Lengths are parts of the picture's side."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    unpainted: Literal["unknown", "seen"] = Field(
        default="unknown",
        description="Faces without a painted mask: unknown is safe, seen says that nothing covers them",
    )
    batch_size: int = Field(default=6, ge=1, le=256, description="Painted faces in a step")
    learning_rate: float = Field(default=2e-3, gt=0, le=0.1, description="The highest one")
    warm_up: int = Field(default=30, ge=0, description="Steps until the learning rate is reached")
    cool_down: float = Field(default=0.5, ge=0, le=1, description="Last part of the budget in which the rate falls")
    ema: float = Field(default=0.98, ge=0, lt=1, description="How much of the averaged weights stays in a step")
    occluders: float = Field(default=0.6, ge=0, le=1, description="Share of faces over which something is drawn")
    coarse: float = Field(default=0.5, ge=0, le=1, description="Part of the budget spent on smaller pictures, quickly")
    teach: float = Field(default=0.3, ge=0, le=1, description="Part of the budget before unpainted faces count")
    sure: float = Field(default=0.9, gt=0.5, lt=1, description="How sure the averaged network must be to teach")
    rotate: float = Field(default=20.0, ge=0, le=180, description="Degrees, both ways")
    scale: float = Field(default=0.2, ge=0, le=0.5, description="Larger and smaller, as a part of the size")
    shift: float = Field(default=0.08, ge=0, le=0.3, description="Sideways, up and down")
    flip: bool = Field(default=True, description="Mirror half of the faces")
    colour: float = Field(default=0.3, ge=0, le=1, description="Exposure, contrast, tint and gamma")
    blur: float = Field(default=0.012, ge=0, le=0.1, description="Most blur: a standard deviation, or half a streak")
    noise: float = Field(default=0.04, ge=0, le=0.3, description="Most noise, as a standard deviation of 0–1 values")
    checkpoint_minutes: float = Field(default=2.0, gt=0, description="Between two checkpoints")
    preview_minutes: float = Field(default=0.5, gt=0, description="Between two previews")
    keep_checkpoints: int = Field(default=2, ge=1, description="Newest checkpoints that are kept")
    seed: int = Field(default=1, ge=0, lt=2**31, description="Of all chance")


def change_settings(settings: MaskSettings, texts: Mapping[str, str]) -> MaskSettings:
    """The settings with some changed, such as {"batch_size": "4"}; raises UsageError that names the wrong one."""
    for key in texts:
        if key not in MaskSettings.model_fields:
            known = ", ".join(MaskSettings.model_fields)
            raise UsageError(f"There is no mask training setting {key}.", f"Settings: {known}.")
    try:
        return MaskSettings.model_validate(settings.model_dump() | dict(texts))
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"The mask training setting {first['loc'][0]}={first['input']} is not possible: {first['msg']}."
        ) from error
