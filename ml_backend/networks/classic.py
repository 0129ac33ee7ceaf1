"""The classic family: the network of 2017 with which it began, for faces of 64×64.

    encoder   64 ─► 32  128 ─► 16  256 ─► 8  512 ─► 4  1024 ─► dense 1024 ─► dense 4×4×1024 ─► 8  512
    decoder    8  512 ─► 16  256 ─► 32  128 ─► 64  64 ─► 5×5 convolution, sigmoid          (one for each identity)

Every halving is a strided 5×5 convolution, every doubling a 3×3 convolution that is shuffled up, with a leaky
rectifier of 0.1 behind each; 82 million numbers for two identities.

Source: the autoencoder that "deepfakes" published in 2017, as faceswap keeps it under the name `original`, down to
the initial weights (Glorot and Bengio, 2010). Where it departs: a 5×5 convolution beside the face's makes a mask from
the same features (theirs had none; faceswap can learn one with a second decoder); convolutions that halve the side pad
alike on both sides (Keras pads one pixel more at the right and bottom).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .architecture import Architecture
from .autoencoder import Autoencoder
from .blocks import Downscale, Stages, Upscale

SIDE = 64
CODE = 1024


class Encoder(Stages):
    """N×3×64×64 faces to the code N×1024."""

    def __init__(self) -> None:
        super().__init__(
            Downscale(3, 128),
            Downscale(128, 256),
            Downscale(256, 512),
            Downscale(512, 1024),
            nn.Flatten(),
            nn.Linear(4 * 4 * 1024, CODE),
        )


class Inter(Stages):
    """N×1024 to N×512×8×8: what theirs counts as the end of the encoder."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(CODE, 4 * 4 * 1024), nn.Unflatten(1, (1024, 4, 4)), Upscale(1024, 512))


class Decoder(nn.Module):
    """N×512×8×8 to the faces N×3×64×64 in 0–1 and their masks N×1×64×64 as logits, both float32."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = Stages(Upscale(512, 256), Upscale(256, 128), Upscale(128, 64))
        self.face = nn.Conv2d(64, 3, 5, padding=2)
        self.mask = nn.Conv2d(64, 1, 5, padding=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.stages(x)
        return torch.sigmoid(self.face(features).float()), self.mask(features).float()


class ClassicAutoencoder(Autoencoder):
    """The shared encoder with a decoder for each identity."""

    def __init__(self, architecture: Architecture, identities: Sequence[str]) -> None:
        super().__init__(architecture, identities)
        self.encoder = Encoder()
        self.inter = Inter()
        self.decoders = nn.ModuleList(Decoder() for _ in identities)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.get_parameter("bias"))

    @property
    def code_size(self) -> int:
        return CODE

    def encode(self, faces: Tensor) -> tuple[Tensor, ...]:
        """The code, and what inter makes of it."""
        code = self.encoder(faces)
        return code, self.inter(code)

    def decode(self, encoded: Sequence[Tensor], identity: str) -> tuple[Tensor, Tensor]:
        _, features = encoded
        face, mask = self.decoders[self.identities.index(identity)](features)
        return face, mask

    def own(self, identity: str) -> list[nn.Module]:
        return [self.decoders[self.identities.index(identity)]]
