"""How fast a training step is, and what it spends its time on: `python scripts/bench/training.py`.

For each preset, batch, precision and mode: images a second, the part of the step that is forward only and the part
that makes batches, and the arithmetic rate as a share of what one large matrix product reaches in the same run. Run it
with the backend's Python on a quiet machine. A precision in which the processor only pretends to compute is named and
left out, since a step would take hours.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the program does; read when torch is loaded

import numpy as np
import torch

from ml_backend.training.batches import Batches
from ml_backend.training.build import build_networks
from ml_backend.training.data import TrainingFaces
from ml_backend.training.device import best_device
from ml_backend.training.presets import make_config
from ml_backend.training.rehearsal import rehearse
from ml_backend.training.trainer import Trainer

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
MATRIX = 2048
SPAN, FACES = 1.4, 64
END = 1.0  # of the budget, where all of a recipe takes part; `rehearse` counts the same
PRETENDED = 0.2  # of float32's rate: slower than this is emulation


@dataclass(frozen=True)
class Case:
    preset: str
    batch: int
    precision: str
    compiled: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=["classic64", "df128", "quick96"])
    parser.add_argument("--batches", nargs="+", type=int, default=[8, 16])
    parser.add_argument("--seconds", type=float, default=12.0, help="that each case is measured for, at least")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    device = best_device()
    peaks = {name: peak(device, kind) for name, kind in PRECISIONS.items()}
    print(f"{device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    for name, rate in peaks.items():
        print(f"a {MATRIX}×{MATRIX} matrix product in {name}: {rate / 1e9:.1f} GFLOP/s")
    real = [name for name, rate in peaks.items() if rate > PRETENDED * peaks["float32"]]
    for name in peaks.keys() - set(real):
        print(f"{name} is left out: this processor computes it {peaks['float32'] / peaks[name]:.0f} times slower")
    rows = []
    print(f"{'preset':<10} {'batch':>5} {'precision':<9} {'mode':<8} {'img/s':>7} {'step ms':>8} {'forward':>8} "
          f"{'batches':>8} {'GFLOP/s':>8} {'of peak':>8}")  # fmt: skip
    for case in cases(arguments, real):
        row = measure(case, device, arguments.seconds, peaks[case.precision])
        rows.append(row)
        print(
            f"{case.preset:<10} {case.batch:>5} {case.precision:<9} {'compiled' if case.compiled else 'eager':<8} "
            f"{row['images_per_second']:>7.1f} {row['step_ms']:>8.0f} {row['forward']:>8.0%} {row['batches']:>8.0%} "
            f"{row['gflops']:>8.1f} {row['of_peak']:>8.0%}" + (f"  {row['note']}" if row["note"] else ""),
            flush=True,
        )
    if arguments.json:
        print(json.dumps({"device": str(device), "peaks": peaks, "rows": rows}))
    return 0


def cases(arguments: argparse.Namespace, precisions: list[str]) -> Iterator[Case]:
    for preset in arguments.presets:
        for batch in arguments.batches:
            for precision in precisions:
                for compiled in (False,) if arguments.no_compile else (False, True):
                    yield Case(preset, batch, precision, compiled)


def peak(device: torch.device, kind: torch.dtype) -> float:
    """Operations a second of a large matrix product; a short one first, in case it is pretended."""
    small = rate_of(device, kind, MATRIX // 8, 1)
    return rate_of(device, kind, MATRIX, 5) if small > 5e9 else small


def rate_of(device: torch.device, kind: torch.dtype, side: int, times: int) -> float:
    a = torch.randn(side, side, device=device, dtype=kind)
    work: Callable[[], object] = lambda: a @ a  # noqa: E731
    timed(work, device)
    return float(2 * side**3 / min(timed(work, device) for _ in range(times)))


def timed(work: Callable[[], object], device: torch.device) -> float:
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def measure(case: Case, device: torch.device, seconds: float, peak_rate: float) -> dict[str, object]:
    settings = {"batch_size": str(case.batch), "precision": case.precision, "base": "none"}
    config = make_config(case.preset, settings | {"compile": str(case.compiled)})
    side = round(config.architecture.resolution * SPAN)
    planes = torch.randint(256, (FACES, 5, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    faces = {name: TrainingFaces(planes.to(device), SPAN, np.zeros(128, np.float32)) for name in ("a", "b")}
    networks = build_networks(config, list(faces), device)
    notes: list[str] = []
    trainer = Trainer(config, networks, faces, device, PRECISIONS[case.precision], say=notes.append)
    numbers = count()
    for _ in range(2):  # compiles, and makes the optimizer's moments
        trainer.step(next(numbers), END)
    alone = Batches(faces, config, device, depth=0)
    batch = alone.get(0, config.architecture.resolution)
    inputs = {name: part.input for name, part in batch.items()}

    def forward() -> object:
        with torch.no_grad(), torch.autocast(device.type, PRECISIONS[case.precision], case.precision != "float32"):
            return trainer.forward(inputs, [])

    forward()  # compiles it without gradients

    steps: list[float] = []
    forwards: list[float] = []
    loads: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(steps) < 3:  # in turn, so that a disturbance meets all three
        steps.append(timed(lambda: float(trainer.step(next(numbers), END)), device))
        forwards.append(timed(forward, device))
        loads.append(timed(lambda: alone.get(0, config.architecture.resolution), device))
    trainer.batches.close()
    step, ahead, load = (statistics.median(times) for times in (steps, forwards, loads))
    operations = rehearse(config.model_copy(update={"compile": False}), len(faces), torch.float32).operations
    return {
        "preset": case.preset, "batch": case.batch, "precision": case.precision, "compiled": case.compiled,
        "images_per_second": len(faces) * case.batch / step, "step_ms": 1000 * step, "forward": ahead / step,
        "batches": load / step, "gflops": operations / step / 1e9, "of_peak": operations / step / peak_rate,
        "note": " ".join(notes),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
