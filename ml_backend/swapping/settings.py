"""What can be adjusted in a swap."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_backend.errors import UsageError


class SwapSettings(BaseModel):
    """Lengths are parts of the distance of the outer eye corners, so that they fit near and far faces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faces: Literal["performer", "largest", "all"] = Field(
        default="performer", description="Which faces of a frame are replaced"
    )
    performer: str | None = Field(
        default=None, description="The performer's name in the model; needed where it knows more than two people"
    )
    colour: Literal["none", "mean", "reinhard", "mkl", "light"] = "light"
    colour_strength: float = Field(default=1.0, ge=0, le=1)
    blend: Literal["feather", "multiband"] = "multiband"
    erode: float = Field(default=0.0, ge=-0.3, le=0.5, description="How far the mask's edge moves inwards")
    feather: float = Field(default=0.15, ge=0, le=1, description="Width of the mask's soft edge")
    learned_mask: bool = Field(default=True, description="Multiply the landmarks' mask by the network's")
    occlusion: bool = Field(default=True, description="With a mask model: leave out what it takes for covered")
    occlusion_grow: float = Field(default=0.015, ge=0, le=0.3, description="How far around a cover nothing is painted")
    occlusion_feather: float = Field(default=0.04, ge=0, le=0.5, description="Width of the soft edge along a cover")
    occlusion_steady: bool = Field(default=False, description="Ask the mask model four times a face: flickers less")
    gaps: bool = Field(default=False, description="Paint also where a face was not seen for some frames, by its motion")
    smooth: float = Field(default=1.0, ge=0, le=4, description="Smoothing of the landmarks over time; 0 is off")
    opacity: float = Field(default=1.0, ge=0, le=1)


def make_settings(texts: Mapping[str, str]) -> SwapSettings:
    """Settings from texts such as {"feather": "0.3"}; raises UsageError that names the wrong one."""
    for key in texts:
        if key not in SwapSettings.model_fields:
            raise UsageError(f"There is no swap setting {key}.", f"Settings: {', '.join(SwapSettings.model_fields)}.")
    try:
        return SwapSettings.model_validate(dict(texts))
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"The swap setting {first['loc'][0]}={first['input']} is not possible: {first['msg']}."
        ) from error
