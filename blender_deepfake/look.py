"""How a strip is placed in the picture, copied to another with its animation."""

from typing import Any

from . import animation, compat
from .compat import Scene, Strip

_TRANSFORM = ("filter", "scale_x", "scale_y", "offset_x", "offset_y", "rotation", "origin")
_CROP = ("min_x", "max_x", "min_y", "max_y")
_FLIPS = ("use_flip_x", "use_flip_y")
_ANIMATED = ("transform.", "crop.", "mute")


def copy(scene: Scene, source: Strip, result: Strip) -> None:
    """Transform, crop and flips as the source has them, with their keys and drivers, and when it is muted by them."""
    for owner, names in (("transform", _TRANSFORM), ("crop", _CROP)):
        for name in names if hasattr(source, owner) else ():
            setattr(getattr(result, owner), name, getattr(getattr(source, owner), name))
    for name in _FLIPS:
        setattr(result, name, getattr(source, name, False))
    animation.drop(scene, result, _ANIMATED)
    old, new = compat.strip_path(source), compat.strip_path(result)
    paths = tuple(old + name for name in _ANIMATED)
    for holder, curve in [pair for pair in compat.curves(scene) if pair[1].data_path.startswith(paths)]:
        like = holder.new(new + curve.data_path.removeprefix(old), index=curve.array_index)
        _copy_keys(curve, like)
    for driver in [d for d in animation.drivers(scene) if d.data_path.startswith(paths)]:
        like = scene.animation_data.drivers.from_existing(src_driver=driver)
        like.data_path = new + driver.data_path.removeprefix(old)


def _copy_keys(curve: Any, like: Any) -> None:
    like.extrapolation, like.mute = curve.extrapolation, curve.mute
    like.keyframe_points.add(len(curve.keyframe_points))
    for key, old in zip(like.keyframe_points, curve.keyframe_points, strict=True):
        for name in ("co", "interpolation", "easing", "back", "amplitude", "period"):
            setattr(key, name, getattr(old, name))
        key.handle_left_type, key.handle_right_type = old.handle_left_type, old.handle_right_type
        key.handle_left, key.handle_right = old.handle_left, old.handle_right
    for modifier in curve.modifiers:
        copy = like.modifiers.new(modifier.type)
        for prop in modifier.bl_rna.properties:
            if not prop.is_readonly and prop.identifier != "name":
                setattr(copy, prop.identifier, getattr(modifier, prop.identifier))
    like.update()
