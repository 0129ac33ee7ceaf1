"""Masks opened, painted on and kept. Arguments: folder."""

import json
import struct
import sys
from array import array
from pathlib import Path
from typing import Any

import bpy
import facesets
import numpy as np
import pictures

import blender_deepfake
from blender_deepfake import mask_painting
from blender_deepfake.core import mask_files
from blender_deepfake.core.errors import UsageError
from blender_deepfake.operators import use_drawn_mask

SIZE = (96, 64)
folder = Path(sys.argv[1])
blender_deepfake.register()
operators: Any = bpy.ops.deepfake
scene = pictures.edit()
scene.sequence_editor.active_strip = pictures.movie(scene, start=1)
scene.frame_set(4)
faces = [(number, 0, (150.0, 200.0)) for number in range(1, 8)]
faceset = facesets.make(folder / "faces", pictures.PLATE, faces, SIZE)
scene.deepfake.performer_faceset = str(faceset)


def painting() -> Any:
    return mask_painting.current(bpy.context)


def paint(levels: np.ndarray) -> None:
    """As a brush does: into the image's pixels. `levels` is H×W uint8, the top row first."""
    values = np.repeat((levels[::-1, :, None] / np.float32(255)).astype(np.float32), 4, axis=2)
    values[..., 3] = 1
    painting().image.pixels.foreach_set(array("f", values.tobytes()))


def header(name: str) -> list[int]:
    return list(struct.unpack(">IIBB", mask_files.painted_path(faceset, name).read_bytes()[16:26]))


def stored(name: str) -> np.ndarray:
    return pictures.read(mask_files.painted_path(faceset, name))[..., 0]


def seen() -> np.ndarray:
    width, height = SIZE
    pixels = np.frombuffer(mask_painting.pixels(painting().image), np.float32)
    return np.rint(pixels.reshape(height, width, 4)[::-1, :, 0] * 255).astype(np.uint8)


def run(**values: Any) -> list[str]:
    try:
        return list(operators.paint_mask(**values))
    except RuntimeError as error:  # without a window, an operator's error report raises
        return [str(error)]


def drawn() -> dict[str, Any]:
    """A rectangle of Blender's own mask, 12 to 60 by 8 to 40 pixels from the bottom left of 96 by 64."""
    mask = bpy.data.masks.new(name="hand")
    spline = mask.layers.new().splines.new()
    spline.points.add(4 - len(spline.points))
    for point, (x, y) in zip(spline.points, ((12, 8), (60, 8), (60, 40), (12, 40)), strict=True):
        place = (0.5 + (x - SIZE[0] / 2) / SIZE[0], 0.5 + (y - SIZE[1] / 2) / SIZE[0])
        point.handle_left_type = point.handle_right_type = "FREE"
        point.co = point.handle_left = point.handle_right = place
    use_drawn_mask.use(painting(), mask)
    black = np.argwhere(seen() == 0)
    between = int(((seen() > 0) & (seen() < 255)).sum())
    try:
        use_drawn_mask.use(painting(), bpy.data.masks.new(name="empty"))
    except UsageError as error:
        return {"box": [black.min(0).tolist(), black.max(0).tolist()], "soft": between, "empty": str(error)}
    return {}


random = np.random.default_rng(1)
levels = [random.integers(0, 256, SIZE[::-1], np.uint8) for _ in range(3)]
levels[0][0] = np.arange(SIZE[0])
answer: dict[str, Any] = {"poll": operators.save_mask.poll()}
answer["opened"] = [run(which="UNPAINTED"), painting().name]
answer["white"] = [int(seen().min()), list(painting().image.size), painting().image.colorspace_settings.name]
first = painting().name
paint(levels[0])
answer["saved"] = list(operators.save_mask())
answer["exact"] = bool(np.array_equal(stored(first), levels[0]))
answer["header"] = header(first)
run(which="UNPAINTED")
answer["second"] = painting().name
paint(levels[1])
answer["next"] = [run(which="NEXT"), painting().name, bool(np.array_equal(stored(answer["second"]), levels[1]))]
answer["images"] = sorted(image.name for image in bpy.data.images if image.get(mask_painting.FACE))
run(which="SHOWN")
answer["shown"] = painting().name
answer["again"] = bool(np.array_equal(seen(), levels[0]))
paint(levels[2])
operators.save_mask()
answer["over"] = bool(np.array_equal(stored(answer["shown"]), levels[2]))
name = f"plate_{7:06d}_0.png"
target = faceset / "masks" / "predicted" / name
target.parent.mkdir()
mask_files.painted_path(faceset, first).replace(target)
before = target.read_bytes()
run(which="NAMED", face=name)
answer["predicted"] = bool(np.array_equal(seen(), levels[2]))
paint(levels[1])
operators.save_mask()
answer["kept"] = [target.read_bytes() == before, bool(np.array_equal(stored(name), levels[1]))]
answer["brush"] = [list(operators.brush_colour(covered=covered)) for covered in (True, False)]
answer["nobody"] = [run(which="NAMED", face="nobody.png"), run(which="NEXT", faceset=str(folder / "nowhere"))]
run(which="SHOWN")
target.write_bytes(b"no picture")
mask_files.painted_path(faceset, name).unlink()
answer["damaged"] = [run(which="NAMED", face=name), int(seen().min())]
run(which="NEXT")
paint(np.full(SIZE[::-1], 255, np.uint8))
answer["drawn"] = drawn()
print(json.dumps(answer))
blender_deepfake.unregister()
