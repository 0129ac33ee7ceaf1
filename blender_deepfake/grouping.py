"""A strip and its swap as one: in a meta strip, which is blended with what lies below as the strip alone was.

A swap over a half transparent strip would let the strip's own face shine through; inside a meta strip both are one
opaque picture first.
"""

from typing import Any

import bpy

from . import animation, compat, strips
from .compat import Scene, Strip

_OVER = ("REPLACE", "ALPHA_OVER")


def is_needed(scene: Scene, source: Strip) -> bool:
    """Is `source` blended so that a strip over it could not follow?"""
    return _is_blended(scene, source) or feeds_effects(source)


def feeds_effects(source: Strip) -> bool:
    """Do effect strips take their picture from `source`? They shall show the swap, too."""
    return bool(_fed(source))


def group(scene: Scene, source: Strip, result: Strip, channel: int) -> None:
    """Put both into a meta strip in `channel`, where they are in none of their own yet, and let it do the blending."""
    meta = source.parent_meta()
    if meta is None or not meta.get(strips.GROUP) or _is_blended(scene, meta) or len(meta.strips) > 2:
        meta = _wrap(scene, source, result, channel)
    _lift(scene, source, meta)


def _is_blended(scene: Scene, strip: Strip) -> bool:
    moving = animation.curve(scene, strip, "blend_alpha") is not None or animation.is_driven(
        scene, strip, "blend_alpha"
    )
    return moving or strip.blend_alpha < 1.0 or strip.blend_type not in _OVER


def _fed(source: Strip) -> list[tuple[Strip, str]]:
    """The effect strips beside `source` that use it, each with the name of the input."""
    names = ("input_1", "input_2")
    return [(s, name) for s in strips.siblings(source) for name in names if getattr(s, name, None) == source]


def _wrap(scene: Scene, source: Strip, result: Strip, channel: int) -> Strip:
    """The operator is exact where the API is not. It would take effects along that use the source, so these wait."""
    edit, parent, name = scene.sequence_editor, source.parent_meta(), source.name
    fed = [(effect.name, which) for effect, which in _fed(source)]
    spare = _stand_in(source, channel) if fed else None
    for effect, which in fed:
        setattr(edit.strips_all[effect], which, spare)
    everything = list(edit.strips_all)
    selection = [strip for strip in everything if strip.select]
    shown = edit.meta_stack[-1] if len(edit.meta_stack) else None
    home = (parent or edit).strips
    before = set(home.keys())
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
    meta = next(strip for strip in home if strip.type == "META" and strip.name not in before)
    meta[strips.GROUP], meta.select = True, source in selection
    for effect, which in fed:
        setattr(edit.strips_all[effect], which, meta)
    meta.name = f"{name} swapped"  # only now: 5.2 sees with a new name that the effects left the stand-in
    if spare is not None:
        home.remove(spare)
    meta.channel = channel
    result.channel = source.channel + 1
    return meta


def _stand_in(source: Strip, channel: int) -> Any:
    """A strip that effects can use while their own input is moved."""
    home, timing = strips.siblings(source), compat.timing(source)
    taken = {strip.channel for strip in home}
    free = next(number for number in range(128, 0, -1) if number not in taken)
    names = home.bl_rna.functions["new_effect"].parameters.keys()
    end = {"frame_end": timing.right} if "frame_end" in names else {"length": timing.right - timing.left}
    return home.new_effect(name="deepfake", type="COLOR", channel=free, frame_start=timing.left, **end)


def _lift(scene: Scene, source: Strip, meta: Strip) -> None:
    """`meta` gets the source's blending, with its keys and drivers; the source becomes opaque."""
    meta.blend_type, meta.blend_alpha = source.blend_type, source.blend_alpha
    old, new = compat.strip_path(source) + "blend_alpha", compat.strip_path(meta) + "blend_alpha"
    for curve in [*(curve for _, curve in compat.curves(scene)), *animation.drivers(scene)]:
        if curve.data_path == old:
            curve.data_path = new
    source.blend_alpha, source.blend_type = 1.0, "ALPHA_OVER"
