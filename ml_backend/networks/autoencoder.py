"""The df family: one encoder for every face, one decoder an identity.

      faces of A ─┐                       ┌─► decoder A ─► face of A, mask
      faces of B ─┼─► encoder ─► inter ───┼─► decoder B ─► face of B, mask
      faces of C ─┘   (shared)  (shared)  └─► decoder C ─► face of C, mask

To swap, the performer's face goes through the encoder and comes out of the identity's decoder. Encoder and inter
see all identities, so their code can only hold what faces share: expression, pose and light.

Source: the method of the 2017 "deepfakes" autoencoder in the form of DeepFaceLab's DF (Perov et al., 2020), with
any number of identities as in Naruniec et al., "High-Resolution Neural Face Swapping for Visual Effects", 2020.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from .blocks import Downscale, PixelNorm, Residual, Upscale


class Architecture(BaseModel):
    """The sizes of a df autoencoder. Channel counts are those of the widest picture side in the part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family: Literal["df"] = "df"
    resolution: int = Field(default=128, ge=32, le=640, description="Side of the faces in pixels, a multiple of 16")
    encoder_channels: int = Field(default=64, ge=4, le=256)
    code: int = Field(default=256, ge=16, le=2048, description="Numbers in the code between encoder and inter")
    inter_channels: int = Field(default=256, ge=16, le=2048)
    decoder_channels: int = Field(default=64, ge=4, le=256)
    residuals: bool = Field(default=True, description="A residual block after every upscale of the decoders")
    unit_code: bool = Field(default=True, description="Pixel-norm of the code, DeepFaceLab's -u")
    subpixel: bool = Field(
        default=False, description="Decoders work at half the side and shuffle the picture up, DeepFaceLab's -d"
    )

    @model_validator(mode="after")
    def _whole_sides(self) -> "Architecture":
        multiple = 32 if self.subpixel else 16
        if self.resolution % multiple:
            raise ValueError(f"resolution must be a multiple of {multiple}")
        return self

    @property
    def code_side(self) -> int:
        """The side of the picture that inter makes of the code."""
        return self.resolution // (32 if self.subpixel else 16)


class Encoder(nn.Sequential):
    """N×3×R×R faces to N×code."""

    def __init__(self, a: Architecture) -> None:
        e = a.encoder_channels
        side = a.resolution // 16
        layers: list[nn.Module] = [
            Downscale(3, e),
            Downscale(e, 2 * e),
            Downscale(2 * e, 4 * e),
            Downscale(4 * e, 8 * e),
            nn.Flatten(),
            nn.Linear(8 * e * side * side, a.code),
        ]
        if a.unit_code:
            layers.append(PixelNorm())
        super().__init__(*layers)


class Inter(nn.Sequential):
    """N×code to N×inter×R/8×R/8, or half that side with subpixel."""

    def __init__(self, a: Architecture) -> None:
        side = a.code_side
        super().__init__(
            nn.Linear(a.code, a.inter_channels * side * side),
            nn.Unflatten(1, (a.inter_channels, side, side)),
            Upscale(a.inter_channels, a.inter_channels),
        )


class Decoder(nn.Module):
    """What inter gives to the face N×3×R×R in 0–1 and its mask N×1×R×R as logits."""

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        d = a.decoder_channels
        widths = (a.inter_channels, 4 * d, 2 * d, d)
        stages: list[nn.Module] = []
        for channels_in, channels_out in pairwise(widths):
            stages.append(Upscale(channels_in, channels_out))
            if a.residuals:
                stages.append(Residual(channels_out))
        self.stages = nn.Sequential(*stages)
        if a.subpixel:
            self.face, self.mask = nn.Conv2d(d, 4 * 3, 3, padding=1), nn.Conv2d(d, 4, 1)
        else:
            self.face, self.mask = nn.Conv2d(d, 3, 1), nn.Conv2d(d, 1, 1)
        self.shuffle = nn.PixelShuffle(2) if a.subpixel else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.stages(x)
        face, mask = self.shuffle(self.face(features)), self.shuffle(self.mask(features))
        return torch.sigmoid(face.float()), mask.float()


class Autoencoder(nn.Module):
    """The shared encoder and inter with a comb of decoders, one for each of two or more identities."""

    def __init__(self, architecture: Architecture, identities: Sequence[str]) -> None:
        super().__init__()
        self.architecture = architecture
        self.identities = tuple(identities)
        self.encoder = Encoder(architecture)
        self.inter = Inter(architecture)
        decoders = [Decoder(architecture) for _ in identities]
        # a list and not a dict, since torch forbids dots in the names of modules
        self.decoders = nn.ModuleList(decoders)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, a=0.1, nonlinearity="leaky_relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for decoder in decoders:
            nn.init.normal_(decoder.face.weight, std=0.01)
            nn.init.normal_(decoder.mask.weight, std=0.01)

    def forward(self, faces: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
        """Rebuild each identity's faces (N×3×R×R) with its own decoder: face in 0–1, mask logits.

        All go through the encoder as one batch: it is faster, and data-parallel training needs a single pass.
        """
        code = self.inter(self.encoder(torch.cat(list(faces.values()))))
        parts = code.split([len(x) for x in faces.values()])
        return {name: self.decode(part, name) for name, part in zip(faces, parts, strict=True)}

    def decode(self, code: Tensor, identity: str) -> tuple[Tensor, Tensor]:
        face, mask = self.decoders[self.identities.index(identity)](code)
        return face, mask

    def swap(self, faces: Tensor, identity: str) -> tuple[Tensor, Tensor]:
        """Anybody's faces N×3×R×R with the face of `identity`: N×3×R×R in 0–1, and the mask N×1×R×R in 0–1."""
        face, mask = self.decode(self.inter(self.encoder(faces)), identity)
        return face, torch.sigmoid(mask)
