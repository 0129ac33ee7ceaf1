"""What is made of the mask that the network has learned. Masks are R×R float32 in 0–1."""

import cv2
import numpy as np

from ml_backend.faces.alignment import FACE
from ml_backend.swapping.blend import Mask

RIM, RIM_FEATHER = 0.03, 0.08  # what the mask loses at its edge, and how softly, in eye distances


def inside_edge(mask: Mask, resolution: int) -> Mask:
    """The mask of a face crop with an edge that rises inside of it.

    Just inside the edge the network's colours are still those of hair or background, and would show as a dark rim.
    """
    unit = resolution / FACE.side
    distance = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    rise = np.clip((distance - RIM * unit) / max(RIM_FEATHER * unit, 1.0), 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), np.float32)


def inside_crop(resolution: int) -> Mask:
    """1 inside the crop, falling to 0 at its border, so that a face that leaves the crop has no hard edge."""
    edge = np.minimum(np.arange(resolution), np.arange(resolution)[::-1]) / (resolution * 0.05)
    ramp = np.minimum(edge, 1).astype(np.float32)
    inner: Mask = np.minimum(ramp[:, None], ramp[None])
    return inner
