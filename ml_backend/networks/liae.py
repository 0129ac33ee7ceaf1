"""The liae family: an encoder and one decoder for every face, an inter an identity.

                          ┌─► inter of B ─┐
    face of B ─► encoder ─┤               ├─► side by side ─► decoder ─► face of B, mask
                          └─► inter AB ───┘

    A is painted from [AB, AB],  B from [B, AB],  C from [C, AB];  B's face as A from [AB(face), AB(face)]

The first identity has no inter of its own: it uses the shared one, AB, twice. So AB learns from everybody what faces
share, and how the first identity looks; the other inters carry what is left of theirs. **Name first the identity that
is to be painted**: it is the one whose likeness sits where the light and expression of everybody pass. Any other can
be painted as well, from [its own inter, AB].

Source: DeepFaceLab's LIAE (its src is the first identity here, its dst the second), with further identities by the
same rule. Where it departs: the pixel-norm comes after the dense layer that makes an inter's code, as in df.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .architecture import Architecture
from .autoencoder import Autoencoder
from .blocks import PixelNorm, Stages, Upscale, initialise
from .decoder import Decoder, inter_side
from .encoder import feature_count, feature_layers


class Inter(nn.Module):
    """N×features to the code N×C, and to the N×inter×S×S pictures of what it holds."""

    def __init__(self, a: Architecture) -> None:
        super().__init__()
        side = inter_side(a)
        self.code = nn.Sequential(nn.Linear(feature_count(a), a.code))
        if a.unit_code:
            self.code.append(PixelNorm())
        self.picture = Stages(
            nn.Linear(a.code, a.inter_channels * side * side), nn.Unflatten(1, (a.inter_channels, side, side))
        )
        if not a.deep:
            self.picture.append(Upscale(a.inter_channels, a.inter_channels))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.code(x)
        return code, self.picture(code)


class LiaeAutoencoder(Autoencoder):
    """The shared encoder, inter AB and decoder, and an inter for every identity but the first."""

    def __init__(self, architecture: Architecture, identities: Sequence[str]) -> None:
        super().__init__(architecture, identities)
        self.encoder = Stages(*feature_layers(architecture))
        # the first is AB, the others belong to the identities of their places
        self.inters = nn.ModuleList(Inter(architecture) for _ in identities)
        self.decoder = Decoder(architecture, 2 * architecture.inter_channels)
        initialise(self)
        self.decoder.initialise_heads()

    def encode(self, faces: Tensor) -> tuple[Tensor, ...]:
        """The code of inter AB, its picture, and the features for the other inters."""
        features = self.encoder(faces)
        code, picture = self.inters[0](features)
        return code, picture, features

    def decode(self, encoded: Sequence[Tensor], identity: str) -> tuple[Tensor, Tensor]:
        _, shared, features = encoded
        place = self.identities.index(identity)
        likeness = self.inters[place](features)[1] if place else shared
        face, mask = self.decoder(torch.cat([likeness, shared], 1))
        return face, mask

    def own(self, identity: str) -> list[nn.Module]:
        """Nothing for the first identity, since its inter is everybody's."""
        place = self.identities.index(identity)
        return [self.inters[place]] if place else []

    def likeness(self, identity: str) -> list[nn.Module]:
        return [self.inters[self.identities.index(identity)]]
