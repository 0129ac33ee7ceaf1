"""Things laid over the input's faces: soft-edged ellipses, strips and hands, plain or with another face's pixels.

A shape is the union of five capsules (segments with a radius), turned and stretched; a capsule that is not needed has
a negative radius. So all shapes are drawn in one way, for many faces at a time. The network has to paint the face
without the thing: the target and its mask know nothing of it.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .warp import affine_grid, sample

_CAPSULES = 5
_NOWHERE = -100.0
_DARK_SKIN, _LIGHT_SKIN = (0.24, 0.14, 0.10), (0.95, 0.78, 0.68)
_FINGERS = (-0.27, -0.09, 0.09, 0.27)  # where they leave the palm, in hand's lengths
_LENGTHS = (0.75, 0.95, 0.9, 0.65)


class Occluders(NamedTuple):
    """Of N faces, on the CPU; lengths in the crop's −1…1.

    covered: N bool. to_shape: N×2×3, from the crop to the shape's own place. capsules: N×5×5 (x, y, x, y, radius).
    softness: N, the width of the edge. colour: N×3 in 0–1. textured: N in 0/1. to_surface: N×2×3, from the crop to the
    −1…1 of the face whose pixels are the surface. donor: N long, that face's number in the whole batch.
    """

    covered: Tensor
    to_shape: Tensor
    capsules: Tensor
    softness: Tensor
    colour: Tensor
    textured: Tensor
    to_surface: Tensor
    donor: Tensor


def draw_occluders(n: int, part: float, generator: torch.Generator) -> Occluders:
    """`part` (0–1) of `n` faces are covered, by chance."""
    u = torch.rand((n, 16), generator=generator)
    kind = (u[:, 0] * 3).long()
    ellipse, strip, hand = _ellipse(u[:, 1]), _strip(u[:, 1]), _hand(u[:, 1])
    which = kind.view(-1, 1, 1)
    stretch = torch.where(kind == 0, 0.5 + u[:, 2], 1.0)
    angle = u[:, 3] * 2 * math.pi
    centre = u[:, 4:6] * 1.8 - 0.9
    return Occluders(
        covered=u[:, 6] < part,
        to_shape=_turned(angle, torch.stack([torch.ones(n), 1 / stretch], 1), centre),
        capsules=torch.where(which == 0, ellipse, torch.where(which == 1, strip, hand)),
        softness=0.02 + 0.12 * u[:, 7] ** 2,
        colour=_colour(u[:, 8:12], kind == 2),
        textured=(u[:, 12] < 0.4).float(),
        to_surface=_turned(u[:, 13] * 2 * math.pi, (0.3 + 0.7 * u[:, 14:15]).expand(-1, 2), torch.zeros(n, 2)),
        donor=(u[:, 15] * n).long().clamp_max(n - 1),
    )


def _turned(angle: Tensor, scale: Tensor, centre: Tensor) -> Tensor:
    """N×2×3: scale (N×2) · rotation · (x − centre)."""
    cos, sin = angle.cos(), angle.sin()
    linear = torch.stack([cos, sin, -sin, cos], 1).view(-1, 2, 2) * scale[:, :, None]
    return torch.cat([linear, -(linear * centre[:, None]).sum(2, keepdim=True)], 2)


def _only(capsule: list[Tensor]) -> Tensor:
    """N×5×5 with one capsule that is needed."""
    first = torch.stack(capsule, 1)[:, None]
    return torch.cat([first, torch.full((len(first), _CAPSULES - 1, 5), _NOWHERE)], 1)


def _ellipse(u: Tensor) -> Tensor:
    middle = torch.zeros_like(u)
    return _only([middle, middle, middle, middle, 0.15 + 0.4 * u])


def _strip(u: Tensor) -> Tensor:
    middle, far = torch.zeros_like(u), torch.full_like(u, 4)  # across the whole crop wherever it lies
    return _only([-far, middle, far, middle, 0.03 + 0.2 * u])


def _hand(u: Tensor) -> Tensor:
    """A palm and four fingers, which spread the more the larger the hand is."""
    size = 0.5 + 0.5 * u
    zero, one = torch.zeros_like(u), torch.ones_like(u)
    rows = [torch.stack([zero, 0.35 * one, zero, 1.2 * one, 0.36 * one], 1)]
    for root, length in zip(_FINGERS, _LENGTHS, strict=True):
        rows.append(torch.stack([root * one, 0.2 * one, root * (1.2 + u), -length * one, 0.085 * one], 1))
    return torch.stack(rows, 1) * size[:, None, None]


def _colour(u: Tensor, skin: Tensor) -> Tensor:
    """N×3: skin, or grey with a touch of colour; half of what need not be skin is it too."""
    light, tint = u[:, :1], (u[:, 1:4] - 0.5) * 0.1
    dark_skin, light_skin = torch.tensor(_DARK_SKIN), torch.tensor(_LIGHT_SKIN)
    is_skin = (skin | (u[:, 1] < 0.5))[:, None]
    return (torch.where(is_skin, dark_skin + (light_skin - dark_skin) * light, light) + tint).clamp(0, 1)


def cover(pictures: Tensor, others: Tensor, span: float, o: Occluders) -> Tensor:
    """Pictures N×3×R×R with their occluders over them; in place.

    others: B×5×S×S uint8 planes of the whole batch; pictures have the range of these, 0–255. span: see TrainingFaces.
    """
    chosen = o.covered.nonzero()[:, 0]
    if not len(chosen):
        return pictures
    device, resolution = pictures.device, pictures.shape[-1]
    part = Occluders(*(values[chosen].to(device) for values in o))
    alpha = _alpha(affine_grid(part.to_shape, resolution), part.capsules, part.softness)
    donors = others.index_select(0, part.donor)[:, :3].float()
    texture = sample(donors, affine_grid(part.to_surface / span, resolution))
    colour = (part.colour * 255)[:, :, None, None]
    surface = texture.sub_(colour).mul_(part.textured.view(-1, 1, 1, 1)).add_(colour)
    chosen = chosen.to(device)
    return pictures.index_copy_(0, chosen, pictures.index_select(0, chosen).lerp_(surface, alpha))


def _alpha(places: Tensor, capsules: Tensor, softness: Tensor) -> Tensor:
    """N×1×R×R in 0–1: how much is covered at N×2×R×R places of the shapes."""
    nearest = None
    for number in range(_CAPSULES):
        start_x, start_y, end_x, end_y, radius = capsules[:, number].T[:, :, None, None]
        x, y = places[:, 0] - start_x, places[:, 1] - start_y
        along_x, along_y = end_x - start_x, end_y - start_y
        length = (along_x**2 + along_y**2).clamp_min(1e-12)
        t = ((x * along_x + y * along_y) / length).clamp_(0, 1)
        distance = torch.hypot(x - t * along_x, y - t * along_y) - radius
        nearest = distance if nearest is None else torch.minimum(nearest, distance)
    assert nearest is not None
    alpha: Tensor = (0.5 - nearest / softness[:, None, None]).clamp_(0, 1)
    return alpha[:, None]
