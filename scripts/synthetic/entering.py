"""People who come into a shot that has begun already, with their truth: who slides in, and who is small for long."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from synthetic.spoil import Shown
from synthetic.trial_clips import PLATE, TAKE1, scenery, shown, there_and_back
from synthetic.truth import TrueFace, TrueFrame

from ml_backend.media.frame import Pixels

SIZE = (1280, 720)


def slides_in(beside: bool, speed: int = 12, empty: int = 9, frames: int = 60) -> Iterator[Shown]:
    """B slides in from the right; beside: A is there all the time, on the left."""
    under = scenery(*SIZE, seed=61)
    a, b = list(shown(PLATE, 1, 1 + frames)), list(shown(TAKE1, 1, 1 + frames))
    for n in range(frames):
        picture, faces = under.copy(), []
        if beside:
            faces += put(picture, a[n], 0.9, (60 + n % 3, 180))
        x = max(SIZE[0] - speed * max(0, n - empty), 760)
        faces += put(picture, b[n], 0.9, (x, 200))
        yield picture, TrueFrame(n + 1, 1, tuple(faces))


def small_for_long(frames: int = 330, comes: int = 40) -> Iterator[Shown]:
    """A is there all the time; B comes in far away, too small for a quick look at the whole picture."""
    under = scenery(*SIZE, seed=67)
    pairs = zip(there_and_back(PLATE, frames), there_and_back(TAKE1, frames), strict=True)
    for n, (a, b) in enumerate(pairs):
        picture = under.copy()
        faces = put(picture, a, 0.9, (60, 180))
        if n >= comes:
            faces += put(picture, b, 0.16, (900 + (n - comes) // 4, 300))
        yield picture, TrueFrame(n + 1, 1, tuple(faces))


def put(under: Pixels, head: Shown, scale: float, corner: tuple[int, int]) -> list[TrueFace]:
    """Lay a head, cut out, over a picture, which is changed. What is beyond the picture's edge counts as covered."""
    image, truth = head
    (x, y), (height, width) = corner, under.shape[:2]
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    matte = cut_out(truth.faces[0].landmarks * scale, small.shape[:2])
    here = slice(y, min(y + small.shape[0], height)), slice(x, min(x + small.shape[1], width))
    rows, columns = here[0].stop - y, max(0, here[1].stop - x)
    if columns == 0:
        return []
    part = matte[:rows, :columns, None]
    under[here] = np.round(under[here] * (1 - part) + small[:rows, :columns] * part)
    face = truth.faces[0].moved(scale, x, y)
    beyond = float((face.landmarks >= (width, height)).any(1).mean())
    return [replace(face, covered=max(face.covered, beyond))] if beyond < 1 else []


def cut_out(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float32]:
    """H×W in 0–1: the head around 68 landmarks."""
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    matte = np.zeros(shape, np.float32)
    middle = (int(points[:17, 0].mean()), int(y1 - 0.78 * (y1 - y0)))
    cv2.ellipse(matte, middle, (int(0.72 * (x1 - x0)), int(0.86 * (y1 - y0))), 0, 0, 360, 1, -1)
    blurred: NDArray[np.float32] = cv2.GaussianBlur(matte, (0, 0), max(0.5, 0.01 * shape[0]))
    return blurred


ENTRIES: Mapping[str, Callable[[], Iterator[Shown]]] = {
    "slides_in_alone": lambda: slides_in(beside=False),
    "slides_in_beside": lambda: slides_in(beside=True),
    "slides_in_fast": lambda: slides_in(beside=True, speed=30),
    "small_for_long": small_for_long,
}
