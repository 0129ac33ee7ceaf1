"""What a mask network pays for. Logits, targets and weights are N×1×R×R; targets and weights in 0–1."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def weighted_bce(logits: Tensor, seen: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy of every pixel, averaged under the weights."""
    losses = binary_cross_entropy_with_logits(logits, seen, reduction="none")
    return (losses * weights).sum() / weights.sum().clamp_min(1)


def covered_dice(logits: Tensor, seen: Tensor, weights: Tensor) -> Tensor:
    """1 − the Dice coefficient of what is covered, over the whole batch: small covers count as much as large ones.

    Source: Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation",
    2016.
    """
    made, true = torch.sigmoid(-logits) * weights, (1 - seen) * weights
    common = (made * (1 - seen)).sum()
    return 1 - (2 * common + 1) / (made.square().sum() + true.square().sum() + 1)


def iou(made: Tensor, true: Tensor, weights: Tensor) -> float:
    """Intersection over union of two boolean masks, under weights; 1 where both are empty."""
    union = float(((made | true) * weights).sum())
    return float(((made & true) * weights).sum()) / union if union else 1.0
