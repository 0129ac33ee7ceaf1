"""Lays the cropped files of a swap where they belong, frame by frame."""

from . import animation
from .compat import Scene, Strip
from .core import crops
from .core.crops import Crop
from .core.picture_mapping import Placement as PicturePlacement
from .core.results import Placement

_SIDES = {"min_x": "left", "max_x": "right", "min_y": "bottom", "max_y": "top"}


def follow_windows(scene: Scene, source: Strip, result: Strip, size: tuple[int, int], where: Placement) -> None:
    """Lay each file where its window lies in the source's picture, however that itself is placed at each frame.

    `size` is the width and height of the picture. `result` has the source's scale, rotation, origin and flips already.
    """
    frames = range(where.first, where.first + len(where.files))
    animation.drop(scene, result, ("transform.offset_x", "transform.offset_y", "crop."))
    looks = _looks(scene, source, size, frames)
    offsets = [crops.offset(look, window) for look, window in zip(looks, where.windows, strict=True)]
    whole_cuts = _cuts(scene, source, frames)
    cuts = [crops.crop(size, cut, window) for cut, window in zip(whole_cuts, where.windows, strict=True)]
    for index, name in enumerate(("offset_x", "offset_y")):
        animation.hold(scene, result, f"transform.{name}", frames, [offset[index] for offset in offsets])
    for name, side in _SIDES.items():
        animation.hold(scene, result, f"crop.{name}", frames, [getattr(cut, side) for cut in cuts])


def _looks(scene: Scene, strip: Strip, size: tuple[int, int], frames: range) -> list[PicturePlacement]:
    """How the picture of `strip`, of this size, lies in the frame at each of `frames`."""

    def over_time(name: str, index: int | None = None) -> list[float]:
        return animation.values(scene, strip, f"transform.{name}", frames, index)

    names = ("offset_x", "offset_y", "scale_x", "scale_y", "rotation")
    columns = [*map(over_time, names), over_time("origin", 0), over_time("origin", 1)]
    frame_size = scene.render.resolution_x, scene.render.resolution_y
    return [PicturePlacement(*size, *frame_size, *row) for row in zip(*columns, strict=True)]


def _cuts(scene: Scene, strip: Strip, frames: range) -> list[Crop]:
    columns = [animation.values(scene, strip, f"crop.{name}", frames) for name in _SIDES]
    return [Crop(*map(round, row)) for row in zip(*columns, strict=True)]
