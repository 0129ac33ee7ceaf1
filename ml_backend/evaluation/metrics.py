"""Figures for pictures (H×W×3 RGB float32 in 0–1, masks H×W float32 in 0–1) and for landmarks."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.faces.canonical import fit_head, head_pose
from ml_backend.faces.regions import MESH68
from ml_backend.training.losses import ssim_map

Picture = NDArray[np.float32]
Landmarks = NDArray[np.float64]
SSIM_WINDOW = 11


def psnr(a: Picture, b: Picture, mask: NDArray[np.float32]) -> float:
    """Peak signal-to-noise ratio in dB of the pixels under the mask; infinite where they are the same."""
    error = float((np.square(a - b).mean(2) * mask).sum() / mask.sum())
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(a: Picture, b: Picture, mask: NDArray[np.float32]) -> float:
    """Structural similarity (mean over the channels) under the mask, 11×11 Gaussian windows of σ 1.5.

    Only whole windows count; nan where none lies under the mask.
    """
    edge = SSIM_WINDOW // 2
    inner = mask[edge : mask.shape[0] - edge, edge : mask.shape[1] - edge]
    if inner.sum() == 0:
        return math.nan
    pair = [torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1))[None]) for x in (a, b)]
    similarity = ssim_map(pair[0], pair[1], SSIM_WINDOW)[0].mean(0).numpy()
    return float((similarity * inner).sum() / inner.sum())


def pose_difference(a: Landmarks, b: Landmarks) -> float:
    """Mean absolute difference of yaw, pitch and roll in degrees, of two sets of 478×3 landmarks."""
    return float(np.mean([abs(x - y) for x, y in zip(head_pose(a), head_pose(b), strict=True)]))


def expression_difference(a: Landmarks, b: Landmarks) -> float:
    """Mean distance of the 68 points in the head's own frame, in % of the distance of the outer eye corners.

    Each face is turned and scaled to the canonical head first, so place, size and pose do not count.
    """
    return float(np.linalg.norm(_in_head_frame(a) - _in_head_frame(b), axis=1).mean() * 100)


def _in_head_frame(landmarks: Landmarks) -> Landmarks:
    """68×2 in the canonical head's x and y, where the eye corners are 1 apart."""
    scale, rotation, shift = fit_head(landmarks)
    points: Landmarks = ((landmarks[MESH68] - shift) @ rotation / scale)[:, :2]
    return points
