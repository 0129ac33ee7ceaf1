"""Renders the plate of an HDR movie, lays it back over the strip and compares.

Arguments: folder, movie file, and the colour space to read it in, if not the one that Blender chooses.
"""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pictures

from blender_deepfake import compat, job_specs, placing, strips
from blender_deepfake.core import plates, rendering


def off(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference, as part of the value where that is above 1."""
    return float((np.abs(one - other) / np.maximum(np.abs(other), 1.0)).max())


def in_meta(scene: Any, strip: Any) -> Any:
    strip.select = True
    with compat.as_sequencer_scene(scene):
        bpy.ops.sequencer.meta_make()
    return scene.sequence_editor.strips["MetaStrip"]


def main(folder: Path, movie: str, space: str = "") -> None:
    scene = pictures.edit()
    strip = scene.sequence_editor.strips.new_movie("hdr", movie, channel=1, frame_start=1)
    strip.colorspace_settings.name = space or strip.colorspace_settings.name
    element = strip.elements[0]
    scene.render.resolution_x, scene.render.resolution_y = element.orig_width, element.orig_height
    settings = scene.render.image_settings
    settings.file_format, settings.color_depth = "OPEN_EXR", "32"
    scene.render.dither_intensity = 0.0
    frames = compat.timing(strip).frames
    alone = [pictures.rendered_light(scene, frame, folder) for frame in frames]
    description = strips.describe(scene, strip)
    spec = job_specs.extract(scene, strip, "a", folder / "faces")
    assert spec.render is not None
    rendering.run(spec.render, lambda done, total: None, lambda: False)
    plate = spec.request["sources"][0]
    source = Path(plate["source"])
    files = sorted(path.name for path in source.glob("0*.*"))
    numbers = [int(Path(name).stem) for name in files]
    suffix = Path(files[0]).suffix
    more: dict[str, Any] = {"output": "exr", "alpha": "premultiplied"} if suffix == ".exr" else {}
    pictures.write_manifest(source, str(source), numbers, f"{{:06d}}{suffix}".format, **more)
    result = placing.place(scene, strip, source)
    over = [pictures.rendered_light(scene, frame, folder) for frame in frames]
    scene.sequence_editor.strips.remove(result)
    answer = {
        "space": description.colourspace,
        "reasons": plates.reasons_to_render(description),
        "plate": plate,
        "files": files,
        "depth": (source / files[0]).read_bytes()[24] if suffix == ".png" else 0,
        "light": alone[0][alone[0].shape[0] // 4, :, 1].tolist(),
        "over": max(map(off, over, alone)),
        "meta": job_specs.extract(scene, in_meta(scene, strip), "a", folder / "more").request["sources"][0],
    }
    print(json.dumps(answer))


main(Path(sys.argv[1]), *sys.argv[2:])
