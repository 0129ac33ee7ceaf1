"""Lays a finished swap over its strip, frame for frame."""

from pathlib import Path
from typing import Any

import bpy

from . import compat, crop_placing, strips
from .compat import Scene, Strip
from .core import results
from .core.errors import DeepfakeError

_CHANNELS = 128
_TRANSFORM = ("filter", "scale_x", "scale_y", "offset_x", "offset_y", "rotation", "origin")
_CROP = ("min_x", "max_x", "min_y", "max_y")
_FLIPS = ("use_flip_x", "use_flip_y")
_COLOUR_SPACES = {  # Blender's names for what the backend calls otherwise
    "PQ BT.2020": "Rec.2100-PQ",
    "HLG BT.2020": "Rec.2100-HLG",
    "Linear BT.2020": "Linear Rec.2020",
    "Linear P3-D65": "Linear DCI-P3 D65",
}


def place(scene: Scene, source: Strip, folder: Path) -> Strip:
    """Add the swap in `folder` above `source` and return the new strip.

    It starts where the swap's first frame is shown and is never retimed. It takes the channel above where that
    is free; where it is taken both go into a meta strip, so that what lies above stays above. A swap that
    already lies over the strip is taken away first.
    """
    if compat.is_rendering():
        raise DeepfakeError("Blender renders now, and strips must not change meanwhile.", "Place the swap afterwards.")
    swap = results.read_swap(folder.resolve())
    placement = results.place(strips.describe(scene, source), swap)
    uid = strips.mark(source)
    edit = scene.sequence_editor
    edit.show_missing_media = False  # True can crash a render when a frame is missing
    channel = source.channel
    meta = source.parent_meta()
    home = (meta or edit).strips
    _remove_earlier(home, uid, source)
    above = channel + 1
    frames = range(placement.first, placement.first + len(placement.files))
    locked = meta is None and edit.channels[min(above, _CHANNELS)].lock
    free = not locked and _is_free(home, above, frames)
    spare = above if free else _free_channel(home, frames)
    result = _add(home, f"{source.name} as {swap.identity or 'swap'}", swap, placement, spare)
    _set_colour(source, result, swap.colour)
    _copy_look(scene, source, result)
    if placement.windows:
        crop_placing.follow_windows(scene, source, result, swap.size, placement)
    result[strips.SWAP] = str(swap.folder)
    result[strips.SOURCE] = uid
    if not free:
        _wrap(scene, meta, source, result, channel)
    edit.active_strip = source
    compat.forget_frames(result)
    return result


def _add(home: Any, name: str, swap: results.Swap, where: results.Placement, channel: int) -> Strip:
    first, *rest = where.files
    strip = home.new_image(name=name, filepath=str(swap.folder / first), channel=channel, frame_start=where.first)
    for file in rest:
        strip.elements.append(file)
    strip.select = False
    strip.blend_type = "ALPHA_OVER"
    strip.alpha_mode = "PREMUL" if swap.premultiplied else "STRAIGHT"
    if bpy.data.filepath:
        strip.directory = bpy.path.relpath(strip.directory) + "/" if _same_drive(swap.folder) else strip.directory
    return strip


def _set_colour(source: Strip, result: Strip, name: str) -> None:
    """A colour space that this Blender does not know came from the plate, and so is what the source is shown by."""
    try:
        result.colorspace_settings.name = _COLOUR_SPACES.get(name, name)
    except TypeError:
        if hasattr(source, "colorspace_settings"):
            result.colorspace_settings.name = source.colorspace_settings.name


def _same_drive(folder: Path) -> bool:
    return folder.drive == Path(bpy.data.filepath).drive


def _is_free(home: Any, channel: int, frames: range) -> bool:
    lying = [compat.timing(strip) for strip in home if strip.channel == channel]
    return channel <= _CHANNELS and all(t.right <= frames.start or t.left >= frames.stop for t in lying)


def _free_channel(home: Any, frames: range) -> int:
    channel = next((number for number in range(_CHANNELS, 0, -1) if _is_free(home, number, frames)), None)
    if channel is None:
        raise DeepfakeError("All channels are taken over this strip.", "Free one channel.")
    return channel


def _copy_look(scene: Scene, source: Strip, result: Strip) -> None:
    """Transform, crop and flips as the source has them, with their animation."""
    for owner, names in (("transform", _TRANSFORM), ("crop", _CROP)):
        for name in names:
            setattr(getattr(result, owner), name, getattr(getattr(source, owner), name))
    for name in _FLIPS:
        setattr(result, name, getattr(source, name))
    old, new = compat.strip_path(source), compat.strip_path(result)
    moving = [
        pair for pair in compat.curves(scene) if pair[1].data_path.startswith((f"{old}transform.", f"{old}crop."))
    ]
    for holder, curve in moving:
        copy = holder.new(new + curve.data_path.removeprefix(old), index=curve.array_index)
        copy.extrapolation = curve.extrapolation
        copy.keyframe_points.add(len(curve.keyframe_points))
        for key, like in zip(copy.keyframe_points, curve.keyframe_points, strict=True):
            for name in ("co", "interpolation", "easing", "handle_left_type", "handle_right_type"):
                setattr(key, name, getattr(like, name))
            key.handle_left, key.handle_right = like.handle_left, like.handle_right
        copy.update()


def _wrap(scene: Scene, parent: Strip | None, source: Strip, result: Strip, channel: int) -> None:
    """Put both strips into a meta strip in the source's channel. The operator is exact where the API's is not."""
    edit = scene.sequence_editor
    everything = list(edit.strips_all)
    selection = [strip for strip in everything if strip.select]
    shown = edit.meta_stack[-1] if len(edit.meta_stack) else None
    before = set((parent or edit).strips.keys())
    name = source.name
    try:
        edit.display_stack(parent)
        for strip in everything:
            strip.select = strip in (source, result)
        edit.active_strip = source
        with compat.as_sequencer_scene(scene):
            bpy.ops.sequencer.meta_make()
    finally:
        edit.display_stack(shown)
        for strip in everything:
            strip.select = strip in selection
    for strip in (parent or edit).strips:
        if strip.type == "META" and strip.name not in before:
            strip.name = f"{name} swapped"
            strip.channel, strip.select = channel, source in selection
    result.channel = source.channel + 1


def _remove_earlier(home: Any, uid: str, source: Strip) -> None:
    """Placing a swap of the same strip again replaces the last one; those over duplicates elsewhere stay."""
    over = compat.timing(source)
    for strip in list(home):
        lies = compat.timing(strip)
        if strip.get(strips.SOURCE) == uid and lies.left < over.right and lies.right > over.left:
            home.remove(strip)
