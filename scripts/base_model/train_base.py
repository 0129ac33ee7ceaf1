"""Train the base model of a preset on the aligned synthetic frames, and write it as one file.

    python scripts/base_model/train_base.py FRAMES.npz WORK BASE.safetensors [--minutes 45] [--preset quick96]
    python scripts/base_model/train_base.py FRAMES.npz WORK BASE.safetensors --begin FORMER.safetensors --rate 5e-4

Run in the backend's environment. A person's face goes in; out comes the face of the same or another person in the same
moment, painted by one decoder that is told whom to paint. What encoder and inter pass on is therefore what a swap
needs: expression, pose and light, and nobody's likeness. BASE has the decoder of the mean person. WORK holds the state,
with which a stopped run goes on, and previews: rows of what goes in, what should come out, what does, and the mean.
--begin starts from a base's weights, everybody painted as its mean person at first.
"""

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from conditioned import Conditioned
from numpy.typing import NDArray
from pairs import Change, Frames, Pairs, draw, load_frames, make_pairs
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ml_backend.faces.alignment import FACE
from ml_backend.media.write import write_rgb
from ml_backend.training.base import FORMAT
from ml_backend.training.config import LossWeights
from ml_backend.training.losses import dssim, face_weights, weighted_mean
from ml_backend.training.presets import PRESETS

CHECK_MOMENTS = 12  # the last ones only measure
LICENCE = "CC0-1.0, from geometry under MIT (ICT-FaceKit) and skins and hair under CC0 (MakeHuman)"


@dataclass(frozen=True)
class Settings:
    batch: int = 8
    rate: float = 1e-3
    table_rate: float = 2.0
    warm_up: int = 200
    ema: float = 0.998
    clip: float = 1.0


class Training:
    """The networks and all else that changes."""

    def __init__(self, preset: str, people: int, settings: Settings) -> None:
        torch.manual_seed(1)
        self.architecture = PRESETS[preset].architecture
        self.settings = settings
        self.network = Conditioned(self.architecture, people).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = Conditioned(self.architecture, people).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema.load_state_dict(self.network.state_dict())
        self.ema.requires_grad_(False)
        tables = [*self.network.scales, *self.network.shifts]
        owned = {id(table) for table in tables}
        rest = [p for p in self.network.parameters() if id(p) not in owned]
        groups = [{"params": rest, "factor": 1.0}, {"params": tables, "factor": settings.table_rate}]
        self.optimizer = torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
        self.step, self.seconds = 0, 0.0

    def save(self, file: Path) -> None:
        temporary = file.with_suffix(".part")
        parts = {
            "network": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(parts, temporary)
        temporary.replace(file)

    def load(self, file: Path) -> None:
        parts = torch.load(file, weights_only=True)
        self.network.load_state_dict(parts["network"])
        self.ema.load_state_dict(parts["ema"])
        self.optimizer.load_state_dict(parts["optimizer"])
        self.step, self.seconds = parts["step"], parts["seconds"]

    def begin(self, base: Path) -> None:
        """Take the weights of a base of the same architecture; the optimizer starts anew."""
        for network in (self.network, self.ema):
            network.unfold(load_file(base))

    def descend(self, pairs: Pairs, spent: float) -> float:
        """One step at `spent` (0–1) of the budget; returns the loss."""
        s = self.settings
        rise = min(1.0, (self.step + 1) / (s.warm_up + 1))
        for group in self.optimizer.param_groups:
            group["lr"] = s.rate * group["factor"] * rise * (0.02 + 0.98 * (1 + math.cos(math.pi * spent)) / 2)
        loss = cost(pairs, *self.network(pairs.input, pairs.people))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), s.clip)
        self.optimizer.step()
        self.step += 1
        keep = min(s.ema, self.step / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.ema.parameters()), list(self.network.parameters()), 1 - keep)
        return float(loss.detach())


def cost(pairs: Pairs, face: Tensor, mask: Tensor) -> Tensor:
    """What a training of the product pays for."""
    w = LossWeights()
    weights = face_weights(pairs.mask, pairs.features, w.outside, w.eyes_and_mouth)
    difference = face - pairs.target
    return (
        w.l1 * weighted_mean(difference.abs(), weights)
        + w.l2 * weighted_mean(difference.square(), weights)
        + w.dssim * dssim(face, pairs.target, weights)
        + w.mask * nn.functional.binary_cross_entropy_with_logits(mask, pairs.mask)
    )


@torch.no_grad()
def check(training: Training, frames: Frames, held: NDArray[np.int64], count: int = 96) -> tuple[float, float]:
    """PSNR within the mask on held-out moments: of what the network paints, and of what goes in."""
    chosen = draw(frames, held, count, np.random.default_rng(7))
    pairs = make_pairs(frames, chosen, training.architecture.resolution, None, torch.Generator().manual_seed(7))
    face, _ = training.ema(pairs.input, pairs.people)

    def psnr(made: Tensor) -> float:
        error = ((made - pairs.target).square() * pairs.mask).sum((1, 2, 3)) / (3 * pairs.mask.sum((1, 2, 3)))
        return float(-10 * error.mean().log10())

    return psnr(face), psnr(pairs.input)


