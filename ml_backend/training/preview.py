"""Preview grids: what an artist looks at while a model trains."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.provenance.gate import Granted
from ml_backend.provenance.slate import laid, word

from .augmentation import make_batch
from .config import Augmentation
from .data import TrainingFaces

FACES = 6  # of each identity
UNCHANGED = Augmentation(rotate=0, scale=0, shift=0, warp=0, light=0, colour=0)


@torch.no_grad()
def preview_grid(network: Autoencoder, faces: Mapping[str, TrainingFaces], painted: Granted) -> NDArray[np.uint8]:
    """H×W×3 RGB: for each identity that learns a row of its faces, a row of these rebuilt, and a row of these as each
    other identity of the network.

    painted: who may be swapped. Nobody else is painted as another or has another's face over theirs; where one of the
    two may be tried only, the row carries the slate.

    The faces are the same ones each time, spread evenly over the faceset, and made one at a time: a step that just fits
    the memory leaves room for no more.
    """
    resolution = network.side
    rows = []
    for name, own in faces.items():
        batch = make_batch(own.take(own.spread(FACES)), own.span, resolution, UNCHANGED, torch.Generator())
        rows.append(_row(batch.target))
        for identity in network.identities:
            if identity != name and not {identity, name} <= painted.records.keys():
                continue
            made = torch.cat([network.swap(face, identity)[0] for face in torch.split(batch.target, 1)])
            tested = identity != name and Granted({one: painted.records[one] for one in (identity, name)}).slate
            rows.append(_row(_slated(made) if tested else made))
    return np.concatenate(rows)


def _slated(pictures: torch.Tensor) -> torch.Tensor:
    """N×3×R×R in 0–1 with the slate over each."""
    side = pictures.shape[-1]
    fill, outline = word((side, side), (0, 0, side, side))
    covered = np.maximum(fill, outline)
    colours = pictures.float().cpu().permute(0, 2, 3, 1).numpy()
    return torch.from_numpy(np.stack([laid(colour, fill, covered) for colour in colours])).permute(0, 3, 1, 2)


def _row(pictures: torch.Tensor) -> NDArray[np.uint8]:
    """N×3×R×R in 0–1 side by side: R×N·R×3 uint8."""
    n, _, height, width = pictures.shape
    strip = pictures.clamp(0, 1).permute(2, 0, 3, 1).reshape(height, n * width, 3)
    row: NDArray[np.uint8] = (strip * 255).round().to(torch.uint8).cpu().numpy()
    return row
