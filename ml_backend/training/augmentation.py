"""Random changes of faces, made for a whole batch on the device that trains.

Place, size and light change in the input and the target alike, so that the network learns to keep them; the
elastic warp and a little colour change the input alone, so that it learns what a face must look like.
All chance comes from a CPU generator: the same seed gives the same batch on every device.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .config import Augmentation

GRID = 5  # nodes of the elastic warp along a side


@dataclass(frozen=True)
class Batch:
    """Faces of one identity: input and target N×3×R×R in 0–1; mask and features (eyes, mouth) N×1×R×R in 0–1."""

    input: Tensor
    target: Tensor
    mask: Tensor
    features: Tensor


def make_batch(planes: Tensor, span: float, resolution: int, a: Augmentation, generator: torch.Generator) -> Batch:
    """Augment N×5×S×S uint8 planes (see TrainingFaces) to a batch of face crops."""
    n, device = len(planes), planes.device
    stored = planes.float() / 255
    affine = _random_affine(n, a, generator)
    matrix = affine.clone()
    matrix[:, :, :2] /= span  # from the face crop's −1…1 to the stored crop's
    matrix[:, :, 2] /= span
    grid = F.affine_grid(matrix.to(device), [n, 1, resolution, resolution], align_corners=False)
    target_planes = F.grid_sample(stored, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    warp = _random_warp(n, resolution, a, generator).to(device) / span
    warped = F.grid_sample(stored[:, :3], grid + warp, mode="bilinear", padding_mode="reflection", align_corners=False)
    light = _random_light(n, resolution, a, generator)
    target = _relight(target_planes[:, :3], *(part.to(device) for part in light))
    given = _relight(warped, *(part.to(device) for part in light))
    tint, contrast = (part.to(device) for part in _random_colour(n, a.colour, generator))
    given = ((given - 0.5) * contrast + 0.5 + tint).clamp(0, 1)
    return Batch(given, target, target_planes[:, 3:4], target_planes[:, 4:5])


def _uniform(shape: tuple[int, ...], size: float, generator: torch.Generator) -> Tensor:
    return (torch.rand(shape, generator=generator) * 2 - 1) * size


def _random_affine(n: int, a: Augmentation, generator: torch.Generator) -> Tensor:
    """N×2×3 in the face crop's −1…1."""
    angle = _uniform((n,), math.radians(a.rotate), generator)
    scale = torch.exp(_uniform((n,), math.log1p(a.scale), generator))
    shift = _uniform((n, 2), 2 * a.shift, generator)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    mirror = torch.ones(n)
    if a.flip:
        mirror = 1 - 2 * torch.randint(2, (n,), generator=generator).float()
    return torch.stack(
        [torch.stack([cos * mirror, -sin, shift[:, 0]], 1), torch.stack([sin * mirror, cos, shift[:, 1]], 1)], 1
    )


def _random_warp(n: int, resolution: int, a: Augmentation, generator: torch.Generator) -> Tensor:
    """N×R×R×2 shifts in the face crop's −1…1: random nodes, smoothly interpolated."""
    nodes = torch.randn((n, 2, GRID, GRID), generator=generator) * (2 * a.warp)
    return F.interpolate(nodes, (resolution, resolution), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)


def _random_light(
    n: int, resolution: int, a: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Gain N×3×R×R (exposure, tint and a slope across the face), contrast and gamma N×1×1×1."""
    exposure = _uniform((n, 1, 1, 1), a.light, generator) + _uniform((n, 3, 1, 1), a.light / 3, generator)
    direction = torch.rand((n, 1, 1), generator=generator) * 2 * math.pi
    steepness = _uniform((n, 1, 1), a.light, generator)
    line = torch.linspace(-1, 1, resolution)
    slope = (direction.cos() * line[None, None] + direction.sin() * line[None, :, None]) * steepness
    gain = torch.exp(exposure + slope[:, None])
    return (
        gain,
        1 + _uniform((n, 1, 1, 1), a.light / 2, generator),
        torch.exp(_uniform((n, 1, 1, 1), a.light, generator)),
    )


def _relight(image: Tensor, gain: Tensor, contrast: Tensor, gamma: Tensor) -> Tensor:
    middle = image.mean((1, 2, 3), keepdim=True)
    lit = ((image * gain - middle) * contrast + middle).clamp(1e-4, 1)
    return lit**gamma


def _random_colour(n: int, size: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tint N×3×1×1 and contrast N×1×1×1 of the input alone."""
    return _uniform((n, 3, 1, 1), size, generator), 1 + _uniform((n, 1, 1, 1), size, generator)
