"""What lies in front of the performer's face stays in front of it: a mask model's word on each face of the plate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.alignment import align, crop
from ml_backend.faces.geometry import invert
from ml_backend.faces.regions import eye_distance
from ml_backend.media.frame import Pixels
from ml_backend.training.masks.model import MaskModel

from ..blend import to_unit

Mask = NDArray[np.float32]

# Parts of the crop's side by which it is moved for an average; a network's doubts change with where a pixel lies
_STEPS = ((0.0, 0.0), (0.012, 0.007), (-0.007, 0.012), (-0.005, -0.019))

# Frames show the same thing at a place where their pictures (0–1, the mean of the channels) differ by less than this
_ALIKE = 0.03


@dataclass(frozen=True)
class Seen:
    """How sure it is that a face is seen: S×S float32 in 0–1; `matrix` (2×3) leads from the plate's pixels to these.

    eyes: the distance of the outer eye corners in the plate's pixels. picture: S×S×3 float32 RGB in 0–1, the crop that
    was looked at.
    """

    probability: Mask
    matrix: NDArray[np.float64]
    eyes: float
    picture: NDArray[np.float32]

    def in_crop(self, matrix: NDArray[np.float64], size: int) -> Mask:
        """The same in size×size pixels to which `matrix` leads from the plate's: 1 where nobody looked."""
        return self._warp(self.matrix, invert(matrix), (size, size))

    def in_frame(self, corner: tuple[int, int], shape: tuple[int, int], grow: float, feather: float) -> Mask:
        """What of the made face may be laid over H×W pixels of the plate, the first of which is `corner` (x, y).

        Exactly 0 where something covers the face and for `grow` around it, rising to 1 over `feather`; both in
        distances of the outer eye corners.
        """
        to_plate = np.array([[1.0, 0, corner[0]], [0, 1, corner[1]]])
        probability = self._warp(self.matrix, to_plate, shape)
        covered = probability <= 0.5
        if not covered.any():
            return np.ones(shape, np.float32)
        distance = cv2.distanceTransform((~covered).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        rise = np.clip((distance - max(grow * self.eyes, 0.5)) / max(feather * self.eyes, 1.0), 0, 1)
        return np.asarray(rise * rise * (3 - 2 * rise), np.float32)

    def _warp(self, to_own: NDArray[np.float64], to_plate: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
        there = to_own @ np.vstack([to_plate, [0, 0, 1]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(self.probability, there, shape[::-1], flags=flags, borderValue=1.0)
        return np.asarray(warped, np.float32)


def look(model: MaskModel, plate: Pixels, landmarks: NDArray[np.float64], steady: bool) -> Seen:
    """Ask the model about one face (landmarks 478×3) of an H×W×3 RGB frame (uint8 or uint16).

    steady: the mean over crops that lie a little differently, so that edges flicker less from frame to frame. It
    takes nothing from other frames, so that a resumed swap and one on a farm make the same pictures.
    """
    matrix, eyes, size = align(landmarks, model.size, model.framing), eye_distance(landmarks), model.size
    looks = []
    for x, y in _STEPS if steady else _STEPS[:1]:
        moved = matrix.copy()
        moved[:, 2] += np.array([x, y]) * size
        picture = crop(plate, moved, size, cv2.INTER_LINEAR)
        looks.append(Seen(model.predict(picture[None])[0], moved, eyes, to_unit(picture)))
    if not steady:
        return looks[0]
    mean = np.asarray(np.mean([one.in_crop(matrix, size) for one in looks], axis=0), np.float32)
    return Seen(mean, matrix, eyes, looks[0].picture)


def average(own: Seen, others: Sequence[tuple[Seen, float]]) -> Seen:
    """`own` averaged with looks at the same face on other frames, each with its weight beside own's 1.

    The crops move with the face, so each pixel is averaged with those of its place. One counts less the more its
    picture differs from own's there: what covers the face on other frames only leaves no trace. All looks must have
    the same size (ValueError). Without others it is `own` itself.
    The weights are those of Petschnigg et al., "Digital photography with flash and no-flash image pairs", 2004 (joint
    bilateral filter), over time in place of space.
    """
    if not others:
        return own
    total, mean = np.ones_like(own.probability), own.probability.copy()
    for other, weight in others:
        apart = np.abs(other.picture - own.picture).mean(2) / np.float32(_ALIKE)
        share = np.float32(weight) * np.exp(-(apart**2) / 2)
        total += share
        mean += share * other.probability
    return replace(own, probability=np.asarray(mean / total, np.float32))