@torch.no_grad()
def preview(training: Training, frames: Frames, held: NDArray[np.int64], file: Path) -> None:
    chosen = draw(frames, held, 12, np.random.default_rng(5))
    pairs = make_pairs(frames, chosen, training.architecture.resolution, None, torch.Generator().manual_seed(5))
    rows = [pairs.input, pairs.target, training.ema(pairs.input, pairs.people)[0], training.ema(pairs.input, None)[0]]
    picture = torch.cat([torch.cat(list(row), 2) for row in rows], 1).clamp(0, 1).permute(1, 2, 0)
    write_rgb(file, (picture * 255).round().to(torch.uint8).numpy())


def write_base(
    training: Training, frames: Frames, file: Path, preset: str, change: Change, former: dict[str, Any] | None
) -> None:
    """former: how the base was made that this one began from."""
    tensors = {name: value.to(torch.float16).contiguous() for name, value in training.ema.folded().items()}
    made = {
        "script": "scripts/base_model",
        "preset": preset,
        "people": len(set(frames.people.tolist())),
        "moments": len(set(frames.moments.tolist())),
        "frames": len(frames.people),
        "steps": training.step,
        "minutes": round(training.seconds / 60, 1),
        "settings": asdict(training.settings),
        "change": asdict(change),
        "began_from": former,
        "held_out": "seeds 5, 6, 9, 11 and the skins cm and mcm of the synthetic actors",
    }
    metadata = {
        "format": FORMAT,
        "architecture": training.architecture.model_dump_json(),
        "landmark_model": frames.landmark_model,
        "framing": FACE.name,
        "framing_side": str(FACE.side),
        "licence": LICENCE,
        "trained_on": "renderings of synthetic people only (ICT-FaceKit geometry, MakeHuman skins); no real person",
        "made": json.dumps(made),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".part")
    save_file(tensors, temporary, metadata)
    temporary.chmod(0o644)
    temporary.replace(file)


def made_by(base: Path) -> dict[str, Any]:
    with safe_open(base, framework="pt") as file:
        how: dict[str, Any] = json.loads(file.metadata()["made"])
    return how


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("--minutes", type=float, default=45, help="of training, all runs together")
    parser.add_argument("--preset", default="quick96")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--begin", type=Path, metavar="FORMER", help="a base to begin from instead of noise")
    parser.add_argument("--rate", type=float, default=Settings.rate, help="the highest learning rate")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.work.mkdir(parents=True, exist_ok=True)
    frames, change = load_frames(arguments.frames), Change()
    held_moments = np.unique(frames.moments)[-CHECK_MOMENTS:]
    held = np.flatnonzero(np.isin(frames.moments, held_moments))
    learned = np.flatnonzero(~np.isin(frames.moments, held_moments))
    training = Training(arguments.preset, int(frames.people.max()) + 1, Settings(rate=arguments.rate))
    state = arguments.work / "state.pt"
    former = made_by(arguments.begin) if arguments.begin else None
    if state.exists():
        training.load(state)
    elif arguments.begin:
        training.begin(arguments.begin)
    budget, said, loss_mean = arguments.minutes * 60, -1e9, 0.0
    while training.seconds < budget:
        started = time.monotonic()
        generator = torch.Generator().manual_seed(training.step)
        chosen = draw(frames, learned, training.settings.batch, np.random.default_rng((3, training.step)))
        pairs = make_pairs(frames, chosen, training.architecture.resolution, change, generator)
        loss = training.descend(pairs, min(1.0, training.seconds / budget))
        loss_mean = loss if training.step == 1 or not loss_mean else loss_mean + 0.01 * (loss - loss_mean)
        training.seconds += time.monotonic() - started
        if training.seconds - said > 120:
            said = training.seconds
            painted, given = check(training, frames, held)
            images = training.step * training.settings.batch
            print(
                f"{training.seconds / 60:.1f} min, step {training.step}, {images / training.seconds:.0f} images/s, "
                f"loss {loss_mean:.4f}, held-out moments {painted:.2f} dB (unswapped {given:.2f} dB)",
                flush=True,
            )
            preview(training, frames, held, arguments.work / f"{training.step:06d}.png")
            training.save(state)
            write_base(training, frames, arguments.work / "base.safetensors", arguments.preset, change, former)
    training.save(state)
    painted, given = check(training, frames, held)
    print(f"done: {training.step} steps, held-out moments {painted:.2f} dB (unswapped {given:.2f} dB)")
    preview(training, frames, held, arguments.work / f"{training.step:06d}.png")
    write_base(training, frames, arguments.base, arguments.preset, change, former)


if __name__ == "__main__":
    main()
