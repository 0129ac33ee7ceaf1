"""Run by another Blender: renders one strip of an edit, alone and unscaled, as numbered pictures.

These are 8-bit PNG; 16-bit PNG or half-float EXR where what the strip is made from holds more. Called with one JSON
object after `--`: `file`, `scene`, `strip`, `folder`, `first`, the number of the picture at the strip's left handle,
and `only`, the number of the one picture to render or null for all. Prints `FRAME n` after the n-th picture. A picture
that is there already with the same content stays, so that nobody takes it for changed. One process at a time renders
into a folder; the others wait.
"""

import importlib
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy


def main(task: dict[str, Any]) -> None:
    bpy.ops.wm.open_mainfile(filepath=task["file"], load_ui=False)
    scene: Any = bpy.data.scenes[task["scene"]]
    _show(scene)
    strip = scene.sequence_editor.strips_all[task["strip"]]
    compat, plate_depth = _load("compat"), _load("plate_depth")
    suffix = _set_format(scene, compat, plate_depth.of_strip(scene, strip))
    _only(scene, strip)
    _plain(scene)
    _native_size(scene, strip)
    numbers = {task["first"] + index: frame for index, frame in enumerate(compat.timing(strip).frames)}
    chosen = {number: frame for number, frame in numbers.items() if task["only"] in (None, number)}
    folder = Path(task["folder"])
    wanted = {f"{number:06d}{suffix}" for number in numbers}
    with _load("core.folder_lock").hold(folder / ".lock", _wait):
        _clear(folder, lambda old: old.suffix != suffix)  # nobody could read both kinds in one folder
        changed = _render(scene, strip, folder, suffix, chosen)
        if changed and task["only"] is None:  # the strip looks different: what it does not show is of its old look
            _clear(folder, lambda old: old.name not in wanted)


def _wait() -> None:
    print("Another job renders this plate.", flush=True)  # who reads it may have this one cancelled


def _clear(folder: Path, is_old: Callable[[Path], bool]) -> None:
    for picture in [*folder.glob("*.png"), *folder.glob("*.exr")]:
        if is_old(picture):
            picture.unlink()


def _render(scene: Any, strip: Any, folder: Path, suffix: str, chosen: dict[int, int]) -> bool:
    """Render the frames of the timeline by their pictures' numbers. Does one differ from what was there?"""
    part, changed = folder / f".part{suffix}", False
    for count, (number, frame) in enumerate(chosen.items(), start=1):
        scene.frame_set(frame)
        scene.render.filepath = str(part)
        bpy.ops.render.render(write_still=True, scene=scene.name)
        _load("missing_footage").refuse(scene, strip, [frame])  # it may have gone away, and the picture is an empty one
        changed = _keep(part, folder / f"{number:06d}{suffix}") or changed
        print(f"FRAME {count}", flush=True)
    return changed


def _keep(new: Path, old: Path) -> bool:
    """`new` takes the place of `old`, unless both are the same; did another picture have to go?"""
    was_there = old.is_file()
    if was_there and old.read_bytes() == new.read_bytes():
        new.unlink()
        return False
    new.replace(old)
    return was_there


def _show(scene: Any) -> None:
    """Make it the window's scene: the sequencer of another one renders black until it has been shown."""
    context: Any = bpy.context
    for window in context.window_manager.windows:
        window.scene = scene


def _only(scene: Any, strip: Any) -> None:
    """Mute all but the strip, what it is made from and the meta strips it lies in; take its placing away."""
    edit, kept = scene.sequence_editor, {strip.name}
    parent = strip.parent_meta()
    while parent is not None:
        kept.add(parent.name)
        _neutral(scene, parent)
        _uncoloured(parent)
        parent = parent.parent_meta()
    inputs = [strip, *(_below(edit, strip) if strip.type == "ADJUSTMENT" else ())]
    while inputs:
        current = inputs.pop()
        inputs += [i for i in (getattr(current, "input_1", None), getattr(current, "input_2", None)) if i is not None]
        inputs += list(getattr(current, "strips", ()))
        kept.add(current.name)
    for other in edit.strips_all:
        if other.name not in kept:
            _still(scene, other, "mute")
            other.mute = True
    for channel in edit.channels:
        channel.mute = False
    _neutral(scene, strip)


