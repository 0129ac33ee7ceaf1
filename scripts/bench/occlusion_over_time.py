"""How steady a mask model's masks are, and how right on covers that move, by how they are averaged over the frames.

    python scripts/bench/occlusion_over_time.py WORK [--iterations 2000] [--sigma 1]

Run in the backend's environment. Draws each thing of `moving_occluders.py` before the demo's actor, as fast as there
and faster, and looks at it with a mask model that has learned 16 masks of other frames and motions. The masks are
compared as a swap uses them, with grow and feather, with what the true cover would give. WORK keeps the model and the
clips; what is there is not made again.

Figures: IoU of the covered area; `error`, the mean difference from what the true cover would give, in % of full;
`painted`, % of the cover that is painted over; `flicker`, how much the difference changes from frame to frame, in %.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from moving_occluders import LEARNED, THINGS, UNSEEN
from numpy.typing import NDArray
from occlusion import covered_clip, extract, paint, train

from ml_backend.faces.alignment import FACE, align
from ml_backend.faces.geometry import transform
from ml_backend.faces.regions import face_mask
from ml_backend.faces.smoothing import smooth
from ml_backend.media.source import open_source
from ml_backend.swapping.around import symmetric_weights
from ml_backend.swapping.masks.occlusion import Seen, average, look
from ml_backend.swapping.settings import SwapSettings
from ml_backend.training.masks.model import MaskModel, open_mask_model

Array = NDArray[np.float32]
SIDE = 160  # pixels of the face crop in which masks are compared
NUMBERS = range(61, 121)  # frames of the plate
MASKS, SIZE = 16, 96
FASTER = (("hand", 2), ("hand", 4), ("phone", 3), ("microphone", 3))  # and how many times as fast
ENDS = 4  # frames that do not count, since less is averaged there
SETTINGS = SwapSettings()


def trained(work: Path, iterations: int) -> MaskModel:
    model, faces = work / "model", work / "learned"
    if not faces.exists():
        clip = covered_clip(work / "learned.mp4", range(1, 61), LEARNED)
        paint(extract(clip.path, faces), clip, MASKS, work / "painted")
    train(model, [faces], SIZE, {}, iterations=iterations)
    return open_mask_model(model, torch.device("cpu"))


@dataclass(frozen=True)
class Shot:
    """By frame: looks at the face, and its crop's matrix; SIDE×SIDE in the crop its oval, the true cover, and what
    a swap would show with that.

    shape: of the frames, H×W.
    """

    looks: list[Seen]
    crops: list[NDArray[np.float64]]
    ovals: list[Array]
    covers: list[Array]
    wanted: list[Array]
    shape: tuple[int, int]


def _shown(seen: Seen, shape: tuple[int, int], crop: NDArray[np.float64]) -> Array:
    """How much of the made face a swap lays over each pixel of the crop."""
    return _warp(seen.in_frame((0, 0), shape, SETTINGS.occlusion_grow, SETTINGS.occlusion_feather), crop, SIDE)


def _warp(picture: Array, matrix: NDArray[np.float64], side: int) -> Array:
    return np.asarray(cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR), np.float32)


def shoot(work: Path, name: str, times: int, model: MaskModel) -> Shot:
    """The thing before the face, `times` as fast as it usually is."""
    key, thing = f"{name}x{times}", THINGS[name]
    file, stored = work / f"{key}.mp4", work / f"{key}.npz"
    if not stored.exists():
        THINGS[key] = lambda scene, time, motion: thing(scene, time * times, motion)
        clip = covered_clip(file, NUMBERS, {key: UNSEEN[name]})
        faces = {face.frame: face.landmarks for face in extract(clip.path, work / key).faces()}
        landmarks = np.stack([faces[n] for n in range(1, len(NUMBERS) + 1)])
        truth = np.stack([cover for cover in clip.truth if cover is not None])
        np.savez_compressed(stored, landmarks=landmarks, truth=np.round(truth * 255).astype(np.uint8))
    kept = np.load(stored)
    landmarks = smooth(kept["landmarks"])  # as a swap does
    truth = kept["truth"].astype(np.float32) / 255
    pictures = [frame.image for frame in open_source(str(file)).frames()]
    looks = [look(model, *both, steady=False) for both in zip(pictures, landmarks, strict=True)]
    crops = [align(points, SIDE, FACE) for points in landmarks]
    right = [_right(cover, one) for cover, one in zip(truth, looks, strict=True)]
    shape = (truth.shape[1], truth.shape[2])
    return Shot(
        looks,
        crops,
        [face_mask((SIDE, SIDE), transform(p[:, :2], crop)) for p, crop in zip(landmarks, crops, strict=True)],
        [_warp(cover, crop, SIDE) for cover, crop in zip(truth, crops, strict=True)],
        [_shown(one, shape, crop) for one, crop in zip(right, crops, strict=True)],
        shape,
    )


def _right(cover: Array, seen: Seen) -> Seen:
    """What a mask model that knows the true cover would say."""
    return replace(seen, probability=1 - _warp(cover, seen.matrix, seen.probability.shape[0]))


def mean(looks: Sequence[Seen], number: int, sigma: float) -> Seen:
    """As the network's mask is averaged."""
    weights = symmetric_weights(number, range(len(looks)), sigma)
    return _with(looks[number], sum(weight * looks[frame].probability for frame, weight in weights.items()))


