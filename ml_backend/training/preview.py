"""Preview grids: what an artist looks at while a model trains."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.networks.autoencoder import Autoencoder

from .augmentation import make_batch
from .config import Augmentation
from .data import TrainingFaces

FACES = 6  # of each identity
UNCHANGED = Augmentation(rotate=0, scale=0, shift=0, warp=0, light=0, colour=0)


@torch.no_grad()
def preview_grid(network: Autoencoder, faces: Mapping[str, TrainingFaces]) -> NDArray[np.uint8]:
    """H×W×3 RGB: for each identity a row of its faces, then a row of these as every identity in turn.

    The faces are the same ones each time, spread evenly over the faceset, and made one at a time: a step that just fits
    the memory leaves room for no more.
    """
    resolution = network.side
    rows = []
    for own in faces.values():
        batch = make_batch(own.take(own.spread(FACES)), own.span, resolution, UNCHANGED, torch.Generator())
        rows.append(_row(batch.target))
        for identity in network.identities:
            made = [network.swap(face, identity)[0] for face in torch.split(batch.target, 1)]
            rows.append(_row(torch.cat(made)))
    return np.concatenate(rows)


def _row(pictures: torch.Tensor) -> NDArray[np.uint8]:
    """N×3×R×R in 0–1 side by side: R×N·R×3 uint8."""
    n, _, height, width = pictures.shape
    strip = pictures.clamp(0, 1).permute(2, 0, 3, 1).reshape(height, n * width, 3)
    row: NDArray[np.uint8] = (strip * 255).round().to(torch.uint8).cpu().numpy()
    return row
