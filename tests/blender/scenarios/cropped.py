"""Lays a swap of cropped files and the same swap in full frames over a strip, and compares what Blender renders.

Arguments: folder, cases. The window moves and changes its size from frame to frame.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pictures

from blender_deepfake import compat, placing

FRAMES = [1, 2, 3]
SIDE = pictures.SIDE
NOWHERE = 2  # the frame without a face
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "moved": {"offset_x": 31, "offset_y": -17},
    "between pixels": {"offset_x": 10.3, "offset_y": 0.5},
    "scaled": {"scale_x": 1.5, "scale_y": 1.25, "offset_x": -20},
    "shrunk": {"scale_x": 0.5, "scale_y": 0.75},
    "rotated": {"rotation": math.radians(25), "offset_x": 12},
    "origin": {"origin": (0.25, 0.7), "rotation": math.radians(-40), "scale_x": 1.3},
    "mirrored": {"use_flip_x": True, "offset_x": 9, "rotation": math.radians(10)},
    "upside down": {"use_flip_y": True, "use_flip_x": True, "offset_y": 9},
    "cut": {"min_x": 150, "max_y": 130, "min_y": 40},
    "cut and turned": {"min_x": 200, "max_y": 130, "rotation": 0.5, "scale_x": 1.4},
    "animated": {},
    "animated cut": {},
    "wide frame": {"frame": (641, 363), "scale_x": 0.9, "scale_y": 0.9},
    "nearest": {"filter": "NEAREST", "scale_x": 1.7, "scale_y": 1.7},
    "bicubic": {"filter": "CUBIC_BSPLINE", "scale_x": 1.2, "scale_y": 1.2, "rotation": 0.2},
}


def window(number: int) -> list[int] | None:
    if number == NOWHERE:
        return None
    return [90 + 13 * number, 60 + 7 * number, 101 + 10 * (number % 3), 140 - 9 * (number % 2)]


def picture(number: int) -> np.ndarray:
    """A swap in the whole frame: random colours, alpha that falls off to nothing well inside the window."""
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    where = window(number)
    if where is not None:
        x, y, width, height = where
        random = np.random.default_rng(number)
        rows, columns = np.mgrid[0:height, 0:width]
        edge = np.minimum.reduce([rows, columns, height - 1 - rows, width - 1 - columns])
        part = image[y : y + height, x : x + width]
        part[..., :3] = random.integers(0, 256, (height, width, 3))
        part[..., 3] = np.clip((edge - 5) * 40, 0, 255)
        part[part[..., 3] == 0] = 0
    return image


def part(number: int) -> np.ndarray:
    x, y, width, height = window(number) or [0, 0, SIDE, SIDE]
    return np.ascontiguousarray(picture(number)[y : y + height, x : x + width])


def cropped(folder: Path) -> Path:
    folder.mkdir()
    for number in FRAMES:
        pictures.write_rgba(folder / f"{number:06d}.png", part(number))
    windows = {number: window(number) for number in FRAMES}
    pictures.write_manifest(
        folder, str(pictures.PLATE), FRAMES, windows=windows, output="png8", alpha="straight", width=SIDE, height=SIDE
    )
    return folder


def arrange(scene: Any, plate: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name == "frame":
            scene.render.resolution_x, scene.render.resolution_y = value
        else:
            owner = next(o for o in (plate.transform, plate.crop, plate) if hasattr(o, name))
            setattr(owner, name, value)


def animate(plate: Any) -> None:
    for frame, x, angle, size in ((11, 0, 0.0, 1.0), (13, 40, 0.5, 1.4)):
        plate.transform.offset_x, plate.transform.rotation, plate.transform.scale_x = x, angle, size
        for name in ("offset_x", "rotation", "scale_x"):
            plate.transform.keyframe_insert(name, frame=frame)


def animate_cut(plate: Any) -> None:
    for frame, cut in ((11, 100), (13, 200)):
        plate.crop.min_x = cut
        plate.crop.keyframe_insert("min_x", frame=frame)


def compare(scene: Any, case: str, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    plate = pictures.movie(scene, start=11)
    pictures.set_handles(plate, 11, 11 + len(FRAMES))
    arrange(scene, plate, CASES[case])
    if case == "animated":
        animate(plate)
    if case == "animated cut":
        animate_cut(plate)
    timeline = compat.timing(plate).frames
    placing.place(scene, plate, pictures.swap_of(folder / "full", FRAMES, picture))
    full = [pictures.rendered(scene, frame, folder) for frame in timeline]
    placing.place(scene, plate, cropped(folder / "cropped"))
    once = len(list(compat.curves(scene)))
    result = placing.place(scene, plate, folder / "cropped")
    small = [pictures.rendered(scene, frame, folder) for frame in timeline]
    result.mute = True
    alone = pictures.rendered(scene, timeline[NOWHERE - 1], folder)
    return {
        "differences": [pictures.difference(one, other) for one, other in zip(full, small, strict=True)],
        "pixels": [int((np.abs(a.astype(int) - b) > 2).any(axis=2).sum()) for a, b in zip(full, small, strict=True)],
        "changed": [pictures.difference(one, alone) for one in full],
        "curves": [once, len(list(compat.curves(scene)))],
    }


def empty(scene: Any) -> None:
    for strip in list(scene.sequence_editor.strips):
        scene.sequence_editor.strips.remove(strip)
    scene.animation_data_clear()
    pictures.edit(scene)


def main(folder: Path, cases: list[str]) -> None:
    scene, answer = pictures.edit(), {}
    for case in cases or CASES:
        answer[case] = compare(scene, case, folder / case)
        empty(scene)
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2:])
