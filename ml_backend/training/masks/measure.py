"""How well a mask network does on faces whose masks are known, and pictures of it."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml_backend.networks.unet import UNet

from .batches import view
from .faces import MaskFaces
from .losses import iou

PREVIEWED = 8
_BATCH = 16


def _predicted(network: UNet, faces: MaskFaces, size: int, device: torch.device) -> Iterator[tuple[Tensor, ...]]:
    """Picture, prediction, truth and oval of faces, some at a time, on the CPU."""
    for start in range(0, len(faces), _BATCH):
        batch = view(faces.part(np.arange(len(faces)) // _BATCH == start // _BATCH), size)
        seen = torch.sigmoid(network(batch.input.to(device)))
        yield batch.input, seen.cpu(), batch.seen, (batch.oval > 0.75).float()


@torch.no_grad()
def measure(network: UNet, faces: MaskFaces, size: int, device: torch.device) -> dict[str, float]:
    """iou_covered and iou_seen over all the faces' ovals together."""
    parts = list(_predicted(network, faces, size, device))
    seen, true, oval = (torch.cat([part[n] for part in parts]) for n in (1, 2, 3))
    return {
        "iou_covered": round(iou(seen <= 0.5, true <= 0.5, oval), 4),
        "iou_seen": round(iou(seen > 0.5, true > 0.5, oval), 4),
    }


@torch.no_grad()
def preview(network: UNet, faces: MaskFaces, size: int, device: torch.device) -> NDArray[np.uint8]:
    """H×W×3 RGB: up to 8 faces above what the network takes for covered (red) and above what was painted."""
    chosen = np.zeros(len(faces), np.bool_)
    chosen[np.linspace(0, len(faces) - 1, min(PREVIEWED, len(faces))).round().astype(int)] = True
    columns = []
    for picture, seen, true, oval in _predicted(network, faces.part(chosen), size, device):
        for n in range(len(picture)):
            face = picture[n].permute(1, 2, 0).numpy()
            rows = [face] + [_marked(face, ((1 - mask[n, 0]) * oval[n, 0]).numpy()) for mask in (seen, true)]
            columns.append(np.concatenate(rows))
    return np.asarray(np.round(np.concatenate(columns, 1) * 255), np.uint8)


def _marked(face: NDArray[np.float32], covered: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(face + (np.array([1, 0, 0], np.float32) - face) * covered[..., None] * 0.7, np.float32)
