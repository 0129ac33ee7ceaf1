"""Renders a strip of a picture with one bright square, and compares where it lands with what the mapping says.

Arguments: folder.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pictures

from blender_deepfake import compat, strips
from blender_deepfake.shown_frame import shown_frame

SIZES = [(200, 120), (161, 97)]
FRAME = (320, 241)
MARK = (130, 40, 8)  # left and top of the square and its side, in pixels of the picture
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "moved": {"offset_x": 31, "offset_y": -17},
    "scaled": {"scale_x": 1.5, "scale_y": 1.25, "offset_x": -20},
    "shrunk": {"scale_x": 0.5, "scale_y": 0.75},
    "rotated": {"rotation": math.radians(25), "offset_x": 12},
    "origin": {"origin": (0.25, 0.7), "rotation": math.radians(-40), "scale_x": 1.3},
    "cropped": {"crop": (20, 10), "offset_y": 9},
    "mirrored": {"use_flip_x": True, "offset_x": 25, "rotation": math.radians(10)},
    "upside down": {"use_flip_y": True, "offset_y": 14, "scale_y": 1.1},
    "meta": {"meta": True, "offset_x": 20, "scale_x": 0.8, "rotation": math.radians(15)},
}


def picture(folder: Path, width: int, height: int) -> Path:
    image = np.zeros((height, width, 4), np.uint8)
    image[..., 3] = 255
    x, y, side = MARK
    image[y : y + side, x : x + side, :3] = 255
    path = folder / f"mark_{width}.png"
    pictures.write_rgba(path, image)
    return path


def case(path: Path, settings: dict[str, Any], percentage: int, folder: Path) -> dict[str, Any]:
    scene = pictures.edit(bpy.data.scenes.new("case"))
    bpy.context.window.scene = scene
    scene.render.resolution_x, scene.render.resolution_y = FRAME
    scene.render.resolution_percentage = percentage
    strip = scene.sequence_editor.strips.new_image("plate", str(path), channel=1, frame_start=1)
    strip.use_flip_x, strip.use_flip_y = settings.get("use_flip_x", False), settings.get("use_flip_y", False)
    for name, value in settings.items():
        if hasattr(strip.transform, name):
            setattr(strip.transform, name, value)
    strip.crop.min_x, strip.crop.max_y = settings.get("crop", (0, 0))
    if settings.get("meta"):
        with compat.as_sequencer_scene(scene):
            strip.select = True
            bpy.ops.sequencer.meta_make()
        strip = scene.sequence_editor.strips_all["plate"]
        parent = strip.parent_meta()
        parent.transform.offset_y, parent.transform.rotation = 13, math.radians(-30)
        parent.use_flip_x = True
    shown = shown_frame(scene, strip)
    seen = pictures.rendered(scene, 1, folder).astype(float)[..., 0]
    rows, columns = np.mgrid[: seen.shape[0], : seen.shape[1]]
    scale = percentage / 100
    width, height = FRAME
    # from the rendered picture to the preview's coordinates: pixels' centres, y up, the middle is 0
    x = ((columns + 0.5) * seen).sum() / seen.sum() / scale - width / 2
    y = height / 2 - ((rows + 0.5) * seen).sum() / seen.sum() / scale
    left, top, side = MARK
    middle = left + (side - 1) / 2, top + (side - 1) / 2
    back = shown.view.to_picture((x, y))
    there = shown.view.to_preview(middle)
    return {
        "off": max(abs(back[0] - middle[0]), abs(back[1] - middle[1])),
        "off_preview": max(abs(there[0] - x), abs(there[1] - y)),
        "detail": [back, middle],
        "number": shown.number,
        "size": list(shown.view.size),
    }


def main(folder: Path) -> None:
    answer = {}
    for width, height in SIZES:
        path = picture(folder, width, height)
        for name, settings in CASES.items():
            answer[f"{name} {width}"] = case(path, settings, 100, folder)
    answer["half resolution"] = case(picture(folder, *SIZES[0]), CASES["scaled"], 50, folder)
    movie_scene = pictures.edit(bpy.data.scenes.new("movie"))
    strip = pictures.movie(movie_scene, start=11)
    pictures.set_handles(strip, 21, 41)
    shown = shown_frame(movie_scene, strip, 25)
    strip.color_saturation = 0.5
    graded = shown_frame(movie_scene, strip, 25)
    answer["movie"] = [shown.number, str(shown.source), list(shown.view.size)]
    answer["graded"] = [graded.number, graded.source.suffix, strips.mark(strip)[:8] in graded.source.name]
    print(json.dumps(answer))


main(Path(sys.argv[1]))
