"""Blur the layer as a camera's open shutter would, along the face's own motion.

Pictures are H×W×3 RGB float32 in 0–1, masks H×W float32 in 0–1.
"""

import cmath
import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.geometry import in_part, similarity_matrix, transform
from ml_backend.swapping.blend import Mask, Picture

MOST_DOUBLINGS = 6
STILL = 0.1  # pixels that nobody sees


def face_motion(before: NDArray[np.float64], after: NDArray[np.float64], frames: float) -> NDArray[np.float64]:
    """The face's motion in one frame, a 2×3 similarity, from its landmarks (N×2 or N×3 pixels) `frames` apart."""
    return part_of_motion(similarity_matrix(before[:, :2], after[:, :2]), 1 / frames)


def part_of_motion(motion: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The similarity (2×3) that is a part of another one: `share` 0.5 twice is the whole, −1 is the way back."""
    # in the complex plane the similarity is z → a·z + b
    a, b = complex(motion[0, 0], motion[1, 0]), complex(motion[0, 2], motion[1, 2])
    turn = cmath.log(a)
    part = cmath.exp(share * turn)
    travelled = share if abs(turn) < 1e-9 else (part - 1) / (a - 1)
    shift = b * travelled
    return np.array([[part.real, -part.imag, shift.real], [part.imag, part.real, shift.imag]])


def motion_blur(picture: Picture, mask: Mask, motion: NDArray[np.float64], shutter: float) -> tuple[Picture, Mask]:
    """Colour and mask of a face that moves while the shutter is open, both around its place in this frame.

    motion: 2×3, the face's similarity from one frame to the next in the picture's pixels; shutter: how long it is
    open, in frames (0.5 is 180°). A shutter of 0 and a face at rest give both arguments back. The mask weighs the
    colour, so that what lies beside the face does not run into it. A mask that is not 0 at a border goes on beyond it
    as it is there: the picture cuts the face.
    """
    moved = part_of_motion(motion, shutter)
    paths = _paths(mask, moved)
    path = float(np.linalg.norm(paths, axis=1).max())
    if path < STILL:
        return picture, mask
    doublings = min(MOST_DOUBLINGS, max(1, math.ceil(math.log2(path + 1))))
    # n places at equal distances, seen from the middle: the first lies (n − 1)/2n of the path before it
    places = 2**doublings
    layer = np.dstack([picture * mask[..., None], mask]).astype(np.float32)
    reaches = np.ceil(np.abs(paths).max(0)).astype(int) + 1
    across, down = (int(reach) for reach in np.minimum(reaches, mask.shape[::-1]))
    layer = np.asarray(cv2.copyMakeBorder(layer, down, down, across, across, cv2.BORDER_REPLICATE), np.float32)
    moved = in_part(moved, (-across, -down))
    layer = _warp(layer, part_of_motion(moved, -(places - 1) / (2 * places)))
    for step in range(doublings):
        later = _warp(layer, part_of_motion(moved, 2**step / places))
        layer = np.asarray(cv2.addWeighted(layer, 0.5, later, 0.5, 0), np.float32)
    layer = layer[down:-down, across:-across]
    blurred: Mask = np.ascontiguousarray(layer[..., 3])
    seen = blurred[..., None] > 1e-4
    colour = np.where(seen, layer[..., :3] / np.maximum(blurred[..., None], 1e-4), picture)
    return colour.astype(np.float32), blurred


def _paths(mask: Mask, motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the corners of the masked part move, 4×2 pixels; none where nothing is masked."""
    rows, columns = np.nonzero(mask.max(1) > 0)[0], np.nonzero(mask.max(0) > 0)[0]
    if not rows.size:
        return np.zeros((1, 2))
    corners = np.array([[x, y] for x in columns[[0, -1]] for y in rows[[0, -1]]], np.float64)
    return np.asarray(transform(corners, motion) - corners, np.float64)


def _warp(layer: NDArray[np.float32], motion: NDArray[np.float64]) -> NDArray[np.float32]:
    size = layer.shape[1::-1]
    return np.asarray(cv2.warpAffine(layer, motion, size, flags=cv2.INTER_LINEAR, borderValue=0), np.float32)
