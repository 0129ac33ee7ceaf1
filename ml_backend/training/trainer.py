"""The training step, and all the state that it changes."""

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.networks.discriminator import PatchDiscriminator, adversarial_loss, discriminator_loss

from .augmentation import Batch, make_batch
from .config import TrainingConfig
from .data import TrainingFaces, sample_indices
from .losses import dssim, face_weights, weighted_mean


@dataclass(frozen=True)
class Networks:
    """The autoencoder, its running mean, and its opponent (None where the loss does not ask for one)."""

    autoencoder: Autoencoder
    ema: Autoencoder
    discriminator: PatchDiscriminator | None


def build_networks(config: TrainingConfig, identities: list[str], device: torch.device) -> Networks:
    """New networks; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        autoencoder = Autoencoder(config.architecture, identities)
        discriminator = PatchDiscriminator() if config.loss.adversarial else None
    ema = deepcopy(autoencoder)
    layout = torch.channels_last
    return Networks(
        autoencoder.to(device, memory_format=layout),  # type: ignore[call-overload]
        ema.to(device, memory_format=layout).requires_grad_(False),  # type: ignore[call-overload]
        discriminator.to(device, memory_format=layout) if discriminator else None,  # type: ignore[call-overload]
    )


class Trainer:
    """Makes steps. What a step does depends only on its number, the seed and the state before it."""

    def __init__(
        self,
        config: TrainingConfig,
        networks: Networks,
        faces: Mapping[str, TrainingFaces],
        device: torch.device,
        precision: torch.dtype,
    ) -> None:
        self.config = config
        self.networks = networks
        self.faces = faces
        self.device = device
        self.precision = precision
        self.optimizer = _optimizer(networks.autoencoder, config.learning_rate, (0.9, 0.99))
        self.opponent = None
        if networks.discriminator is not None:
            self.opponent = _optimizer(networks.discriminator, config.learning_rate, (0.5, 0.99))

    def step(self, number: int, spent: float) -> float:
        """Step `number` (from 0), at `spent` (0–1) of the budget; returns the loss."""
        config = self.config
        for optimizer in (self.optimizer, self.opponent):
            for group in optimizer.param_groups if optimizer else ():
                group["lr"] = config.learning_rate * _rate(number, spent, config)
        batches = self._batches(number)
        fights = self.opponent is not None and spent >= config.adversarial_start
        with self._autocast():
            made = self.networks.autoencoder({name: batch.input for name, batch in batches.items()})
        # in float32: the variances of SSIM are differences of near numbers, and half of them is noise in bfloat16
        loss = torch.stack([self._loss(batches[name], *made[name]) for name in batches]).mean()
        if fights:
            assert self.networks.discriminator is not None
            self.networks.discriminator.requires_grad_(False)
            verdict = adversarial_loss(self._judge(self.networks.discriminator, _shown(batches, made)))
            loss = loss + config.loss.adversarial * verdict
        self._descend(self.optimizer, self.networks.autoencoder, loss)
        if fights:
            self._train_opponent(batches, made)
        self._average()
        return float(loss.detach())

    def _batches(self, number: int) -> dict[str, Batch]:
        generator = torch.Generator().manual_seed((self.config.seed << 32) + number)
        config, layout = self.config, torch.channels_last
        indices = sample_indices(self.faces, config.batch_size, generator)
        batches = {}
        for name, chosen in indices.items():
            faces = self.faces[name]
            planes = faces.planes[chosen.to(self.device)]
            b = make_batch(planes, faces.span, config.architecture.resolution, config.augmentation, generator)
            batches[name] = Batch(b.input.contiguous(memory_format=layout), b.target, b.mask, b.features)
        return batches

    def _loss(self, batch: Batch, face: Tensor, mask: Tensor) -> Tensor:
        w = self.config.loss
        weights = face_weights(batch.mask, batch.features, w.outside, w.eyes_and_mouth)
        difference = face - batch.target
        return (
            w.l1 * weighted_mean(difference.abs(), weights)
            + w.l2 * weighted_mean(difference.square(), weights)
            + w.dssim * dssim(face, batch.target, weights)
            + w.mask * nn.functional.binary_cross_entropy_with_logits(mask, batch.mask)
        )

    def _train_opponent(self, batches: Mapping[str, Batch], made: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        discriminator = self.networks.discriminator
        assert discriminator is not None
        assert self.opponent is not None
        discriminator.requires_grad_(True)
        real = torch.cat([batch.target * batch.mask for batch in batches.values()])
        seen = self._judge(discriminator, real), self._judge(discriminator, _shown(batches, made).detach())
        self._descend(self.opponent, discriminator, discriminator_loss(*seen))

    def _judge(self, discriminator: PatchDiscriminator, faces: Tensor) -> Tensor:
        with self._autocast():
            verdict: Tensor = discriminator(faces)
        return verdict.float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)

    def _descend(self, optimizer: torch.optim.Optimizer, network: nn.Module, loss: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), self.config.clip)
        optimizer.step()

    @torch.no_grad()
    def _average(self) -> None:
        mean: list[Tensor] = list(self.networks.ema.parameters())
        now: list[Tensor] = list(self.networks.autoencoder.parameters())
        torch._foreach_lerp_(mean, now, 1 - self.config.ema)


def _optimizer(network: nn.Module, rate: float, betas: tuple[float, float]) -> torch.optim.AdamW:
    return torch.optim.AdamW(network.parameters(), lr=rate, betas=betas, weight_decay=1e-4, fused=True)


def _rate(number: int, spent: float, config: TrainingConfig) -> float:
    """The part of the full learning rate: a linear warm-up, then full, then half a cosine down to 2 %."""
    rise = min(1.0, (number + 1) / (config.warm_up + 1))
    if config.cool_down == 0 or spent <= 1 - config.cool_down:
        return rise
    fall = min(1.0, (spent - 1 + config.cool_down) / config.cool_down)
    return rise * (0.02 + 0.98 * (1 + math.cos(math.pi * fall)) / 2)


def _shown(batches: Mapping[str, Batch], made: Mapping[str, tuple[Tensor, Tensor]]) -> Tensor:
    """What the discriminator sees of the made faces: only the face, as of the real ones."""
    return torch.cat([made[name][0] * batch.mask for name, batch in batches.items()])
