"""Lays a finished swap over its strip, frame for frame."""

from pathlib import Path
from typing import Any

import bpy

from . import compare, compat, crop_placing, grouping, look, picture_elements, reading_ahead, strips
from .compat import Scene, Strip
from .core import results
from .core.errors import DeepfakeError, UsageError

_CHANNELS = 128
_COLOUR_SPACES = {  # Blender's names for what the backend calls otherwise
    "PQ BT.2020": "Rec.2100-PQ",
    "HLG BT.2020": "Rec.2100-HLG",
    "Linear BT.2020": "Linear Rec.2020",
    "Linear P3-D65": "Linear DCI-P3 D65",
}


def place(scene: Scene, source: Strip, folder: Path) -> Strip:
    """Lay the swap in `folder` over `source` and return its strip.

    It starts where the swap's first frame is shown and is never retimed. A swap that lies over the strip already is
    changed to this one and keeps what else was done to it. A new one takes the channel above where that is free; where
    it is taken, and where the source is blended with what lies below, both go into a meta strip, which takes over how
    the source is blended.
    """
    if compat.is_rendering():
        raise DeepfakeError("Blender renders now, and strips must not change meanwhile.", "Place the swap afterwards.")
    if scene.library is not None:
        raise UsageError(
            f"The scene {scene.name!r} is linked from {scene.library.filepath}.",
            "Place the swap in that file, or make the scene local.",
        )
    swap = results.read_swap(folder.resolve())
    placement = results.place(strips.describe(scene, source), swap)
    uid = strips.mark(source)
    edit = scene.sequence_editor
    edit.show_missing_media = False  # True can crash a render when a frame is missing
    reading_ahead.stop(scene)
    home, channel = strips.siblings(source), source.channel
    result = _updated(home, source, swap, placement)
    free = result is not None
    if result is None:
        spare, free = _spare(scene, source, placement)
        result = _add(home, f"{source.name} as {swap.identity or 'swap'}", swap, placement, spare)
        result.mute = source.mute
    _set_colour(source, result, swap.colour)
    look.copy(scene, source, result)
    if placement.windows:
        crop_placing.follow_windows(scene, source, result, swap.size, placement)
    result[strips.SWAP] = swap.fingerprint or swap.folder.name
    result[strips.SOURCE] = uid
    source[strips.CURRENT] = swap.folder.name
    if not free or grouping.is_needed(scene, source):
        grouping.group(scene, source, result, channel)
    edit.active_strip = source
    compat.forget_frames(result)
    return result


def _updated(home: Any, source: Strip, swap: results.Swap, where: results.Placement) -> Strip | None:
    """The strip that lies over the source already, with the files of `swap`; None where there is none that can do.

    Others that lie there are taken away.
    """
    result = None
    empty = _empty_channel(home)
    for lying in strips.results_over(source):
        compare.leave(source.id_data, lying)
        frames = range(where.first, where.first + len(where.files))
        if result is None and empty and lying.channel > source.channel and _is_free(home, lying.channel, frames, lying):
            result = lying
        else:
            home.remove(lying)
    if result is not None:
        channel, result.channel = result.channel, empty
        compat.lay(
            result, where.first, len(result.elements)
        )  # a strip whose ends are cut off grows and shrinks wrongly
        _show_files(result, swap, where)
        compat.lay(result, where.first, len(where.files))
        result.channel = channel
    return result


def _spare(scene: Scene, source: Strip, where: results.Placement) -> tuple[int, bool]:
    """The channel for a new strip, and whether it can stay there."""
    home, edit = strips.siblings(source), scene.sequence_editor
    above = source.channel + 1
    frames = range(where.first, where.first + len(where.files))
    locked = source.parent_meta() is None and edit.channels[min(above, _CHANNELS)].lock
    free = not locked and _is_free(home, above, frames) and not grouping.feeds_effects(source)
    return (above if free else _free_channel(home, frames)), free


def _add(home: Any, name: str, swap: results.Swap, where: results.Placement, channel: int) -> Strip:
    file = str(swap.folder / where.files[0])
    strip = home.new_image(name=name, filepath=file, channel=channel, frame_start=where.first)
    _show_files(strip, swap, where)
    compat.lay(strip, where.first, len(where.files))
    strip.select = False
    strip.blend_type = "ALPHA_OVER"
    return strip


def _show_files(strip: Strip, swap: results.Swap, where: results.Placement) -> None:
    picture_elements.resize(strip, swap.folder, len(where.files))
    for element, file in zip(strip.elements, where.files, strict=True):
        element.filename = file
    strip.alpha_mode = "PREMUL" if swap.premultiplied else "STRAIGHT"
    show_folder(strip, swap.folder)


def show_folder(strip: Strip, folder: Path) -> None:
    """Have an image strip read its pictures from `folder`: by a path that may move with the edit where it can."""
    strip.directory = f"{bpy.path.relpath(str(folder)) if _same_drive(folder) else folder}/"


def _set_colour(source: Strip, result: Strip, name: str) -> None:
    """A colour space that this Blender does not know came from the plate, and so is what the source is shown by."""
    try:
        result.colorspace_settings.name = _COLOUR_SPACES.get(name, name)
    except TypeError:
        if hasattr(source, "colorspace_settings"):
            result.colorspace_settings.name = source.colorspace_settings.name


def _same_drive(folder: Path) -> bool:
    return bool(bpy.data.filepath) and folder.drive == Path(bpy.data.filepath).drive


def _is_free(home: Any, channel: int, frames: range, but: Strip | None = None) -> bool:
    lying = [compat.timing(strip) for strip in home if strip.channel == channel and strip != but]
    return channel <= _CHANNELS and all(t.right <= frames.start or t.left >= frames.stop for t in lying)


def _empty_channel(home: Any) -> int:
    """The highest channel without any strip; 0 where there is none."""
    taken = {strip.channel for strip in home}
    return next((number for number in range(_CHANNELS, 0, -1) if number not in taken), 0)


def _free_channel(home: Any, frames: range) -> int:
    channel = next((number for number in range(_CHANNELS, 0, -1) if _is_free(home, number, frames)), None)
    if channel is None:
        raise DeepfakeError("All channels are taken over this strip.", "Free one channel.")
    return channel