def _below(edit: Any, strip: Any) -> list[Any]:
    """What an adjustment layer works on."""
    meta = strip.parent_meta()
    return [other for other in (meta or edit).strips if other.channel < strip.channel and not other.mute]


def _neutral(scene: Any, strip: Any) -> None:
    """Shown, opaque and in its own place."""
    _still(scene, strip, "transform.", "crop.", "blend_alpha", "mute")
    strip.mute = False
    strip.blend_alpha = 1.0
    strip.blend_type = "REPLACE"
    transform, crop = getattr(strip, "transform", None), getattr(strip, "crop", None)
    if transform is not None:
        transform.offset_x = transform.offset_y = transform.rotation = 0.0
        transform.scale_x = transform.scale_y = 1.0
    if crop is not None:
        crop.min_x = crop.max_x = crop.min_y = crop.max_y = 0
    if hasattr(strip, "use_flip_x"):
        strip.use_flip_x = strip.use_flip_y = False


def _uncoloured(meta: Any) -> None:
    """What a meta strip does to the colours of all in it comes on top of the result, too."""
    for modifier in meta.modifiers:
        modifier.mute = True
    meta.color_multiply = meta.color_saturation = 1.0


def _still(scene: Any, strip: Any, *names: str) -> None:
    """Take the animation of these properties away."""
    if scene.animation_data is None:
        return
    start, drivers = strip.path_from_id(), scene.animation_data.drivers
    paths = tuple(f"{start}.{name}" for name in names)
    for driver in [d for d in drivers if d.data_path.startswith(paths)]:
        drivers.remove(driver)
    curves = list(_load("compat").curves(scene))
    for holder, curve in [pair for pair in curves if pair[1].data_path.startswith(paths)]:
        holder.remove(curve)


def _set_format(scene: Any, compat: ModuleType, depth: int) -> str:
    """Write what holds `depth` (core/picture_depth.py) exactly; return the files' suffix."""
    settings = scene.render.image_settings
    use = {8: compat.use_png8, 16: compat.use_png16, 32: compat.use_light}[int(depth)]
    use(settings)
    settings.color_management = "FOLLOW_SCENE"
    if depth > 16:
        settings.color_management = "OVERRIDE"  # from 5.0 on an edit may work in another light; this takes that one
        with suppress(TypeError):  # a configuration of the user's own may have no space of this name
            settings.linear_colorspace_settings.name = "Linear Rec.709"
    scene.render.use_file_extension = True
    return ".exr" if depth > 16 else ".png"


def _plain(scene: Any) -> None:
    """What is rendered must be the source's pixels: no look of a display or view, no dither, no other compositing.

    And nothing else, such as the time and the name of the edit's copy: the same pixels are then the same file.
    """
    with suppress(TypeError):  # a configuration of the user's own may have no display of this name
        scene.display_settings.display_device = "sRGB"
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.view_settings.exposure, scene.view_settings.gamma = 0.0, 1.0
    scene.view_settings.use_curve_mapping = False
    render = scene.render
    render.dither_intensity = 0.0
    render.use_sequencer, render.use_compositing = True, False
    render.use_border = render.use_multiview = False
    for name in (name for name in dir(render) if name.startswith("use_stamp")):
        setattr(render, name, False)
    render.resolution_percentage = 100
    scene.sequence_editor.show_missing_media = False


def _native_size(scene: Any, strip: Any) -> None:
    element = next(iter(getattr(strip, "elements", None) or ()), None)
    if element is not None and element.orig_width and element.orig_height:
        scene.render.resolution_x, scene.render.resolution_y = element.orig_width, element.orig_height


def _load(name: str) -> ModuleType:
    """The extension is not enabled in this Blender: import it as the package that this file lies in."""
    package = Path(__file__).resolve().parent
    sys.path.insert(0, str(package.parent))
    return importlib.import_module(f"{package.name}.{name}")


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[sys.argv.index("--") + 1]))
    except _load("core.errors").DeepfakeError as error:
        sys.exit(str(error))
