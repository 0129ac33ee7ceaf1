"""The face recogniser as a torch network: a picture of a face becomes 128 numbers, near for the same person.

      chip 150² ─► 7×7, /2 ─► max /2 ─► 3 × [32] ─► /2, 3 × [64] ─► /2, 2 × [128] ─► /2, 2 × [256] ─► /2 ─► mean ─► 128
                                           │             │               │                │
                                        features      features       features         features

Source: the face recognition ResNet of dlib by Davis King (dnn_face_recognition_ex.cpp), the residual blocks of He et
al., "Deep Residual Learning for Image Recognition", 2016, in the form in which its normalisations are folded into the
convolutions. The weights are those of the shipped face_recognition.onnx.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

CHIP = 150
EMBEDDING = 128


class Seen(NamedTuple):
    """What the recogniser sees in N faces."""

    features: tuple[Tensor, ...]  # N×32×35×35, N×64×17×17, N×128×8×8, N×256×4×4, none below 0
    embedding: Tensor  # N×128


class Block(nn.Module):
    """Two 3×3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(F.relu(self.first(x))))


class Halving(nn.Module):
    """Two 3×3 convolutions, the first with a stride, beside a 2×2 mean; what either lacks in size is zeros."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels_out, 3, stride=2)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y, mean = self.second(F.relu(self.first(x))), F.avg_pool2d(x, 2)
        missing_y, missing_x = mean.shape[2] - y.shape[2], mean.shape[3] - y.shape[3]
        channels = y.shape[1] - mean.shape[1]
        return F.relu(F.pad(y, (0, missing_x, 0, missing_y)) + F.pad(mean, (0, 0, 0, 0, 0, channels)))


class Recogniser(nn.Module):
    """N×3×150×150 RGB chips in 0–1 to their embeddings, with the features on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 7, stride=2)
        self.stages = nn.ModuleList(
            [
                nn.Sequential(Block(32), Block(32), Block(32)),
                nn.Sequential(Halving(32, 64), Block(64), Block(64), Block(64)),
                nn.Sequential(Halving(64, 128), Block(128), Block(128)),
                nn.Sequential(Halving(128, 256), Block(256), Block(256)),
            ]
        )
        self.last = Halving(256, 256)
        self.embed = nn.Linear(256, EMBEDDING, bias=False)

    def forward(self, chips: Tensor) -> Seen:
        x = F.max_pool2d(F.relu(self.stem(chips * 255)), 3, stride=2)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return Seen(tuple(features), self.embed(self.last(x).mean((2, 3))))

    def convolutions(self) -> list[nn.Conv2d]:
        """In the order in which a picture passes through them."""
        return [module for module in self.modules() if isinstance(module, nn.Conv2d)]


def freeze(recogniser: Recogniser) -> Recogniser:
    """The same network, which learns nothing any more; gradients still pass through it to the picture."""
    return recogniser.eval().requires_grad_(False)
