"""The training step, and all the state that it changes."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ml_backend.errors import BackendError
from ml_backend.networks.autoencoder import Rebuilt
from ml_backend.networks.code_discriminator import code_adversarial_loss, code_discriminator_loss
from ml_backend.networks.discriminator import adversarial_loss, discriminator_loss, r1_penalty
from ml_backend.networks.recogniser import Recogniser

from .augmentation import Batch
from .batches import Batches, step_generator
from .build import Networks
from .compiling import Compiled
from .config import Phase, TrainingConfig
from .data import TrainingFaces
from .device import is_out_of_memory
from .losses.style import background_style, face_style
from .losses.total import reconstruction_loss
from .optimizers.named import make_optimizer, step_with_rest
from .optimizers.rates import rate_factor
from .parallel.world import ALONE, World, average_gradients, mean
from .recipe import phase_at, side_at

RESTING = 1 << 31  # added to the seed, so that other chance decides which weights rest than what faces look like
Made = Mapping[tuple[str, str], Rebuilt]


class Trainer:
    """Makes steps. What a step does depends only on its number, the seed and the state before it.

    accumulate: how many parts a batch is worked through in; it grows where memory does not suffice.
    plateau, calm: factors of the learning rate, which a training without progress, and one that failed, lowers.
    phase: the number of the recipe's phase; a larger budget leads to none before it.
    side: the side that the networks work at, fading ones between two powers of two; never below `grown`.
    """

    def __init__(
        self,
        config: TrainingConfig,
        networks: Networks,
        faces: Mapping[str, TrainingFaces],
        device: torch.device,
        precision: torch.dtype,
        world: World = ALONE,
        recogniser: Recogniser | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.config, self.networks, self.faces = config, networks, faces
        self.device, self.precision, self.world = device, precision, world
        self.recogniser = recogniser
        self.accumulate = config.accumulate
        self.plateau = 1.0
        self.calm = 1.0
        self.phase = 0
        self.grown = 0.0
        self.parts: dict[str, Tensor] = {}
        self.optimizer = _autoencoder_optimizer(networks, config)
        self.opponents = {
            name: _opponent_optimizer(network, config)
            for name in ("discriminator", "code_discriminator")
            if (network := getattr(networks, name)) is not None
        }
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == torch.float16)
        self.batches = Batches(faces, config, device, world)
        self.side = float(config.architecture.resolution)
        self._say = say
        self.forward: Callable[..., dict[tuple[str, str], Rebuilt]] = self._wrapped(networks.autoencoder)
        names = list(faces)
        self._swaps = list(zip(names, names[1:] + names[:1], strict=True)) if config.loss.needs_swaps else []

    def step(self, number: int, spent: float, rate: float | None = None) -> Tensor:
        """Step `number` (from 0), at `spent` (0–1) of the budget; returns the loss, and leaves its parts in `parts`.

        The loss is no number where the gradients are none and could not be left out.
        rate: the learning rate; that of the schedule where it is None.
        Raises BackendError where even single faces do not fit the memory.
        """
        config = self.config
        self.phase = max(self.phase, phase_at(config.recipe, spent)[0])
        phase = config.recipe[self.phase]
        if rate is None:
            factor = rate_factor(number, spent, config, self.plateau)
            rate = config.learning_rate * phase.rate * factor * self.calm
        for optimizer in (self.optimizer, *self.opponents.values()):
            for group in optimizer.param_groups:
                group["lr"] = rate * group["factor"]
        self.grow(max(side_at(config.recipe, spent, config.architecture.resolution), self.grown))
        batches = self.batches.get(number, self.networks.autoencoder.side, phase.warp)
        while True:
            try:
                loss = self._learn(batches, phase)
                break
            except RuntimeError as error:
                self._split(error)
        return loss + 0 * self._update(number)

    def grow(self, side: float) -> None:
        self.side = side
        self.networks.autoencoder.grow(side)
        self.networks.ema.grow(side)

    def _learn(self, batches: Mapping[str, Batch], phase: Phase) -> Tensor:
        """Gradients of everything for a batch, worked through in parts; returns the loss."""
        for optimizer in (self.optimizer, *self.opponents.values()):
            optimizer.zero_grad(set_to_none=True)
        rows = len(next(iter(batches.values())).input)
        whole = self.config.batch_size / self.world.size
        parts = min(self.accumulate, rows)
        losses = []
        self.parts = {}
        for k in range(parts):
            chosen = slice(k * rows // parts, (k + 1) * rows // parts)
            part = {name: batch[chosen] for name, batch in batches.items()}
            weight = (chosen.stop - chosen.start) / whole  # so that faces count the same wherever they are learned
            with self._together(last=k == parts - 1):
                losses.append(self._learn_part(part, phase, weight))
        for name in self.opponents:
            average_gradients(getattr(self.networks, name), self.world)
        values = mean(torch.stack([torch.stack(losses).sum(), *self.parts.values()]), self.world)
        self.parts = dict(zip(self.parts, values[1:], strict=True))
        return values[0]

    def _learn_part(self, batches: Mapping[str, Batch], phase: Phase, weight: float) -> Tensor:
        networks = self.networks
        inputs = {name: batch.input.contiguous(memory_format=torch.channels_last) for name, batch in batches.items()}
        with self._autocast():
            made: Made = self.forward(inputs, self._swaps)
        # in float32: the variances of SSIM are differences of near numbers, and half of them is noise in bfloat16
        terms = [self._rebuilding(batches, made, weight), *self._styles(batches, made, weight)]
        judges = phase.adversarial > 0 and networks.discriminator is not None
        guesses = phase.adversarial > 0 and networks.code_discriminator is not None
        if judges:
            terms.append(self._caught(batches, made, phase, weight))
        if guesses:
            terms.append(self._recognised(made, phase, weight))
        loss = torch.stack(terms).sum() * weight
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if judges:
            self._teach_discriminator(batches, made, weight)
        if guesses:
            self._teach_code_discriminator(made, weight)
        return loss.detach()

    def _rebuilding(self, batches: Mapping[str, Batch], made: Made, weight: float) -> Tensor:
        losses = []
        for name, batch in batches.items():
            rebuilt = made[name, name]
            total, parts = reconstruction_loss(
                rebuilt.face, rebuilt.mask, batch.target, batch.mask, batch.features, self.config.loss, self.recogniser
            )
            losses.append(total)
            self._note(parts, weight / len(batches))
        return torch.stack(losses).mean()

    def _styles(self, batches: Mapping[str, Batch], made: Made, weight: float) -> list[Tensor]:
        w, terms = self.config.loss, []
        for performer, identity in self._swaps:
            face, batch = made[performer, identity].face, batches[performer]
            share = 1 / len(self._swaps)
            if w.face_style:
                value = face_style(face, batch.target, batch.mask)
                self._note({"face_style": value.detach()}, weight * share)
                terms.append(w.face_style * share * value)
            if w.background_style:
                value = background_style(face, batch.target, batch.mask)
                self._note({"background_style": value.detach()}, weight * share)
                terms.append(w.background_style * share * value)
        return terms

    def _caught(self, batches: Mapping[str, Batch], made: Made, phase: Phase, weight: float) -> Tensor:
        discriminator, kind = self.networks.discriminator, self.config.opponent.loss
        assert discriminator is not None
        discriminator.requires_grad_(False)
        verdict = adversarial_loss(self._judge(discriminator, _shown(batches, made)), kind)
        self._note({"adversarial": verdict.detach()}, weight)
        return self.config.loss.adversarial * phase.adversarial * verdict

    def _recognised(self, made: Made, phase: Phase, weight: float) -> Tensor:
        guesser = self.networks.code_discriminator
        assert guesser is not None
        guesser.requires_grad_(False)
        value = code_adversarial_loss(guesser(torch.cat([made[name, name].code.float() for name in self.faces])))
        self._note({"code_adversarial": value.detach()}, weight)
        return self.config.loss.code_adversarial * phase.adversarial * value

    def _teach_discriminator(self, batches: Mapping[str, Batch], made: Made, weight: float) -> None:
        discriminator, o = self.networks.discriminator, self.config.opponent
        assert discriminator is not None
        discriminator.requires_grad_(True)
        real = torch.cat([batch.target * batch.mask for batch in batches.values()])
        seen, invented = self._judge(discriminator, real), self._judge(discriminator, _shown(batches, made).detach())
        loss = discriminator_loss(seen, invented, o.loss)
        self._note({"discriminator": loss.detach()}, weight)
        if o.r1:
            loss = loss + o.r1 * r1_penalty(discriminator, real)
        self.scaler.scale(loss * weight).backward()  # type: ignore[no-untyped-call]

    def _teach_code_discriminator(self, made: Made, weight: float) -> None:
        guesser = self.networks.code_discriminator
        assert guesser is not None
        guesser.requires_grad_(True)
        codes = [made[name, name].code.detach().float() for name in self.faces]
        known = self.networks.autoencoder.identities
        places = torch.tensor([known.index(name) for name in self.faces], device=self.device)
        whose = places.repeat_interleave(len(codes[0]))
        loss = code_discriminator_loss(guesser(torch.cat(codes)), whose)
        self._note({"code_discriminator": loss.detach()}, weight)
        self.scaler.scale(loss * weight).backward()  # type: ignore[no-untyped-call]

    def _judge(self, discriminator: nn.Module, faces: Tensor) -> tuple[Tensor, ...]:
        with self._autocast():
            maps = discriminator(faces)
        return tuple(verdict.float() for verdict in maps)

    def _update(self, number: int) -> Tensor:
        """Change the weights by what was learned; returns a number, or none where they were changed by none.

        In float16 gradients that are no numbers change nothing.
        """
        norms = torch.zeros((), device=self.device)
        networks = {"autoencoder": self.networks.autoencoder} | {n: getattr(self.networks, n) for n in self.opponents}
        optimizers = {"autoencoder": self.optimizer} | self.opponents
        for name, optimizer in optimizers.items():
            learned = [p for p in networks[name].parameters() if p.grad is not None]
            if not learned:  # the opponent rests
                continue
            self.scaler.unscale_(optimizer)
            norm = nn.utils.clip_grad_norm_(learned, self.config.clip)
            norms = norms if self.scaler.is_enabled() else norms + norm
            rest = self.config.rate_dropout if name == "autoencoder" else 0.0
            if rest:
                chance = step_generator(self.config.seed + RESTING, number)
                step_with_rest(optimizer, rest, chance, self.scaler)
            else:
                self.scaler.step(optimizer)
        self.scaler.update()
        self._average()
        return norms

    def _split(self, error: RuntimeError) -> None:
        """After an out-of-memory: work through batches in more parts. Other errors are raised again."""
        rows = self.world.rows(self.config.batch_size)
        most = rows.stop - rows.start
        if not is_out_of_memory(error):
            raise error
        if self.world.size > 1:  # the others are within the step, and wait for what this one would send
            raise BackendError(
                f"The memory of {self.device} does not suffice for a step of process {self.world.rank}.",
                f"Say --set accumulate={min(2 * self.accumulate, self.config.batch_size)}: batches are then worked "
                "through in more parts, which comes to the same.",
            ) from error
        if self.accumulate >= most:
            raise BackendError(
                f"The memory of {self.device} does not suffice for one face of each identity at a time.",
                "Use a smaller preset, --set gradient_checkpointing=true, or another device.",
            ) from error
        self.accumulate = min(most, 2 * self.accumulate)
        for optimizer in (self.optimizer, *self.opponents.values()):
            optimizer.zero_grad(set_to_none=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self._say(f"The memory did not suffice: batches are worked through in {self.accumulate} parts from now on.")

    def _wrapped(self, network: nn.Module) -> Callable[..., Any]:
        if self.config.compile:
            network = Compiled(network, self._say)
        if self.world.size == 1:
            return network
        ids = [self.device.index or 0] if self.device.type == "cuda" else None
        # a progressive network has sides that it has not grown to, and what nothing is asked of learns nothing
        w, progressive = self.config.loss, self.config.architecture.family == "progressive"
        unused = progressive or not w.mask or not w.needs_faces
        return DistributedDataParallel(network, device_ids=ids, find_unused_parameters=unused)

    def _together(self, last: bool) -> AbstractContextManager[Any]:
        """Processes exchange their gradients once a step, with its last part."""
        if isinstance(self.forward, DistributedDataParallel) and not last:
            return self.forward.no_sync()
        return nullcontext()

    def _autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32)

    def _note(self, parts: Mapping[str, Tensor], share: float) -> None:
        for name, value in parts.items():
            self.parts[name] = self.parts.get(name, torch.zeros((), device=self.device)) + value * share

    @torch.no_grad()
    def _average(self) -> None:
        both = zip(self.networks.ema.parameters(), self.networks.autoencoder.parameters(), strict=True)
        learned = [(average, now) for average, now in both if now.requires_grad]  # what does not learn stays exactly
        torch._foreach_lerp_([average for average, _ in learned], [now for _, now in learned], 1 - self.config.ema)


def _autoencoder_optimizer(networks: Networks, config: TrainingConfig) -> torch.optim.Optimizer:
    network = networks.autoencoder
    shared = {id(p) for p in network.shared_parameters()}
    kinds = [(True, config.encoder_rate), (False, 1.0)]
    groups = [
        {"params": [p for p in network.parameters() if p.requires_grad and (id(p) in shared) == kind], "factor": factor}
        for kind, factor in kinds
    ]
    return make_optimizer([group for group in groups if group["params"]], config.optimizer, config.weight_decay)


def _opponent_optimizer(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    group = {"params": list(network.parameters()), "factor": config.opponent.rate}
    return make_optimizer([group], config.optimizer, config.weight_decay, betas=(0.5, 0.99))


def _shown(batches: Mapping[str, Batch], made: Made) -> Tensor:
    """What the discriminator sees of the made faces: only the face, as of the real ones."""
    return torch.cat([made[name, name].face * batch.mask for name, batch in batches.items()])
