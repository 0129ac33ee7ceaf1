"""Run by another Blender: renders one strip of an edit, alone and unscaled, as numbered 8-bit PNG pictures.

Called with one JSON object after `--`: `file`, `scene`, `strip`, `folder`, and `only`, the number of the one picture
to render or null for all. Prints `FRAME n` after each. Pictures are numbered from 1 at the strip's left handle.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy


def main(task: dict[str, Any]) -> None:
    bpy.ops.wm.open_mainfile(filepath=task["file"], load_ui=False)
    scene: Any = bpy.data.scenes[task["scene"]]
    _show(scene)
    strip = scene.sequence_editor.strips_all[task["strip"]]
    compat = _load_compat()
    _only(scene, strip)
    _plain(scene, compat)
    _native_size(scene, strip)
    folder = Path(task["folder"])
    timing = compat.timing(strip)
    wanted = {f"{number:06d}.png" for number in range(1, len(timing.frames) + 1)}
    for old in folder.glob("*.png"):
        if old.name not in wanted:
            old.unlink()
    part = folder / ".part.png"
    for number, frame in enumerate(timing.frames, start=1):
        if task["only"] not in (None, number):
            continue
        scene.frame_set(frame)
        scene.render.filepath = str(part)
        bpy.ops.render.render(write_still=True, scene=scene.name)
        part.replace(folder / f"{number:06d}.png")
        print(f"FRAME {number}", flush=True)


def _show(scene: Any) -> None:
    """Make it the window's scene: the sequencer of another one renders black until it has been shown."""
    context: Any = bpy.context
    for window in context.window_manager.windows:
        window.scene = scene


def _only(scene: Any, strip: Any) -> None:
    """Mute all but the strip, what it is made from and the meta strips it lies in; take its placing away."""
    kept = {strip.name}
    parent = strip.parent_meta()
    while parent is not None:
        kept.add(parent.name)
        _neutral(scene, parent)
        parent = parent.parent_meta()
    inputs = [strip]
    while inputs:
        current = inputs.pop()
        inputs += [i for i in (getattr(current, "input_1", None), getattr(current, "input_2", None)) if i is not None]
        inputs += list(getattr(current, "strips", ()))
        kept.add(current.name)
    for other in scene.sequence_editor.strips_all:
        if other.name not in kept:
            other.mute = True
    strip.mute = False
    strip.blend_alpha = 1.0
    strip.blend_type = "REPLACE"
    _neutral(scene, strip)


def _neutral(scene: Any, strip: Any) -> None:
    transform, crop = getattr(strip, "transform", None), getattr(strip, "crop", None)
    start = strip.path_from_id()
    for layer in scene.animation_data.action.layers if scene.animation_data and scene.animation_data.action else ():
        for track in layer.strips:
            for bag in track.channelbags:
                for curve in list(bag.fcurves):
                    if curve.data_path.startswith((f"{start}.transform", f"{start}.crop", f"{start}.blend_alpha")):
                        bag.fcurves.remove(curve)
    if transform is not None:
        transform.offset_x = transform.offset_y = transform.rotation = 0.0
        transform.scale_x = transform.scale_y = 1.0
    if crop is not None:
        crop.min_x = crop.max_x = crop.min_y = crop.max_y = 0
    if hasattr(strip, "use_flip_x"):
        strip.use_flip_x = strip.use_flip_y = False


def _plain(scene: Any, compat: ModuleType) -> None:
    """What is rendered must be the source's pixels: no view transform's look, no dither, no other compositing."""
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.view_settings.exposure, scene.view_settings.gamma = 0.0, 1.0
    scene.view_settings.use_curve_mapping = False
    render = scene.render
    render.dither_intensity = 0.0
    render.use_sequencer, render.use_compositing = True, False
    render.use_border = render.use_stamp = render.use_multiview = False
    render.resolution_percentage = 100
    compat.use_png8(render.image_settings)
    render.image_settings.color_management = "FOLLOW_SCENE"
    scene.sequence_editor.show_missing_media = False


def _native_size(scene: Any, strip: Any) -> None:
    element = next(iter(getattr(strip, "elements", None) or ()), None)
    if element is not None and element.orig_width and element.orig_height:
        scene.render.resolution_x, scene.render.resolution_y = element.orig_width, element.orig_height


def _load_compat() -> ModuleType:
    """The extension is not enabled in this Blender: import it as the package that this file lies in."""
    package = Path(__file__).resolve().parent
    sys.path.insert(0, str(package.parent))
    return importlib.import_module(f"{package.name}.compat")


if __name__ == "__main__":
    main(json.loads(sys.argv[sys.argv.index("--") + 1]))
