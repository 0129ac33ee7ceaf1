"""A picture of a face that comes with the doctor, so that the face models can be tried without footage.

It is a frame of the demo's synthetic identity B (demo/footage/identity_B_take1.mp4, frame 30); nobody in it is real.
sample_face.json holds what the models find in it: the outer eye corners in pixels, and the embedding.
"""

import json
from dataclasses import dataclass
from importlib.resources import as_file, files

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels
from ml_backend.media.picture import read_picture


@dataclass(frozen=True)
class Reference:
    """eyes: the outer eye corners (2×2, x and y in pixels of the picture). embedding: 128 numbers."""

    eyes: NDArray[np.float64]
    embedding: NDArray[np.float32]


def sample_face() -> Pixels:
    """384×384×3 RGB uint8 with one face."""
    with as_file(files("ml_backend.doctor").joinpath("sample_face.jpg")) as path:
        return read_picture(path)


def reference() -> Reference:
    value = json.loads(files("ml_backend.doctor").joinpath("sample_face.json").read_text(encoding="utf-8"))
    return Reference(np.asarray(value["eyes"], np.float64), np.asarray(value["embedding"], np.float32))


def sample_frame(width: int, height: int) -> Pixels:
    """height×width×3 RGB uint8 on a grey ground: a close-up, the face fills about 45 % of the shorter side."""
    side = min(width, height)
    frame = np.full((height, width, 3), 96, np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    face = cv2.resize(sample_face(), (side, side), interpolation=cv2.INTER_CUBIC)
    frame[top : top + side, left : left + side] = face
    return frame
