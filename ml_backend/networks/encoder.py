"""The convolutions that df and liae look at a face with.

    plain   R ─► R/2  e ─► R/4  2e ─► R/8  4e ─► R/16  8e ─► flat
    deep    R ─► R/2  e, residual ─► R/4  2e ─► R/8  4e ─► R/16  8e ─► R/32  8e, residual ─► flat

Source: DeepFaceLab's encoder; deep is its option -t.
"""

from itertools import pairwise

from torch import nn

from .architecture import Architecture
from .blocks import Downscale, Residual


def feature_layers(a: Architecture) -> list[nn.Module]:
    """The layers from N×3×R×R faces to N×`feature_count` numbers."""
    e = a.encoder_channels
    widths = (3, e, 2 * e, 4 * e, 8 * e, 8 * e) if a.deep else (3, e, 2 * e, 4 * e, 8 * e)
    layers: list[nn.Module] = [Downscale(*pair) for pair in pairwise(widths)]
    if a.deep:
        layers.insert(1, Residual(e))
        layers.append(Residual(8 * e))
    return [*layers, nn.Flatten()]


def feature_count(a: Architecture) -> int:
    """How many numbers the layers give for a face."""
    side = a.resolution // (32 if a.deep else 16)
    return 8 * a.encoder_channels * side * side
