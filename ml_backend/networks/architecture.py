"""The sizes of an autoencoder, whatever its family."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Family = Literal["df", "liae", "classic", "progressive"]


class Architecture(BaseModel):
    """What a network is built from. Channel counts are those of the widest picture side in the part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: Family = Field(
        default="df",
        description="df: a decoder an identity; liae: an inter an identity; classic: the original of 2017; "
        "progressive: df that grows from small faces to 1024",
    )
    resolution: int = Field(default=128, ge=32, le=1024, description="Side of the faces in pixels, a multiple of 16")
    encoder_channels: int = Field(default=64, ge=4, le=256, description="Width of the encoder")
    code: int = Field(default=256, ge=16, le=2048, description="Numbers in the code between encoder and inter")
    inter_channels: int = Field(default=256, ge=16, le=2048, description="Width of what lies between code and decoders")
    decoder_channels: int = Field(default=64, ge=4, le=256, description="Width of the decoders")
    mask_channels: int = Field(
        default=0, ge=0, le=256, description="Width of a mask decoder of its own; 0: the face's decoder gives the mask"
    )
    residuals: bool = Field(default=True, description="A residual block after every upscale of the decoders")
    unit_code: bool = Field(default=True, description="Pixel-norm of the code, DeepFaceLab's -u")
    subpixel: bool = Field(
        default=False, description="Decoders work at half the side and shuffle the picture up, DeepFaceLab's -d"
    )
    subpixel_heads: bool = Field(
        default=False, description="With subpixel, four output convolutions beside each other, as DeepFaceLab has them"
    )
    deep: bool = Field(
        default=False, description="A fifth halving in the encoder and a fourth doubling in decoders, DeepFaceLab's -t"
    )

    @model_validator(mode="after")
    def _possible(self) -> "Architecture":
        if self.resolution % self.multiple:
            raise ValueError(f"resolution must be a multiple of {self.multiple} here")
        if self.subpixel_heads and not self.subpixel:
            raise ValueError("subpixel_heads needs subpixel=true")
        return self

    @property
    def multiple(self) -> int:
        """What the side must be a multiple of."""
        return 16 * (2 if self.subpixel else 1) * (2 if self.deep else 1)
