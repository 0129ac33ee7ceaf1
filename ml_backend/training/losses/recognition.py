"""Likeness as the face recogniser sees it: its features at several depths, and its embedding."""

import torch
from torch import Tensor

from ml_backend.networks.recogniser import Recogniser, Seen

from .chips import to_chips
from .pixels import weighted_mean


def recognition_loss(recogniser: Recogniser, made: Tensor, real: Tensor, weights: Tensor) -> Tensor:
    """How differently a frozen recogniser sees the made and the real crops (framing `FACE`) under the weights.

    The mean over its depths of the squared distance of the features, each place's of length 1, plus the squared
    distance of the embeddings, which is 0.3 for two persons who are just told apart. What has no weight is replaced
    by the real picture first: it changes neither.
    Source: Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018, without its
    learned weights.
    """
    made = real + (made - real) * weights.clamp_max(1)
    with torch.no_grad():
        wanted: Seen = recogniser(to_chips(real))
    seen: Seen = recogniser(to_chips(made))
    depths = [
        weighted_mean((_unit(x) - _unit(y)).square() * x.shape[1], to_chips(weights, x.shape[-1]))
        for x, y in zip(seen.features, wanted.features, strict=True)
    ]
    return torch.stack(depths).mean() + _squared_distance(seen.embedding, wanted.embedding)


def _squared_distance(a: Tensor, b: Tensor) -> Tensor:
    return (a.float() - b).square().sum(1).mean()


def _unit(features: Tensor) -> Tensor:
    """Each place's features with length 1; places without any stay near 0, with a gradient."""
    x = features.float()
    return x * (x.square().sum(1, keepdim=True) + 1e-6).rsqrt()
