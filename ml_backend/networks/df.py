"""The df family: one encoder and one inter for every face, one decoder an identity.

      faces of A ─┐                       ┌─► decoder A ─► face of A, mask
      faces of B ─┼─► encoder ─► inter ───┼─► decoder B ─► face of B, mask
      faces of C ─┘   (shared)  (shared)  └─► decoder C ─► face of C, mask

To swap, the performer's face goes through the encoder and comes out of the identity's decoder.

Source: the method of the 2017 "deepfakes" autoencoder in the form of DeepFaceLab's DF (Perov et al., "DeepFaceLab:
Integrated, flexible and extensible face-swapping framework", 2020), with any number of identities as in Naruniec et
al., "High-Resolution Neural Face Swapping for Visual Effects", 2020. Where it departs from DeepFaceLab: the dense
layer that makes the code counts as the encoder's, and the pixel-norm comes after it, so that the code has unit size.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from .architecture import Architecture
from .autoencoder import Autoencoder
from .blocks import PixelNorm, Stages, Upscale, initialise
from .decoder import Decoder, inter_side
from .encoder import feature_count, feature_layers


class Encoder(Stages):
    """N×3×R×R faces to N×code."""

    def __init__(self, a: Architecture) -> None:
        layers = [*feature_layers(a), nn.Linear(feature_count(a), a.code)]
        if a.unit_code:
            layers.append(PixelNorm())
        super().__init__(*layers)


class Inter(Stages):
    """N×code to N×inter×S×S, S being what `Decoder` expects; with deep, the decoders do the last doubling."""

    def __init__(self, a: Architecture) -> None:
        side = inter_side(a)
        layers: list[nn.Module] = [
            nn.Linear(a.code, a.inter_channels * side * side),
            nn.Unflatten(1, (a.inter_channels, side, side)),
        ]
        if not a.deep:
            layers.append(Upscale(a.inter_channels, a.inter_channels))
        super().__init__(*layers)


class DfAutoencoder(Autoencoder):
    """The shared encoder and inter with a comb of decoders."""

    def __init__(self, architecture: Architecture, identities: Sequence[str]) -> None:
        super().__init__(architecture, identities)
        self.encoder = Encoder(architecture)
        self.inter = Inter(architecture)
        decoders = [Decoder(architecture, architecture.inter_channels) for _ in identities]
        # a list and not a dict, since torch forbids dots in the names of modules
        self.decoders = nn.ModuleList(decoders)
        initialise(self)
        for decoder in decoders:
            decoder.initialise_heads()

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
