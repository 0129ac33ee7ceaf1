"""How many faces a second are made into batches, without a network: from memory and from a file.

    python scripts/bench/training_loader.py [--side 96 --side 128 --side 256] [--batch 4 --batch 16] [--rounds 30]
                                            [--device cpu] [--faces 128]

Run in the backend's environment. Prints a line for each side and batch size, in faces a second:

- plain: the same changes as one writes them down with torch's own functions, planes in memory; what the others are
  measured by.
- memory, file: `Batches`, with the usual changes, without preparing in advance; the file is in the system's cache.
- no warp: as late in a training, from memory.
- all on: with blur, noise and occluders, from memory.

The rounds take turns, so that other work on the machine meets all of them, and the median counts. Quote the ratios:
faces a second depend on the machine.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ml_backend.training.batches import Batches
from ml_backend.training.config import Augmentation, TrainingConfig
from ml_backend.training.data import OVERSAMPLE, TrainingFaces
from ml_backend.training.data.kept import keep

SPAN = 1.4
USUAL = Augmentation()
ALL_ON = USUAL.model_copy(update={"blur": 0.02, "noise": 0.1, "occluders": 0.3})


def plain(planes: Tensor, side: int, a: Augmentation, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Input, target and masks of N×5×S×S planes, each change by itself."""
    n, device = len(planes), planes.device

    def uniform(shape: tuple[int, ...], size: float) -> Tensor:
        return (torch.rand(shape, generator=generator) * 2 - 1) * size

    def relit(picture: Tensor) -> Tensor:
        middle = picture.mean((1, 2, 3), keepdim=True)
        return ((picture * gain - middle) * contrast + middle).clamp(1e-4, 1) ** gamma

    stored = planes.float() / 255
    angle, scale = uniform((n,), math.radians(a.rotate)), torch.exp(uniform((n,), math.log1p(a.scale)))
    cos, sin, shift = scale * angle.cos(), scale * angle.sin(), uniform((n, 2), 2 * a.shift)
    matrix = torch.stack([cos, -sin, shift[:, 0], sin, cos, shift[:, 1]], 1).view(n, 2, 3) / SPAN
    grid = F.affine_grid(matrix.to(device), [n, 1, side, side], align_corners=False)
    target = F.grid_sample(stored, grid, padding_mode="reflection", align_corners=False)
    nodes = torch.randn((n, 2, 5, 5), generator=generator) * (2 * a.warp)
    warp = F.interpolate(nodes, (side, side), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    moved = grid + warp.to(device) / SPAN
    given = F.grid_sample(stored[:, :3], moved, padding_mode="reflection", align_corners=False)
    direction, line = torch.rand((n, 1, 1), generator=generator) * 2 * math.pi, torch.linspace(-1, 1, side)
    slope = (direction.cos() * line + direction.sin() * line[:, None]) * uniform((n, 1, 1), a.light)
    exposure = uniform((n, 1, 1, 1), a.light) + uniform((n, 3, 1, 1), a.light / 3)
    gain = torch.exp(exposure + slope[:, None]).to(device)
    contrast = (1 + uniform((n, 1, 1, 1), a.light / 2)).to(device)
    gamma = torch.exp(uniform((n, 1, 1, 1), a.light)).to(device)
    tint, own_contrast = uniform((n, 3, 1, 1), a.colour).to(device), 1 + uniform((n, 1, 1, 1), a.colour).to(device)
    given = ((relit(given) - 0.5) * own_contrast + 0.5 + tint).clamp(0, 1)
    return given.contiguous(memory_format=torch.channels_last), relit(target[:, :3]), target[:, 3:]


def measure(
    side: int, batch: int, count: int, device: torch.device, rounds: int, folder: Path
) -> dict[str, tuple[float, float]]:
    """Of each way: the median of faces a second, and the median of the ratios of its speed to the plain way's."""
    size = round(side * SPAN * OVERSAMPLE)
    stored = torch.randint(256, (count, 5, size, size), dtype=torch.uint8)
    file = keep(folder / f"training_bench_{side}", tuple(stored.shape), lambda: iter([stored.numpy()]))
    if file is None:
        raise SystemExit(f"{folder} and the folder for temporary files cannot take {stored.numel() >> 20} MiB.")
    planes = stored.to(device)

    def loader(kept: Tensor, a: Augmentation, warp: float = 1.0) -> Callable[[int], object]:
        faces = {"a": TrainingFaces(kept, SPAN, np.zeros(128, np.float32), device=device)}
        config = TrainingConfig(batch_size=batch, augmentation=a)
        batches = Batches(faces, config, device, depth=0)
        return lambda step: batches.get(step, side, warp)

    def plainly(step: int) -> object:
        generator = torch.Generator().manual_seed(step)
        chosen = torch.randint(count, (batch,), generator=generator)
        return plain(planes[chosen.to(device)], side, USUAL, generator)

    ways: dict[str, Callable[[int], object]] = {
        "plain": plainly,
        "memory": loader(planes, USUAL),
        "file": loader(file, USUAL),
        "no warp": loader(planes, USUAL, warp=0),
        "all on": loader(planes, ALL_ON),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for step in range(rounds + 3):
        for name, way in ways.items():
            started = time.perf_counter()
            way(step)
            if device.type == "cuda":
                torch.cuda.synchronize()
            seconds[name].append(time.perf_counter() - started)
    warm = {name: values[3:] for name, values in seconds.items()}
    return {
        name: (
            batch / statistics.median(values),
            statistics.median(base / value for base, value in zip(warm["plain"], values, strict=True)),
        )
        for name, values in warm.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", action="append", type=int)
    parser.add_argument("--batch", action="append", type=int)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--faces", type=int, default=128)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    titled = False
    for side in arguments.side or [96, 128, 256]:
        for batch in arguments.batch or [4, 16]:
            with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
                result = measure(side, batch, arguments.faces, device, arguments.rounds, Path(temporary))
            if not titled:
                print(f"{'side':>4} {'batch':>5} " + "".join(f"{name:>18}" for name in result))
                titled = True
            print(
                f"{side:>4} {batch:>5} " + "".join(f"{rate:9.0f}/s {ratio:5.2f} x" for rate, ratio in result.values())
            )


if __name__ == "__main__":
    main()
