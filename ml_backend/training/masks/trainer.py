"""The training step of a mask model, and all the state that it changes."""

import math
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from ml_backend.networks.unet import MULTIPLE, UNet

from .batches import MaskBatch, make_batch
from .faces import MaskFaces
from .losses import covered_dice, weighted_bce
from .settings import MaskSettings

COARSE = 2 / 3  # of the side: the first part of a training costs less than half so


class MaskTrainer:
    """Makes steps. What a step does depends only on its number, the seed and the state before it."""

    def __init__(
        self, settings: MaskSettings, size: int, painted: MaskFaces, unpainted: MaskFaces, device: torch.device
    ) -> None:
        self.settings = settings
        self.size = size
        self.painted = painted
        self.unpainted = unpainted
        self.device = device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = UNet()
        # not channels last, as elsewhere: with pictures and batches as small as these it takes longer on a CPU
        self.ema = deepcopy(network).to(device).requires_grad_(False)
        self.network = network.to(device)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=settings.learning_rate, fused=True)

    def step(self, number: int, spent: float) -> float:
        """Step `number` (from 0), at `spent` (0–1) of the budget; returns the loss."""
        s = self.settings
        for group in self.optimizer.param_groups:
            group["lr"] = s.learning_rate * _rate(number, spent, s)
        random = np.random.default_rng([s.seed, number])
        side = self.size if spent >= s.coarse else max(MULTIPLE, round(self.size * COARSE / MULTIPLE) * MULTIPLE)
        parts: list[tuple[Tensor, Tensor, Tensor]] = []  # input, seen, weights
        if len(self.painted):
            batch = self._batch(self.painted, s.batch_size, side, random)
            parts.append((batch.input, batch.seen, batch.oval))
        if len(self.unpainted) and (s.unpainted == "seen" or (len(self.painted) and spent >= s.teach)):
            count = s.batch_size if s.unpainted == "seen" else max(1, s.batch_size // 2)
            parts.append(self._unpainted(self._batch(self.unpainted, count, side, random)))
        given, seen, weights = (torch.cat(part) for part in zip(*parts, strict=True))
        logits = self.network(given)
        loss = weighted_bce(logits, seen, weights) + covered_dice(logits, seen, weights)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self._average(number)
        return float(loss.detach())

    def _batch(self, faces: MaskFaces, count: int, side: int, random: np.random.Generator) -> MaskBatch:
        batch = make_batch(faces, count, side, self.settings, random)
        return MaskBatch(*(part.to(self.device) for part in vars(batch).values()))

    @torch.no_grad()
    def _unpainted(self, batch: MaskBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Where nobody painted, what is drawn covers for sure, and of the rest counts what the average is sure of.

        Source: Sohn et al., "FixMatch: Simplifying Semi-Supervised Learning with Consistency and Confidence", 2020.
        """
        if self.settings.unpainted == "seen":
            return batch.input, batch.seen, batch.oval
        believed = torch.sigmoid(self.ema(batch.plain))
        sure = ((believed - 0.5).abs() > self.settings.sure - 0.5).float()
        seen = (believed > 0.5).float() * (1 - batch.drawn)
        return batch.input, seen, batch.oval * torch.maximum(sure, (batch.drawn > 0.5).float())

    @torch.no_grad()
    def _average(self, number: int) -> None:
        """The running mean, which forgets faster at the beginning: a short training would keep its first guesses."""
        keep = min(self.settings.ema, (number + 1) / (number + 10))
        now: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(list(self.ema.parameters()), now, 1 - keep)


def _rate(number: int, spent: float, s: MaskSettings) -> float:
    """The part of the full learning rate: a linear warm-up, then full, then half a cosine down to 2 %."""
    rise = min(1.0, (number + 1) / (s.warm_up + 1))
    if s.cool_down == 0 or spent <= 1 - s.cool_down:
        return rise
    fall = min(1.0, (spent - 1 + s.cool_down) / s.cool_down)
    return rise * (0.02 + 0.98 * (1 + math.cos(math.pi * fall)) / 2)
