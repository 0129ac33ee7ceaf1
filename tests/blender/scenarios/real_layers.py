"""Lays the layers that swapped_plates.py has written over their plates, and compares what Blender renders.

Arguments: folder, kind. What is shown must be what the backend predicts; and in any view, what its prediction shows as
a picture of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pictures

from blender_deepfake import placing

FIRST = 98  # of the movie's frames, which are swapped; a sequence begins with 1
VIEWS = ("Standard", "AgX")


def strip_of(scene: Any, folder: Path, name: str = "plate") -> Any:
    """The pictures in `folder`, else the frames of the movie, from frame 1 on."""
    if not folder.is_dir():
        strip = pictures.movie(scene, name, start=2 - FIRST)
        pictures.set_handles(strip, 1, 3)
        return strip
    files = sorted(file.name for file in folder.iterdir())
    strip = scene.sequence_editor.strips.new_image(name, str(folder / files[0]), channel=1, frame_start=1)
    for file in files[1:]:
        strip.elements.append(file)
    return strip


def edit(name: str, floating: bool) -> Any:
    """A new scene without dither; `floating`: it renders EXR of 32 bit."""
    scene = pictures.edit(bpy.data.scenes.new(name))
    scene.render.dither_intensity = 0.0
    if floating:
        settings = scene.render.image_settings
        settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGB", "32"
    return scene


def shown(scene: Any, folder: Path) -> np.ndarray:
    window: Any = bpy.context.window
    window.scene = scene
    floating = scene.render.image_settings.file_format == "OPEN_EXR"
    render = pictures.rendered_light if floating else pictures.rendered
    return np.stack([render(scene, frame, folder) for frame in (1, 2)]).astype(np.float64)


def to_srgb(light: np.ndarray) -> np.ndarray:
    size = np.abs(light)
    upper = 1.055 * np.maximum(size, 1e-9) ** (1 / 2.4) - 0.055
    return np.sign(light) * np.where(size <= 0.0031308, size * 12.92, upper)


def in_view(scene: Any, view: str, folder: Path) -> np.ndarray:
    scene.view_settings.view_transform = view
    return shown(scene, folder)


def main(folder: Path, kind: str) -> None:
    here = folder / kind
    found = np.load(here / "predicted.npz")
    alpha, wanted = found["alpha"], found["shown"].astype(np.float64)
    codes = to_srgb(wanted) * 255 if kind == "exr" else wanted
    clear, full = alpha == 0, alpha == 1
    manifest = json.loads((here / "swap" / "manifest.json").read_text("utf-8"))
    answer: dict[str, Any] = {
        "blender": list(bpy.app.version),
        "output": manifest["output"],
        "blend": manifest["settings"]["blend"],
        "pixels": [int(clear.sum()), int((~clear & ~full).sum()), int(full.sum())],
    }
    for depth in ("8 bit", "float"):
        scene, flat = edit(depth, depth == "float"), edit(f"{depth} flat", depth == "float")
        plate = strip_of(scene, here / "plate")
        strip_of(flat, here / "flat")
        white = 1 if depth == "float" else 255
        alone = {view: in_view(scene, view, folder) for view in VIEWS}
        result = placing.place(scene, plate, here / "swap")
        answer[depth] = {"strip": [result.alpha_mode, result.colorspace_settings.name, result.blend_type]}
        for view in VIEWS:
            together, picture = in_view(scene, view, folder), in_view(flat, view, folder)
            differences, changes = np.abs(together - picture), np.abs(together - alone[view])
            answer[depth][view] = {
                "clear": float((changes[clear] / np.maximum(alone[view][clear] / white, 1)).max()),
                "other clear pixels": float((changes[clear] > 0).mean()),
                "changed": float(np.median(changes[full])),
                "brightest": float(together[full].max()),
                "as a picture": float((differences / np.maximum(picture / white, 1)).max()),
                "other pixels": float((differences > 0).mean()),
            }
            if depth == "float":
                # beyond white the steps of light grow with it
                off = np.abs(to_srgb(together) * 255 - codes) / np.maximum(codes / 255, 1)
                answer[depth][view]["off"] = float(off.max())
            elif view == "Standard":
                answer[depth][view]["off"] = float(np.abs(together - codes.clip(0, 255)).max())
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2])
