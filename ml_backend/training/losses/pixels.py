"""Losses of single pixels, and the weights of places."""

import torch
import torch.nn.functional as F
from torch import Tensor


def face_weights(mask: Tensor, features: Tensor, outside: float, eyes_and_mouth: float) -> Tensor:
    """Weights N×1×R×R: `outside` off the face, 1 on it, 1 + eyes_and_mouth on eyes and lips."""
    return outside + (1 - outside) * mask + eyes_and_mouth * features


def weighted_means(values: Tensor, weights: Tensor) -> Tensor:
    """The mean of each face, N, of N×C×R×R values under N×1×R×R weights; 0 for a face without weights."""
    return (values * weights).sum((1, 2, 3)) / (weights.sum((1, 2, 3)) * values.shape[1]).clamp_min(1e-6)


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """The mean over the faces of `weighted_means`: every face counts the same, however large its weights."""
    return weighted_means(values, weights).mean()


def l1(made: Tensor, real: Tensor, weights: Tensor) -> Tensor:
    """The mean absolute difference under the weights."""
    return weighted_mean((made - real).abs(), weights)


def l2(made: Tensor, real: Tensor, weights: Tensor) -> Tensor:
    """The mean squared difference under the weights."""
    return weighted_mean((made - real).square(), weights)


def mask_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy of N×1×R×R logits, less that of the mask (0–1) with itself: 0 where both agree."""
    own = torch.xlogy(mask, mask) + torch.xlogy(1 - mask, 1 - mask)
    return F.binary_cross_entropy_with_logits(logits, mask) + own.mean()
