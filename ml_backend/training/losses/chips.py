"""From our face crops to the chips that the recogniser takes, on the device that trains and with gradients."""

import torch
from torch import Tensor

from ml_backend.faces.alignment import FACE
from ml_backend.networks.recogniser import CHIP

# Where `faces.recognition` cuts a chip from the canonical face that looks straight ahead, in distances of the outer
# eye corners from the face's middle. A face of its own proportions or one that turns lies a little beside it, where
# the recogniser still knows it.
CHIP_SIDE = 1.9656
CHIP_CENTRE = (0.0063, -0.1354)  # to the right, down


def to_chips(crops: Tensor, size: int = CHIP) -> Tensor:
    """N×C×R×R crops of the framing `FACE` to N×C×size×size of the places that a chip shows.

    Smaller ones are interpolated, larger ones averaged. A little of a chip lies above the crop, whose border is
    repeated there.
    """
    # The way is a scale and a shift, so that a matrix for each axis does it: sampling on a grid has no gradient on mps
    # and one of changing sums on cuda.
    side = crops.shape[-1]
    down, across = (_resampling(side, size, centre, crops) for centre in reversed(CHIP_CENTRE))
    return down @ (crops @ across.T)


def _resampling(side: int, size: int, centre: float, like: Tensor) -> Tensor:
    """size×side: each row the weights of a crop's pixels in one of the chip's, triangles as in interpolation."""
    pixels = torch.arange(side, dtype=like.dtype, device=like.device)
    cells = (torch.arange(size, dtype=like.dtype, device=like.device) + 0.5) / size - 0.5
    middles = (centre + cells * CHIP_SIDE) * (side / FACE.side) + (side - 1) / 2
    reach = max(1.0, CHIP_SIDE / FACE.side * side / size)
    weights = (1 - (pixels - middles.clamp(0, side - 1)[:, None]).abs() / reach).clamp_min(0)
    return weights / weights.sum(1, keepdim=True)
