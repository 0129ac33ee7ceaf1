"""Batches for the base model: one person of a moment goes in, the same or another person of that moment comes out."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

GRID = 5  # nodes of the elastic warp along a side


@dataclass(frozen=True)
class Frames:
    """planes: N×5×S×S uint8, as TrainingFaces has them; people and moments: of each frame; span: S by the crop's side.

    partners: for each frame the frames of its moment, itself among them.
    """

    planes: Tensor
    people: NDArray[np.int64]
    moments: NDArray[np.int64]
    partners: list[NDArray[np.int64]]
    span: float
    landmark_model: str


@dataclass(frozen=True)
class Change:
    """How much batches vary: degrees, parts of the crop's side, logarithms of light."""

    rotate: float = 8.0
    scale: float = 0.06
    shift: float = 0.03
    warp: float = 0.015
    light: float = 0.35
    colour: float = 0.08
    coarse: float = 0.25
    mirror: bool = True


@dataclass(frozen=True)
class Pairs:
    """input and target N×3×R×R in 0–1; mask and features N×1×R×R in 0–1; people: N, whose face the target is."""

    input: Tensor
    target: Tensor
    mask: Tensor
    features: Tensor
    people: Tensor


def load_frames(file: Path) -> Frames:
    """What align.py wrote. Frames are named MMMM_PPPP: moment and person."""
    with np.load(file) as data:
        names = [str(name).split("_") for name in data["names"]]
        planes, span, model = torch.from_numpy(data["planes"]), float(data["margin"]), str(data["landmark_model"])
    moments = np.array([int(moment) for moment, _ in names])
    people = np.array([int(person[1:]) for _, person in names])
    together = {moment: np.flatnonzero(moments == moment) for moment in set(moments.tolist())}
    return Frames(planes, people, moments, [together[moment] for moment in moments.tolist()], span, model)


def draw(frames: Frames, allowed: NDArray[np.int64], count: int, chance: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Indices of `count` input and target frames; the targets are any of the `allowed` frames, equally often."""
    targets = chance.choice(allowed, count)
    inputs = np.array([chance.choice(frames.partners[target]) for target in targets])
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def make_pairs(
    frames: Frames, chosen: tuple[Tensor, Tensor], resolution: int, change: Change | None, generator: torch.Generator
) -> Pairs:
    """Place, size and light change in input and target alike; warp, colour, blur and noise in the input alone."""
    inputs, targets = (frames.planes[index].float() / 255 for index in chosen)
    people = torch.from_numpy(frames.people)[chosen[1]]
    n = len(people)
    c = change or Change(0, 0, 0, 0, 0, 0, 0, mirror=False)
    grid = F.affine_grid(_affine(n, c, generator) / frames.span, [n, 1, resolution, resolution], align_corners=False)
    nodes = torch.randn((n, 2, GRID, GRID), generator=generator) * (2 * c.warp)
    warp = F.interpolate(nodes, (resolution, resolution), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    out = F.grid_sample(targets, grid, padding_mode="reflection", align_corners=False)
    given = F.grid_sample(inputs[:, :3], grid + warp / frames.span, padding_mode="reflection", align_corners=False)
    light = _light(n, resolution, c.light, generator)
    target, given = _relight(out[:, :3], *light), _relight(given, *light)
    tint, contrast = _uniform((n, 3, 1, 1), c.colour, generator), 1 + _uniform((n, 1, 1, 1), c.colour, generator)
    given = (given - 0.5) * contrast + 0.5 + tint
    if c.coarse and torch.rand((), generator=generator) < c.coarse:
        side = int(torch.randint(resolution // 2, resolution, (), generator=generator))
        small = F.interpolate(given, (side, side), mode="bilinear", antialias=True)
        given = F.interpolate(small, (resolution, resolution), mode="bilinear")
    given = given + torch.randn(given.shape, generator=generator) * (0.03 * c.coarse)
    layout = torch.channels_last
    return Pairs(given.clamp(0, 1).contiguous(memory_format=layout), target, out[:, 3:4], out[:, 4:5], people)


def _uniform(shape: tuple[int, ...], size: float, generator: torch.Generator) -> Tensor:
    return (torch.rand(shape, generator=generator) * 2 - 1) * size


def _affine(n: int, c: Change, generator: torch.Generator) -> Tensor:
    """N×2×3 in the face crop's −1…1."""
    angle = _uniform((n,), math.radians(c.rotate), generator)
    scale = torch.exp(_uniform((n,), math.log1p(c.scale), generator))
    shift = _uniform((n, 2), 2 * c.shift, generator)
    mirror = 1 - 2 * torch.randint(2, (n,), generator=generator).float() if c.mirror else torch.ones(n)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    return torch.stack(
        [torch.stack([cos * mirror, -sin, shift[:, 0]], 1), torch.stack([sin * mirror, cos, shift[:, 1]], 1)], 1
    )


def _light(n: int, resolution: int, size: float, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Gain N×3×R×R (exposure, tint and a slope across the face), contrast and gamma N×1×1×1."""
    exposure = _uniform((n, 1, 1, 1), size, generator) + _uniform((n, 3, 1, 1), size / 3, generator)
    direction = torch.rand((n, 1, 1), generator=generator) * 2 * math.pi
    steepness = _uniform((n, 1, 1), size, generator)
    line = torch.linspace(-1, 1, resolution)
    slope = (direction.cos() * line[None, None] + direction.sin() * line[None, :, None]) * steepness
    contrast = 1 + _uniform((n, 1, 1, 1), size / 2, generator)
    return torch.exp(exposure + slope[:, None]), contrast, torch.exp(_uniform((n, 1, 1, 1), size, generator))


def _relight(image: Tensor, gain: Tensor, contrast: Tensor, gamma: Tensor) -> Tensor:
    middle = image.mean((1, 2, 3), keepdim=True)
    return ((image * gain - middle) * contrast + middle).clamp(1e-4, 1) ** gamma
