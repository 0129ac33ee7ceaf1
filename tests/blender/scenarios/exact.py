"""Lays a swap over its plate and compares what Blender renders. Arguments: folder, view transform."""

import json
import sys
from pathlib import Path

import numpy as np
import pictures

from blender_deepfake import placing

FRAMES = list(range(1, 7))
PATCH = (slice(40, 60), slice(200, 230))


def transparent(number: int) -> np.ndarray:
    """Nothing to see, and a colour beneath that would show if alpha were taken wrongly."""
    image = np.zeros((pictures.SIDE, pictures.SIDE, 4), np.uint8)
    image[..., :3] = np.random.default_rng(number).integers(0, 256, image[..., :3].shape)
    return image


def patched(number: int) -> np.ndarray:
    image = transparent(number)
    image[PATCH] = (200, 30, 30, 255)
    return image


def main(folder: Path, view: str) -> None:
    scene = pictures.edit(view=view)
    plate = pictures.movie(scene)
    pictures.set_handles(plate, 1, len(FRAMES) + 1)
    alone = [pictures.rendered(scene, frame, folder) for frame in FRAMES]
    placing.place(scene, plate, pictures.swap_of(folder / "empty", FRAMES, transparent))
    empty = [pictures.rendered(scene, frame, folder) for frame in FRAMES]
    placing.place(scene, plate, pictures.swap_of(folder / "patched", FRAMES, patched))
    touched = [pictures.rendered(scene, frame, folder) for frame in FRAMES]
    pairs = zip(alone, touched, strict=True)
    inside = min(int(np.abs(a[PATCH].astype(int) - t[PATCH]).max(axis=2).min()) for a, t in pairs)
    for image, original in zip(touched, alone, strict=True):
        image[PATCH] = original[PATCH]
    answer = {
        "strips": len(scene.sequence_editor.strips),
        "moving": pictures.difference(alone[0], alone[-1]),
        "empty": max(map(pictures.difference, alone, empty)),
        "beside_patch": max(map(pictures.difference, alone, touched)),
        "inside_patch": inside,
    }
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2])
