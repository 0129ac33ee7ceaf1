"""Preview grids: what an artist looks at while a model trains."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import torch

from ml_backend.facesets.drawing import Picture, blank, fitting, text_width, write
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.provenance.gate import Granted
from ml_backend.provenance.slate import laid, word

from .augmentation import make_batch
from .config import Augmentation
from .data import TrainingFaces

FACES = 6  # of each identity
BESIDE, WIDEST = 6, 260  # pixels around the words beside a row, and of these at most
UNCHANGED = Augmentation(rotate=0, scale=0, shift=0, warp=0, light=0, colour=0)


@torch.no_grad()
def preview_grid(network: Autoencoder, faces: Mapping[str, TrainingFaces], painted: Granted) -> Picture:
    """H×W×3 RGB: for each identity that learns a row of its faces, a row of these rebuilt, and a row of these as each
    other identity of the network. What a row shows stands to the left of it.

    painted: who may be swapped. Nobody else is painted as another or has another's face over theirs; where one of the
    two may be tried only, the row carries the slate.

    The faces are the same ones each time, spread evenly over the faceset, and made one at a time: a step that just fits
    the memory leaves room for no more.
    """
    resolution = network.side
    rows: dict[str, Picture] = {}
    for name, own in faces.items():
        batch = make_batch(own.take(own.spread(FACES)), own.span, resolution, UNCHANGED, torch.Generator())
        rows[name] = _row(batch.target)
        for identity in sorted(network.identities, key=lambda other: other != name):
            if identity != name and not {identity, name} <= painted.records.keys():
                continue
            made = torch.cat([network.swap(face, identity)[0] for face in torch.split(batch.target, 1)])
            tested = identity != name and Granted({one: painted.records[one] for one in (identity, name)}).slate
            told = f"{name} rebuilt" if identity == name else f"{name} as {identity}"
            rows[told] = _row(_slated(made) if tested else made)
    return np.vstack(
        [np.hstack([beside, row]) for beside, row in zip(_names(rows, resolution), rows.values(), strict=True)]
    )


def _names(rows: Collection[str], height: int) -> Iterator[Picture]:
    """What each row shows, H×W×3 of one width."""
    told = [fitting(text, WIDEST) for text in rows]
    width = max(text_width(text) for text in told) + 2 * BESIDE
    for text in told:
        picture = blank(height, width)
        write(picture, text, (BESIDE, height // 2 + BESIDE))
        yield picture


def _slated(pictures: torch.Tensor) -> torch.Tensor:
    """N×3×R×R in 0–1 with the slate over each."""
    side = pictures.shape[-1]
    fill, outline = word((side, side), (0, 0, side, side))
    covered = np.maximum(fill, outline)
    colours = pictures.float().cpu().permute(0, 2, 3, 1).numpy()
    return torch.from_numpy(np.stack([laid(colour, fill, covered) for colour in colours])).permute(0, 3, 1, 2)


def _row(pictures: torch.Tensor) -> Picture:
    """N×3×R×R in 0–1 side by side: R×N·R×3 uint8."""
    n, _, height, width = pictures.shape
    strip = pictures.clamp(0, 1).permute(2, 0, 3, 1).reshape(height, n * width, 3)
    row: Picture = (strip * 255).round().to(torch.uint8).cpu().numpy()
    return row