def median(looks: Sequence[Seen], number: int, _: float) -> Seen:
    around = [looks[min(max(number + step, 0), len(looks) - 1)].probability for step in (-1, 0, 1)]
    return _with(looks[number], np.median(around, axis=0))


def alike(looks: Sequence[Seen], number: int, sigma: float) -> Seen:
    """What a swap does: a frame counts less where its picture differs."""
    weights = symmetric_weights(number, range(len(looks)), sigma)
    others = [(looks[frame], weight / weights[number]) for frame, weight in weights.items() if frame != number]
    return average(looks[number], others)


def _with(seen: Seen, probability: Any) -> Seen:
    return replace(seen, probability=np.asarray(probability, np.float32))


WAYS: dict[str, Callable[[Sequence[Seen], int, float], Seen]] = {
    "raw": lambda looks, number, _: looks[number],
    "mean": mean,
    "median of 3": median,
    "alike": alike,
}


def figures(shot: Shot, looks: list[Seen]) -> dict[str, float]:
    counted = range(ENDS, len(looks) - ENDS)
    shown = [_shown(one, shot.shape, crop) for one, crop in zip(looks, shot.crops, strict=True)]
    found = [one.in_crop(crop, SIDE) <= 0.5 for one, crop in zip(looks, shot.crops, strict=True)]
    off = [one - wanted for one, wanted in zip(shown, shot.wanted, strict=True)]

    def total(value: Callable[[int], Any]) -> float:
        return sum(float((shot.ovals[n] * value(n)).sum()) for n in counted)

    area, cover = total(lambda n: 1.0), total(lambda n: shot.covers[n])
    both = total(lambda n: found[n] & (shot.covers[n] > 0.5))
    either = total(lambda n: found[n] | (shot.covers[n] > 0.5))
    return {
        "iou": round(both / either, 3),
        "error": round(100 * total(lambda n: abs(off[n])) / area, 2),
        "painted": round(100 * total(lambda n: shown[n] * shot.covers[n]) / cover, 2),
        "flicker": round(100 * total(lambda n: abs(off[n] - off[n - 1])) / area, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--sigma", type=float, default=SETTINGS.mask_smooth, help="in frames")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    model = trained(arguments.work, arguments.iterations)
    result: dict[str, dict[str, dict[str, float]]] = {}
    for name, times in [*((name, 1) for name in UNSEEN), *FASTER]:
        shot = shoot(arguments.work, name, times, model)
        for way, averaged in WAYS.items():
            looks = [averaged(shot.looks, number, arguments.sigma) for number in range(len(shot.looks))]
            result.setdefault(way, {})[f"{name} x{times}"] = figures(shot, looks)
    for things in result.values():
        every = list(things.values())
        things["mean"] = {key: round(float(np.mean([one[key] for one in every])), 3) for key in every[0]}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
