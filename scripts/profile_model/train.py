"""Train the profile copy of the mesh network on rendered heads.

    python scripts/profile_model/train.py HEADS --places places.npz --out facemesh478_profile.onnx --minutes 40

The copy begins as the network that came, and learns where the points are on heads that turn up to 105°, and that the
back of a head, and what is beside one, is no face. Its file is the other's with other weights. To make it from nothing:

    1. render_heads.py HEADS --actors DIR                        (an hour and a quarter of one core)
    2. calibrate.py HEADS --actors DIR --out places.npz          (four minutes)
    3. train.py HEADS --places places.npz --out FILE             (the shipped one: 4,300 steps, 33 minutes of two cores)
    4. render_heads.py TEST --actors DIR --demo --first 50000 --frames 320, then evaluate.py TEST --places places.npz
    5. copy FILE to ml_backend/weights, and its SHA-256 into ml_backend/faces/onnx_model.py
"""

import argparse
import copy
import math
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from profile_model.crops import SIDE, Crop, Example, cut
from profile_model.heads import BACK, read_heads
from profile_model.network import OnnxNetwork
from profile_model.truth import Places

BATCH, RATE, WARM_UP = 16, 4e-4, 100
IRISES = slice(468, 478)


def examples(folder: Path, places: Places) -> list[Example]:
    return [
        Example(head.picture, None if abs(head.view) > BACK else places(head.vertices)) for head in read_heads(folder)
    ]


def batch_of(known: Sequence[Example], step: int, depth: float) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures B×3×192×192 in 0–255, points B×478×3 in pixels with `depth` on average, and B: is it a face?"""
    chance = np.random.default_rng((7, step))
    crops: list[Crop] = [cut(known[n], chance) for n in chance.integers(len(known), size=BATCH)]
    pictures = np.stack([crop.picture for crop in crops]).transpose(0, 3, 1, 2).astype(np.float32)
    points = np.zeros((BATCH, 478, 3), np.float32)
    for placed, crop in zip(points, crops, strict=True):
        if crop.points is not None:
            placed[:] = crop.points
            placed[:, 2] += depth - placed[:, 2].mean()
    faces = np.array([crop.points is not None for crop in crops], np.float32)
    return torch.from_numpy(pictures), torch.from_numpy(points), torch.from_numpy(faces)


def losses(points: Tensor, logits: Tensor, true: Tensor, faces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """In the picture and in depth, in percent of the crop's side where points are off by pixels; and of the score."""
    away = functional.smooth_l1_loss(points, true, reduction="none", beta=1.0) * (100 / SIDE)
    weighed = away * faces[:, None, None] / faces.sum().clamp(min=1)
    across = weighed[:, :, :2].mean((1, 2)).sum() + 0.2 * weighed[:, IRISES, :2].mean((1, 2)).sum()
    return across, weighed[:, :, 2].mean(1).sum(), functional.binary_cross_entropy_with_logits(logits, faces)


def usual_depth(network: OnnxNetwork, known: Sequence[Example]) -> float:
    """The mean z that the network gives, in pixels of the crop: it has an origin of its own."""
    pictures, _, faces = batch_of(known, 0, 0.0)
    with torch.no_grad():
        points, _ = network(pictures)
    return float(points[faces > 0][:, :, 2].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", type=Path)
    parser.add_argument("--places", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    arguments = parser.parse_args()
    original = onnx.load_model_from_string(files("ml_backend.weights").joinpath("facemesh478.onnx").read_bytes())
    network = OnnxNetwork(original)
    known = examples(arguments.heads, Places.read(arguments.places))
    depth = usual_depth(network, known)
    print(f"{len(known)} heads; usual depth {depth:.2f}", flush=True)
    averaged = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-4)
    started, step, recent = time.perf_counter(), 0, []
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(batch_of, known, 1, depth)
        while (part := (time.perf_counter() - started) / (60 * arguments.minutes)) < 1:
            step += 1
            (pictures, true, faces), coming = coming.result(), ahead.submit(batch_of, known, step + 1, depth)
            rate = RATE * min(1, step / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * part))
            for group in optimizer.param_groups:
                group["lr"] = rate
            points, logits = network(pictures)
            across, deep, score = losses(points, logits, true, faces)
            optimizer.zero_grad()
            (across + 0.5 * deep + 0.3 * score).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 20.0)
            optimizer.step()
            with torch.no_grad():
                keep = min(0.998, step / (step + 20))
                for kept, new in zip(averaged.parameters(), network.parameters(), strict=True):
                    kept.lerp_(new, 1 - keep)
            recent.append((across.item(), deep.item(), score.item()))
            if step % 100 == 0:
                means = np.mean(recent, 0)
                spent = (time.perf_counter() - started) / 60
                print(
                    f"{spent:.1f} min, step {step}: across {means[0]:.3f}, deep {means[1]:.3f}, score {means[2]:.4f}",
                    flush=True,
                )
                recent.clear()
            if step % 500 == 0:
                onnx.save(averaged.written_into(original), arguments.out)
    onnx.save(averaged.written_into(original), arguments.out)


if __name__ == "__main__":
    main()
