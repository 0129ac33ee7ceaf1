"""Aligned crops: every face upright, of one size, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .canonical import fit_head
from .geometry import invert, sample


@dataclass(frozen=True)
class Framing:
    """How much of the head a crop shows: `side` in distances of the outer eye corners, `down` moves it down."""

    name: str
    side: float
    down: float = 0.0

    def with_margin(self, factor: float) -> "Framing":
        """The same place with a side `factor` times as long."""
        return Framing(self.name, self.side * factor, self.down)


FACE = Framing("face", 2.1)  # brows to chin, with a little around
WHOLE_FACE = Framing("whole-face", 2.6, -0.12)  # forehead to below the chin, with some of the cheeks
HEAD = Framing("head", 4.0, -0.25)  # hair and neck too, also in profile
FRAMINGS: Mapping[str, Framing] = MappingProxyType({framing.name: framing for framing in (FACE, WHOLE_FACE, HEAD)})
STORED_MARGIN = 1.4  # facesets keep this much more than the framing, for augmentation and other framings


def align(landmarks: NDArray[np.float64], size: int, framing: Framing) -> NDArray[np.float64]:
    """The 2×3 similarity from picture pixels to the pixels of a size×size crop, by 478×3 landmarks.

    It follows the head, not the outline: its scale does not change when the head turns nor when the mouth opens.
    """
    scale, rotation, shift = fit_head(landmarks)
    u, _, vt = np.linalg.svd(rotation[:2, :2])
    in_plane = u @ np.diag([1, np.sign(np.linalg.det(u @ vt))]) @ vt  # the nearest turn within the picture
    centre = shift[:2] + scale * in_plane @ np.array([0, framing.down])
    linear = in_plane.T * (size / (framing.side * scale))
    return np.column_stack([linear, (size - 1) / 2 - linear @ centre])


def crop(image: Pixels, matrix: NDArray[np.float64], size: int, interpolation: int = cv2.INTER_CUBIC) -> Pixels:
    """The size×size×3 crop of a picture under a picture-to-crop matrix, in the picture's type."""
    return sample(image, invert(matrix), size, interpolation)
