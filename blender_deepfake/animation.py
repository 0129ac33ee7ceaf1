"""Values that change over time: read from the F-curves of a strip, and written as keys."""

from collections.abc import Sequence
from typing import Any

from . import compat
from .compat import Scene, Strip


def curve(scene: Scene, strip: Strip, name: str, index: int = 0) -> Any | None:
    """The F-curve of a property of `strip` such as "transform.offset_x"; None where it has none that counts."""
    path = compat.strip_path(strip) + name
    found = (c for _, c in compat.curves(scene) if c.data_path == path and c.array_index == index and not c.mute)
    return next(found, None)


def is_driven(scene: Scene, strip: Strip, name: str) -> bool:
    path = compat.strip_path(strip) + name
    return any(driver.data_path == path for driver in drivers(scene))


def drivers(scene: Scene) -> list[Any]:
    """The curves of all drivers of `scene`."""
    return list(scene.animation_data.drivers) if scene.animation_data else []


def values(scene: Scene, strip: Strip, name: str, frames: Sequence[int], index: int | None = None) -> list[float]:
    """The value of a property of `strip` at each of `frames`; of an array's element where `index` is given."""
    moving = curve(scene, strip, name, index or 0)
    if moving is not None:
        return [float(moving.evaluate(frame)) for frame in frames]
    value = strip.path_resolve(name)
    return [float(value if index is None else value[index])] * len(frames)


def drop(scene: Scene, strip: Strip, names: tuple[str, ...]) -> None:
    """Remove the curves and drivers of the properties of `strip` whose names begin so."""
    starts = tuple(compat.strip_path(strip) + name for name in names)
    for holder, moving in [pair for pair in compat.curves(scene) if pair[1].data_path.startswith(starts)]:
        holder.remove(moving)
    for driver in [d for d in drivers(scene) if d.data_path.startswith(starts)]:
        scene.animation_data.drivers.remove(driver)


def hold(scene: Scene, strip: Strip, name: str, frames: Sequence[int], levels: Sequence[float]) -> None:
    """Give a property of `strip` each of `levels` from the frame beside it on, without a way between them."""
    owner_name, _, last_name = name.rpartition(".")
    owner = strip.path_resolve(owner_name) if owner_name else strip
    whole = isinstance(getattr(owner, last_name), int)
    setattr(owner, last_name, int(levels[0]) if whole else levels[0])
    changes = [0, *(i for i in range(1, len(levels)) if levels[i] != levels[i - 1])]
    if len(changes) == 1:
        return
    owner.keyframe_insert(last_name, frame=frames[0])
    moving = curve(scene, strip, name)
    assert moving is not None, "the key that was just set has a curve"
    points = moving.keyframe_points
    points.add(len(changes) - 1)
    points.foreach_set("co", [number for i in changes for number in (float(frames[i]), float(levels[i]))])
    for point in points:
        point.interpolation = "CONSTANT"
    moving.update()
