"""What happens to each face of a batch, drawn at random; nothing here touches a pixel."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ml_backend.training.config import Augmentation

from .occluders import Occluders, draw_occluders
from .warp import NODES

EVERYBODY = "all"
_NUMBERS = 22  # random numbers of a face, one for each use below


class Light(NamedTuple):
    """Of input and target. exposure: N×3, logarithms. slope: N×2, of the logarithm from the middle to the right and
    lower edge. contrast: N, a factor. gamma: N, an exponent."""

    exposure: Tensor
    slope: Tensor
    contrast: Tensor
    gamma: Tensor


class Colour(NamedTuple):
    """Of the input alone. tint: N×3, added. contrast: N, a factor."""

    tint: Tensor
    contrast: Tensor


class Noise(NamedTuple):
    """Of the input alone. deviation: N, of 1. place: N×2 long, how far the field is shifted for this face."""

    deviation: Tensor
    place: Tensor


@dataclass(frozen=True)
class Changes:
    """Changes of N faces, on the CPU; None where a setting is 0.

    affine: N×2×3, from the changed crop's −1…1 to the face crop's −1…1. nodes: N×2×5×5, shifts of the elastic warp in
    the same units. blur: N, deviations as parts of the side, 0 for a face that stays sharp. field: 3×R×R of noise of
    deviation 1, which all faces share, each at its own place.
    """

    affine: Tensor
    nodes: Tensor | None
    light: Light | None
    colour: Colour | None
    blur: Tensor | None
    noise: Noise | None
    occluders: Occluders | None
    field: Tensor | None

    def __len__(self) -> int:
        return len(self.affine)

    def rows(self, part: slice) -> "Changes":
        """The changes of some of the faces. Their occluders still name the whole batch's faces as surfaces."""
        return replace(
            self,
            affine=self.affine[part],
            nodes=None if self.nodes is None else self.nodes[part],
            light=self.light and Light(*(values[part] for values in self.light)),
            colour=self.colour and Colour(*(values[part] for values in self.colour)),
            blur=None if self.blur is None else self.blur[part],
            noise=self.noise and Noise(*(values[part] for values in self.noise)),
            occluders=self.occluders and Occluders(*(values[part] for values in self.occluders)),
        )


def is_mirrored(a: Augmentation, identity: str) -> bool:
    """Whether half of this identity's faces are mirrored."""
    return identity in a.flip or EVERYBODY in a.flip


def draw_changes(
    n: int, resolution: int, a: Augmentation, generator: torch.Generator, *, mirrored: bool = False, warp: float = 1.0
) -> Changes:
    """Changes of `n` faces at R=`resolution`; `warp` is a factor of the elastic warp's setting.

    One setting's strength does not change what others draw, but for noise and occluders, which take chance only where
    they are on.
    """
    u = torch.rand((n, _NUMBERS), generator=generator) * 2 - 1
    nodes = torch.randn((n, 2, NODES, NODES), generator=generator)
    occluders = draw_occluders(n, a.occluders, generator) if a.occluders else None
    noise, field = None, None
    if a.noise:
        field = torch.randn((3, resolution, resolution), generator=generator)
        place = ((u[:, 20:22] + 1) / 2 * resolution).long().clamp_max(resolution - 1)
        noise = Noise((u[:, 19] + 1) / 2 * a.noise, place)
    return Changes(
        affine=_affine(u[:, :5], a, mirrored),
        nodes=nodes * (2 * a.warp * warp) if a.warp * warp else None,
        light=_light(u[:, 5:13], a.light) if a.light else None,
        colour=Colour(u[:, 13:16] * a.colour, 1 + u[:, 16] * a.colour) if a.colour else None,
        blur=(u[:, 17] > 0) * (u[:, 18] + 1) / 2 * a.blur if a.blur else None,
        noise=noise,
        occluders=occluders,
        field=field,
    )


def _affine(u: Tensor, a: Augmentation, mirrored: bool) -> Tensor:
    """N×2×3 in the face crop's −1…1."""
    angle = u[:, 0] * math.radians(a.rotate)
    scale = torch.exp(u[:, 1] * math.log1p(a.scale))
    shift = u[:, 2:4] * 2 * a.shift
    cos, sin = scale * angle.cos(), scale * angle.sin()
    mirror = torch.where(u[:, 4] > 0, -1.0, 1.0) if mirrored else torch.ones(len(u))
    return torch.stack([cos * mirror, -sin, shift[:, 0], sin * mirror, cos, shift[:, 1]], 1).view(-1, 2, 3)


def _light(u: Tensor, size: float) -> Light:
    direction, steepness = u[:, 4] * math.pi, u[:, 5] * size
    return Light(
        exposure=u[:, :1] * size + u[:, 1:4] * (size / 3),
        slope=torch.stack([direction.cos() * steepness, direction.sin() * steepness], 1),
        contrast=1 + u[:, 6] * (size / 2),
        gamma=torch.exp(u[:, 7] * size),
    )
