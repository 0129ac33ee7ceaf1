"""Where each pixel of a changed crop comes from: an affine map and an elastic warp, composed into one grid."""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

NODES = 5  # of the elastic warp along a side


def affine_grid(affine: Tensor, resolution: int) -> Tensor:
    """N×2×R×R places (x, y) in −1…1 of N×2×3 maps, as `grid_sample` reads them without aligned corners."""
    line = (torch.arange(resolution, device=affine.device) * 2 + 1) / resolution - 1
    across = affine[:, :, 0, None, None] * line
    down = affine[:, :, 1, None, None] * line[:, None] + affine[:, :, 2, None, None]
    return across + down


def elastic(nodes: Tensor, resolution: int) -> Tensor:
    """N×2×R×R shifts: N×2×5×5 nodes, the outer ones at the crop's edge, with bicubic interpolation between them.

    The interpolation is linear and separable, so it is two small matrix products.
    """
    weights = _bicubic(resolution).to(nodes.device)
    return weights @ nodes @ weights.T


@cache
def _bicubic(resolution: int) -> Tensor:
    """R×5: what each node weighs at each pixel."""
    single = torch.eye(NODES, device="cpu").view(NODES, 1, NODES, 1)
    lines = F.interpolate(single, (resolution, 1), mode="bicubic", align_corners=True)
    return lines.view(NODES, resolution).T.contiguous()


def sample(planes: Tensor, grid: Tensor) -> Tensor:
    """N×C×S×S planes at N×2×R×R places: N×C×R×R. Outside of the planes they are mirrored."""
    return F.grid_sample(
        planes, grid.permute(0, 2, 3, 1), mode="bilinear", padding_mode="reflection", align_corners=False
    )
