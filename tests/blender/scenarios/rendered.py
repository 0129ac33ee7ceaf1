"""Renders the plate of a strip that Blender must render, lays it back over the strip and compares.

Arguments: folder, kind of strip.
"""

import json
import sys
from pathlib import Path
from tempfile import gettempdir
from time import sleep
from typing import Any

import bpy
import exr
import numpy as np
import pictures

from blender_deepfake import compat, job_specs, placing, strips
from blender_deepfake.core import plates, rendering

START, COUNT = 11, 6
AGAIN = ("grade", "deep", "light")
SPACES = {"log": "Filmic Log", "wide": "Linear Rec.2020", "gamma": "Rec.1886", "working space": "Linear Rec.2020"}
LIGHT = ("light", "log", "wide", "working space")


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
    if kind in ("deep", "light"):
        return pictures_of(scene, folder, kind)
    return above(scene, kind, short_movie(scene))


def above(scene: Any, kind: str, strip: Any) -> Any:
    """An effect over the movie, or the movie itself with something done to it."""
    if kind == "adjustment":
        strip = effect(scene, "ADJUSTMENT", 2)
        strip.color_multiply = 0.6
    if kind == "blur effect":
        strip = effect(scene, "GAUSSIAN_BLUR", 2, input1=strip)
        strip.size_x = strip.size_y = 20.0
    if kind == "color effect":
        strip = effect(scene, "COLOR", 2)
        strip.color = (0.2, 0.4, 0.1)
    if kind == "meta":
        strip.transform.scale_x = 0.5
        strip.select = True
        with compat.as_sequencer_scene(scene):
            bpy.ops.sequencer.meta_make()
        strip = scene.sequence_editor.strips["MetaStrip"]
    alter(scene, kind, strip)
    return strip


def alter(scene: Any, kind: str, strip: Any) -> None:
    if kind == "hidden":
        strip.use_deinterlace = strip.mute = True
        strip.keyframe_insert("mute", frame=START)
        scene.sequence_editor.channels[1].mute = True
    if kind in SPACES:
        strip.colorspace_settings.name = SPACES[kind]
    if kind == "display":
        strip.color_multiply = 0.7
        scene.display_settings.display_device = "Rec.2020"
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


def pictures_of(scene: Any, folder: Path, kind: str) -> Any:
    """Pictures of more than 8 bit, with a grade that asks for a render."""
    for number in range(1, COUNT + 1):
        shades = np.random.default_rng(number).integers(0, 65536, (pictures.SIDE, pictures.SIDE, 3), np.uint16)
        if kind == "deep":
            pictures.write_rgb16(folder / f"deep.{number}.png", shades)
        else:
            exr.write_rgb(folder / f"light.{number}.exr", (shades / 16384.0).astype(np.float16).astype(float))
    suffix = "png" if kind == "deep" else "exr"
    strip = scene.sequence_editor.strips.new_image(
        kind, str(folder / f"{kind}.1.{suffix}"), channel=1, frame_start=START
    )
    for number in range(2, COUNT + 1):
        strip.elements.append(f"{kind}.{number}.{suffix}")
    if kind == "deep":
        strip.color_multiply = 0.7
    else:  # flips nothing, and is no plain movie for the backend
        strip.strobe = 2.0
    scene.render.dither_intensity = 0.0
    return strip


def shown(scene: Any, frame: int, folder: Path, kind: str) -> np.ndarray:
    """What is rendered, with as much precision as the kind needs: 8 or 16 bit codes, or light times 1000."""
    settings = scene.render.image_settings
    if kind in ("deep", "gamma"):
        settings.color_depth = "16"
        pictures.rendered(scene, frame, folder)
        return pictures.read16(folder / "rendered.png")
    if kind in LIGHT:
        settings.file_format, settings.color_depth = "OPEN_EXR", "32"
        return pictures.rendered_light(scene, frame, folder) * 1000
    return pictures.rendered(scene, frame, folder)


def same_files(scene: Any, strip: Any, folder: Path, plate: Path) -> bool:
    """Does a second render a while later leave all the files as they are?"""
    before = {path: path.stat().st_mtime_ns for path in plate.iterdir()}
    sleep(1.1)  # Blender could write whole seconds into a picture
    render = job_specs.extract(scene, strip, "a", folder / "faces").render
    assert render is not None
    rendering.run(render, lambda done, total: None, lambda: False)
    return before == {path: path.stat().st_mtime_ns for path in plate.iterdir()}


def main(folder: Path, kind: str) -> None:
    if kind == "working space":
        bpy.ops.wm.set_working_color_space(working_space="ACEScg")
    scene = pictures.edit()
    if kind == "other rate":
        scene.render.fps = 24
    strip = make(scene, kind, folder)
    strip.select = True
    if kind not in ("scene", "color effect", "adjustment"):
        strip.transform.offset_x = 31
    description = strips.describe(scene, strip)
    reasons = plates.reasons_to_render(description)
    spec = job_specs.extract(scene, strip, "a", folder / "faces")
    assert spec.render is not None
    rendering.run(spec.render, lambda done, total: None, lambda: False)
    plate = spec.request["sources"][0]
    rendered_again = same_files(scene, strip, folder, Path(plate["source"])) if kind in AGAIN else None
    suffix = ".exr" if kind in LIGHT else ".png"
    numbers = [int(path.stem) for path in sorted(Path(plate["source"]).glob(f"*{suffix}"))]
    more = {"output": "exr", "alpha": "premultiplied"} if kind in LIGHT else {}
    names = f"{{:06d}}{suffix}".format
    pictures.write_manifest(Path(plate["source"]), plate["source"], numbers, names, **more)
    description = strips.describe(scene, scene.sequence_editor.strips_all[strip.name])
    depth = Path(plate["source"], names(numbers[0])).read_bytes()[24]
    if kind == "hidden":  # the plate is there all the same: it is what shows once nothing hides the strip
        scene.animation_data_clear()
        strip.mute = scene.sequence_editor.channels[1].mute = False
    name, frames = strip.name, description.timing.frames[:COUNT]
    alone = [shown(scene, frame, folder, kind) for frame in frames]
    result = placing.place(scene, scene.sequence_editor.strips_all[name], Path(plate["source"]))
    over = [shown(scene, frame, folder, kind) for frame in frames]
    left_over = [path.name for path in Path(gettempdir()).glob("deepfake_plate_*")]
    answer = {
        "reasons": reasons,
        "frames": plate["frames"],
        "length": len(description.timing.frames),
        "result": len(compat.timing(result).frames),
        "over": max(map(pictures.difference, alone, over)),
        "depth": depth,
        "left_over": left_over,
        "rendered again": rendered_again,
        "bright": float(np.mean(alone)),
    }
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2])
