"""Stored planes and drawn changes in, a batch out."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ml_backend.training.config import Augmentation

from .camera import blur, gain_and_lift, grain, recolour, relight
from .changes import Changes, draw_changes
from .occluders import cover
from .warp import affine_grid, elastic, sample

_ALL = slice(None)


@dataclass(frozen=True)
class Batch:
    """Faces of one identity: input and target N×3×R×R in 0–1; mask and features (eyes, mouth) N×1×R×R in 0–1.

    Input and target may be one tensor where nothing tells them apart: write to neither.
    """

    input: Tensor
    target: Tensor
    mask: Tensor
    features: Tensor

    def __len__(self) -> int:
        return len(self.input)

    def __getitem__(self, part: slice) -> "Batch":
        """Some of the faces, without a copy."""
        return Batch(self.input[part], self.target[part], self.mask[part], self.features[part])


def make_batch(
    planes: Tensor,
    span: float,
    resolution: int,
    a: Augmentation,
    generator: torch.Generator,
    *,
    mirrored: bool = False,
    warp: float = 1.0,
    rows: slice = _ALL,
) -> Batch:
    """Augment N×5×S×S uint8 planes (see TrainingFaces) to a batch of face crops of R=`resolution`, on their device.

    mirrored: half of the faces are mirrored. warp: a factor of the elastic warp. rows: only these faces are made, the
    same as in the whole batch; `planes` and chance are the whole batch's nevertheless.
    """
    changes = draw_changes(len(planes), resolution, a, generator, mirrored=mirrored, warp=warp)
    return apply_changes(planes[rows], span, resolution, changes.rows(rows), planes)


def apply_changes(
    planes: Tensor, span: float, resolution: int, changes: Changes, others: Tensor | None = None
) -> Batch:
    """Make the batch of N×5×S×S uint8 planes with their N changes.

    others: the planes of the whole batch, from which occluders take their surfaces; `planes` where they are all.
    """
    device = planes.device
    stored = _fitted(planes.float(), round(resolution * span))
    grid = affine_grid((changes.affine / span).to(device), resolution)
    sampled = sample(stored, grid)  # 0–255: what is smaller than the stored planes is cheaper to scale
    target, masks = sampled[:, :3], sampled[:, 3:].mul_(1 / 255).clamp_(max=1)
    given = target
    if changes.nodes is not None:
        given = sample(stored[:, :3], grid.add_(elastic((changes.nodes / span).to(device), resolution)))
    if changes.occluders is not None:
        given = given.clone() if given is target else given
        given = cover(given, planes if others is None else others, span, changes.occluders)
    target, given = _lit(target, given, changes)
    if changes.colour is not None:
        given = recolour(given, changes.colour)
    if changes.blur is not None:
        given = blur(given, changes.blur)
    if changes.noise is not None and changes.field is not None:
        given = grain(given, changes.noise, changes.field)
    return Batch(given, target, masks[:, :1], masks[:, 1:])


def _fitted(planes: Tensor, needed: int) -> Tensor:
    """Planes averaged down where they are at least twice as fine as needed: a growing network begins with few pixels,
    and bilinear sampling would skip what lies between them."""
    factor = planes.shape[-1] // needed
    if factor < 2:
        return planes
    side = round(planes.shape[-1] / factor)
    return F.interpolate(planes, (side, side), mode="area")


def _lit(target: Tensor, given: Tensor, changes: Changes) -> tuple[Tensor, Tensor]:
    """Target and input in the same light; from 0–255 to 0–1."""
    if changes.light is None:
        lit = target / 255
        return lit, lit if given is target else given.mul_(1 / 255)
    gain, lift = gain_and_lift(changes.light, target.mean((1, 2, 3), keepdim=True), target.shape[-1], 1 / 255)
    gamma = changes.light.gamma
    lit = relight(target, gain, lift, gamma)
    return lit, lit if given is target else relight(given, gain, lift, gamma)
