"""Which of the 478 mesh points make the parts of a face, and the 68 points of the iBUG mark-up."""

import cv2
import numpy as np
from numpy.typing import NDArray

# The mesh point nearest in meaning to each iBUG point: jaw 0–16, brows 17–26, nose 27–35, eyes 36–47,
# outer lips 48–59, inner lips 60–67.
MESH68 = np.array(
    [
        *(127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356),
        *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
        *(168, 197, 5, 4, 75, 97, 2, 326, 305),
        *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
        *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
        *(78, 82, 13, 312, 308, 317, 14, 87),
    ]
)
OVAL = np.array(
    [
        *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
        *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    ]
)
LEFT_EYE = np.array([33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246])
RIGHT_EYE = np.array([263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466])
LIPS = np.array([61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185])
# the outline of the gap between the lips
INNER_LIPS = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95])
LEFT_EYE_CORNER, RIGHT_EYE_CORNER = 33, 263  # the outer ones
# Points that hardly move with expression: eye corners, the nose's bridge and base, forehead, temples, cheekbones.
RIGID = np.array(
    [
        *(33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 2, 98, 327, 10, 109, 338, 67, 297, 151, 9),
        *(127, 356, 162, 389, 234, 454, 116, 345),
    ]
)


def landmarks68(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 68 iBUG points (68×2, pixels) of 478 mesh points (478×2 or 478×3)."""
    points: NDArray[np.float64] = landmarks[MESH68, :2]
    return points


def five_points(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a detector marks (5×2, pixels): the middles of the eyes, the tip of the nose, the corners of the mouth."""
    points = landmarks68(landmarks)
    return np.array([points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]])


def eye_distance(landmarks: NDArray[np.float64]) -> float:
    """The distance of the outer eye corners in pixels, in three dimensions where they are known.

    Three dimensions, because a face in profile would otherwise have none.
    """
    return float(np.linalg.norm(landmarks[RIGHT_EYE_CORNER] - landmarks[LEFT_EYE_CORNER]))


def fill(shape: tuple[int, int], *polygons: NDArray[np.float64]) -> NDArray[np.float32]:
    """H×W float32 in 0–1 with the polygons (N×2 pixels each, made convex) filled, their edges antialiased."""
    bits = 4
    mask = np.zeros(shape, np.uint8)
    for polygon in polygons:
        hull = cv2.convexHull(polygon.astype(np.float32))[:, 0]
        cv2.fillConvexPoly(mask, np.round(hull * (1 << bits)).astype(np.int32), 255, cv2.LINE_AA, bits)
    return np.asarray(mask / 255, np.float32)


def face_mask(shape: tuple[int, int], landmarks: NDArray[np.float64]) -> NDArray[np.float32]:
    """The face's oval in an H×W picture, H×W float32 in 0–1."""
    return fill(shape, landmarks[:468, :2])


def eyes_and_mouth(shape: tuple[int, int], landmarks: NDArray[np.float64]) -> NDArray[np.float32]:
    """Eyes and lips in an H×W picture, H×W float32 in 0–1."""
    return fill(shape, *(landmarks[part, :2] for part in (LEFT_EYE, RIGHT_EYE, LIPS)))
