"""Where cropped pictures lie: one size for all of a swap's, so that nothing that plays them has to resize them.

Only their place moves, by whole pixels. The size follows from the faces of every frame that was looked at and not from
what was painted, so that it is known before the first frame is made, and on each machine of a farm.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE, align
from ml_backend.faces.face import Face
from ml_backend.faces.geometry import transform
from ml_backend.faces.mesh_surface import POINTS
from ml_backend.faces.regions import eye_distance
from ml_backend.media.frame import Size

from .around import around
from .blend import EDGE
from .layer_file import Window
from .making import placing
from .settings import Controls, SwapSettings

RESOLUTION = 1024  # of the crop in which faces are placed; any will do
SPARE = 0.05  # eye distances beyond a blend's edge: masks are painted at a lower resolution
MOTION = 1.5  # times the mean motion of a face: its fastest corner
SMALLEST = 64  # pixels: what is written on a face must fit, too
STEP = 16  # pixels by which sizes differ, so that faces that lie a little differently mean the same size

Box = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The first pixel (x, y), and the one after the last."""


def crop_windows(
    faces: Iterable[tuple[int, Sequence[Face]]], controls: Controls, square: Size, stored: Size
) -> dict[int, Window]:
    """The window of each frame's file by its number. All have the same size, and hold all that can be painted.

    faces: number and the faces to replace, for all frames that were looked at. square, stored: the size of the plate
    that they lie on, and of its pictures as the windows count them.
    """
    boxes = {number: _box(number, near, controls.at(number), square, stored) for number, near in around(faces, 1)}
    sizes = [high - low for low, high in filter(None, boxes.values())]
    largest = np.max([np.array([SMALLEST, SMALLEST]), *sizes], 0)
    size = np.minimum(-(-largest // STEP) * STEP, stored)
    windows: dict[int, Window] = {}
    for number, box in boxes.items():
        middle = np.zeros(2, np.int64) if box is None else (box[0] + box[1]) // 2
        x, y = np.clip(middle - size // 2, 0, np.array(stored) - size).tolist()
        windows[number] = (x, y, int(size[0]), int(size[1]))
    return windows


def _box(
    number: int, near: Mapping[int, Sequence[Face]], settings: SwapSettings, square: Size, stored: Size
) -> Box | None:
    """What the faces of a frame can touch inside the picture; None for nothing. near: its faces and its neighbours'."""
    narrower = np.array(stored) / square
    lows, highs = [], []
    for face in near[number]:
        place = placing(align(face.landmarks, RESOLUTION, FACE), RESOLUTION, settings)
        points = transform(face.landmarks[:POINTS, :2], place)
        unit = eye_distance(face.landmarks) * settings.scale
        reach = max(2.0, EDGE * unit) + SPARE * unit + 2
        if settings.motion_blur > 0:
            reach += settings.motion_blur / 2 * MOTION * _motion(number, face, near)
        lows.append(np.floor((points.min(0) - reach) * narrower))
        highs.append(np.ceil((points.max(0) + reach + 1) * narrower))
    if not lows:
        return None
    low = np.maximum(np.min(lows, 0), 0).astype(np.int64)
    high = np.minimum(np.max(highs, 0), stored).astype(np.int64)
    return (low, high) if (low < high).all() else None


def _motion(number: int, face: Face, near: Mapping[int, Sequence[Face]]) -> float:
    """Pixels that the face's fastest point moves from a frame to the next."""
    there = {frame: one for frame in near for one in near[frame] if one.track == face.track}
    frames = [frame for frame in (number - 1, number, number + 1) if frame in there]
    if len(frames) < 2:
        return 0.0
    moved = there[frames[-1]].landmarks[:, :2] - there[frames[0]].landmarks[:, :2]
    return float(np.linalg.norm(moved, axis=1).max()) / (frames[-1] - frames[0])
