"""Lays a premultiplied half-float EXR over an EXR plate, renders in float and compares with what is predicted.

Arguments: folder. The sequencer blends in sRGB, also beyond 1.
"""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import exr
import numpy as np
import pictures

from blender_deepfake import placing, strips
from blender_deepfake.core import plates

SIZE = (96, 64)
FRAMES = [1001, 1002]
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def to_linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


def light(number: int) -> np.ndarray:
    """Scene-linear light from black to 16 times white, as a half float holds it; H×W×3."""
    width, height = SIZE
    stops = np.linspace(-12, 4, width)[None, :, None]
    shades = np.random.default_rng(number).uniform(0.5, 1.0, (height, width, 3))
    image = 2.0**stops * shades
    image[:4, :8], image[-4:, -8:] = 0.0, 16.0
    return image.astype(np.float16).astype(np.float64)


def overlay(number: int) -> np.ndarray:
    """Bands of each alpha over all of the plate's lights; H×W×4, premultiplied, as a half float holds it."""
    width, height = SIZE
    alpha = np.asarray(ALPHAS)[np.arange(height) * len(ALPHAS) // height][:, None, None]
    colour = (
        np.random.default_rng(number + 50).uniform(0, 1, (height, width, 3))
        * 2.0 ** np.linspace(-8, 4, width)[::-1, None]
    )
    return (
        np.concatenate([colour * alpha, np.broadcast_to(alpha, (height, width, 1))], 2).astype(np.float16).astype(float)
    )


def corner(number: int) -> tuple[int, int]:
    """Where the part of the overlay begins that is stored where not all of it is."""
    return 13, SIZE[1] // len(ALPHAS) + 2 + number % 2


def predicted(below: np.ndarray, over: np.ndarray) -> np.ndarray:
    alpha = over[..., 3:]
    colour = to_srgb(over[..., :3] / np.where(alpha > 0, alpha, 1.0))
    return to_linear(colour * alpha + to_srgb(below) * (1 - alpha))


def rendered(scene: Any, frame: int, folder: Path) -> np.ndarray:
    """Render `frame` as 32-bit EXR; H×W×3, top row first."""
    path = folder / "rendered.exr"
    scene.frame_set(frame)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    image: Any = bpy.data.images.load(str(path), check_existing=False)
    flat = np.empty(SIZE[0] * SIZE[1] * 4, np.float32)
    image.pixels.foreach_get(flat)
    bpy.data.images.remove(image)
    return flat.reshape(SIZE[1], SIZE[0], 4)[::-1, :, :3].astype(np.float64)


def float_scene() -> Any:
    scene = pictures.edit()
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGB", "32"
    return scene


def swap_of(folder: Path, source: Path, layers: bool, part: bool) -> Path:
    """`part`: the files hold only what is not clear, as their data window says."""
    folder.mkdir()
    for number in FRAMES:
        image = overlay(number)
        left, top = corner(number) if part else (0, 0)
        image = image[top:, left:]
        channels = {name: image[..., index] for index, name in enumerate("RGBA")}
        if layers:
            noise = np.random.default_rng(number).uniform(0, 1, image.shape[:2])
            channels |= {f"{layer}.{name}": noise for layer in ("face", "uv") for name in "RGB"} | {"mask.Y": noise}
        exr.write(folder / f"{number:06d}.exr", channels, (left, top), SIZE)
    width, height = SIZE
    more = {"output": "exr", "alpha": "premultiplied", "width": width, "height": height}
    pictures.write_manifest(folder, str(source), FRAMES, "{:06d}.exr".format, **more)
    return folder


def off(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference, as part of the value where that is above 1."""
    return float((np.abs(one - other) / np.maximum(np.abs(other), 1.0)).max())


def main(folder: Path) -> None:
    scene = float_scene()
    shot = folder / "shot"
    shot.mkdir()
    for number in FRAMES:
        exr.write_rgb(shot / f"shot.{number}.exr", light(number))
    strip = scene.sequence_editor.strips.new_image("plate", str(shot / "shot.1001.exr"), channel=1, frame_start=1)
    strip.elements.append("shot.1002.exr")
    description = strips.describe(scene, strip)
    answer: dict[str, Any] = {"decoded": [plates.reasons_to_render(description), plates.decoded_plate(description)]}
    exr.write_rgb(shot / "shot.1001.exr", light(FRAMES[0])[4:], (0, 4), SIZE)
    answer["parts"] = plates.reasons_to_render(description)
    exr.write_rgb(shot / "shot.1001.exr", light(FRAMES[0]))
    answer["plate"] = [strip.alpha_mode, strip.colorspace_settings.name]
    alone = [rendered(scene, frame, folder) for frame in (1, 2)]
    answer["plate_off"] = max(off(image, light(number)) for image, number in zip(alone, FRAMES, strict=True))
    answer["brightest"] = float(alone[0].max())
    for name in ("simple", "layers", "part"):
        result = placing.place(scene, strip, swap_of(folder / name, shot, name == "layers", name == "part"))
        images = [rendered(scene, frame, folder) for frame in (1, 2)]
        found: dict[str, float] = {}
        for number, image, below in zip(FRAMES, images, alone, strict=True):
            over = overlay(number)
            if name == "part":
                left, top = corner(number)
                over[:, :left] = over[:top] = 0
            wanted = predicted(light(number), over)
            for alpha in ALPHAS:
                here = over[..., 3] == alpha
                found[str(alpha)] = max(found.get(str(alpha), 0.0), off(image[here], wanted[here]))
            nothing = over[..., 3] == 0
            found["untouched"] = max(found.get("untouched", 0.0), off(image[nothing], below[nothing]))
        found["brightest"] = float(images[0].max())
        answer[name] = found
    answer["result"] = [result.alpha_mode, result.colorspace_settings.name, result.blend_type]
    print(json.dumps(answer))


main(Path(sys.argv[1]))
