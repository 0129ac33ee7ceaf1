"""Renders the plate of a strip that Blender must render, lays it back over the strip and compares.

Arguments: folder, kind of strip.
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

START, COUNT = 11, 6


def effect(scene: Any, kind: str, channel: int, **inputs: Any) -> Any:
    collection = scene.sequence_editor.strips
    names = collection.bl_rna.functions["new_effect"].parameters.keys()
    end = {"frame_end": START + COUNT} if "frame_end" in names else {"length": COUNT}
    return collection.new_effect(name=kind, type=kind, channel=channel, frame_start=START, **end, **inputs)


def short_movie(scene: Any) -> Any:
    strip = pictures.movie(scene, start=START)
    pictures.set_handles(strip, START, START + COUNT)
    return strip


def make(scene: Any, kind: str, folder: Path) -> Any:
    """The strip to swap in; for every kind there is an animated picture in it."""
    if kind == "scene":
        other = pictures.edit(bpy.data.scenes.new("other"))
        pictures.movie(other)
        strip = scene.sequence_editor.strips.new_scene("scene", other, channel=1, frame_start=START)
        strip.scene_input = "SEQUENCER"
        return strip
    if kind == "sequence":
        files = pictures.swap_of(
            folder / "shot", list(range(1001, 1001 + 2 * COUNT, 2)), lambda n: pictures.numbered(n - 900)
        )
        names = sorted(path.name for path in files.glob("*.png"))
        strip = scene.sequence_editor.strips.new_image("s", str(files / names[0]), channel=1, frame_start=START)
        for name in names[1:]:
            strip.elements.append(name)
        return strip
    strip = short_movie(scene)
    if kind == "blur effect":
        blurred = effect(scene, "GAUSSIAN_BLUR", 2, input1=strip)
        blurred.size_x = blurred.size_y = 20.0
        return blurred
    if kind == "color effect":
        solid = effect(scene, "COLOR", 2)
        solid.color = (0.2, 0.4, 0.1)
        return solid
    if kind == "meta":
        strip.transform.scale_x = 0.5
        strip.select = True
        with compat.as_sequencer_scene(scene):
            bpy.ops.sequencer.meta_make()
        return scene.sequence_editor.strips["MetaStrip"]
    if kind == "strobe":
        strip.strobe = 3.0
    if kind == "grade":
        strip.color_multiply = 0.7
    if kind == "modifier":
        workspace: Any = bpy.context.window_manager.windows[0].workspace
        if hasattr(workspace, "sequencer_scene"):  # 5.0 crashes without
            workspace.sequencer_scene = scene
        strip.modifiers.new("contrast", "BRIGHT_CONTRAST").contrast = 20.0
    if kind == "retimed":
        strip.retiming_keys.add(timeline_frame=START + 3)
        strip.retiming_keys[1].timeline_frame = START + 2
    return strip


def main(folder: Path, kind: str) -> None:
    scene = pictures.edit()
    if kind == "other rate":
        scene.render.fps = 24
    strip = make(scene, kind, folder)
    strip.select = True
    if kind not in ("scene", "color effect"):
        strip.transform.offset_x = 31
    description = strips.describe(scene, strip)
    reasons = plates.reasons_to_render(description)
    spec = job_specs.extract(scene, strip, "a", folder / "faces")
    assert spec.render is not None
    rendering.run(spec.render, lambda done, total: None, lambda: False)
    plate = spec.request["sources"][0]
    numbers = [int(path.stem) for path in sorted(Path(plate["source"]).glob("*.png"))]
    pictures.write_manifest(Path(plate["source"]), plate["source"], numbers)
    name, frames = strip.name, description.timing.frames[:COUNT]
    alone = [pictures.rendered(scene, frame, folder) for frame in frames]
    result = placing.place(scene, scene.sequence_editor.strips_all[name], Path(plate["source"]))
    over = [pictures.rendered(scene, frame, folder) for frame in frames]
    answer = {
        "reasons": reasons,
        "frames": plate["frames"],
        "length": len(description.timing.frames),
        "result": len(compat.timing(result).frames),
        "over": max(map(pictures.difference, alone, over)),
        "bright": float(np.mean(alone)),
    }
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2])
