"""Where one of several people is seen best in a clip."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb

from .truth import TrueFace, TrueFrame

ASIDE, ABOVE, BELOW = 0.22, 0.6, 0.3  # of the box around the landmarks, which ends at the brows
PEEPS = 0.2  # of somebody else's landmarks may be beside the face


def clearest(truth: Sequence[TrueFrame], who: str) -> tuple[TrueFrame, TrueFace]:
    """The frame in which a person looks ahead the most, with nothing before the face and nobody close to it."""
    seen = [
        (frame, face)
        for frame in truth
        for face in frame.faces
        if face.who == who and face.covered < 0.02 and _is_alone(face, frame)
    ]
    return min(seen, key=lambda item: abs(item[1].yaw) + abs(item[1].pitch))


def _is_alone(face: TrueFace, frame: TrueFrame) -> bool:
    x0, y0, x1, y1 = _around(face)
    others = [other.landmarks for other in frame.faces if other.who != face.who]
    inside = [((points >= (x0, y0)) & (points <= (x1, y1))).all(1).mean() for points in others]
    return max(inside, default=0.0) < PEEPS


def _around(face: TrueFace) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = face.box
    wide, high = x1 - x0, y1 - y0
    return x0 - ASIDE * wide, y0 - ABOVE * high, x1 + ASIDE * wide, y1 + BELOW * high


def point_on(truth: Sequence[TrueFrame], who: str) -> str:
    """A person of a clip, as `--person FRAME:X,Y` names one."""
    frame, face = clearest(truth, who)
    x, y = face.landmarks[27:36].mean(0)
    return f"{frame.number}:{x:.0f},{y:.0f}"


def write_portrait(movie: Path, truth: Sequence[TrueFrame], who: str, picture: Path) -> Path:
    """Write a reference picture of a person of a clip: cut out of one frame, larger, darker and with noise."""
    frame, face = clearest(truth, who)
    (shown,) = open_source(movie, f"{frame.number}-{frame.number}").frames()
    x0, y0, x1, y1 = (max(0, int(edge)) for edge in _around(face))
    large = cv2.resize(shown.image[y0:y1, x0:x1], None, fx=2.2, fy=2.2, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(61).normal(0, 4, large.shape)
    write_rgb(picture, np.clip(large * 0.8 + noise, 0, 255).astype(np.uint8))
    return picture
