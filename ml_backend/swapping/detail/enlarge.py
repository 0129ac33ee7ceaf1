"""Bring the made face from the model's resolution to the size that the face has on the plate.

Pictures are H×W×3 RGB float32 in 0–1, masks H×W float32 in 0–1.
"""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.swapping.blend import Mask, Picture

Enlargement = Literal["cubic", "lanczos", "detail"]
LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
STRUCTURE = 0.1  # of the crop's side: what varies over more than this is light and colour, not structure
NEIGHBOURHOOD = 0.02  # of the crop's side: over how much two structures are compared
FAINT = 0.02**2  # variance below which a difference of structure cannot be seen
SOFT = 0.6  # pixels of the model's: its own finest detail fades before the last one
EDGE = 2.0  # times the skin's own texture: more is an edge, and an edge is a likeness
DARKEST = 0.1  # luma below which a relative detail is no longer scaled up


def enlarge(
    made: Picture,
    size: int,
    method: Enlargement,
    plate: Picture | None = None,
    mask: Mask | None = None,
    strength: float = 1.0,
) -> Picture:
    """The made face R×R×3 as size×size×3; with `detail` the plate's fine texture on it. Can leave 0–1 a little.

    plate: the plate's crop of the same framing, size×size×3; mask: size×size, where detail may go. Both are for
    `detail` only, which is `lanczos` without a plate. A size of R gives the face as it is, a smaller one its average.
    """
    resolution = made.shape[0]
    if size == resolution:
        return made
    if size < resolution:
        return np.asarray(cv2.resize(made, (size, size), interpolation=cv2.INTER_AREA), np.float32)
    way = cv2.INTER_CUBIC if method == "cubic" else cv2.INTER_LANCZOS4
    large: Picture = np.asarray(cv2.resize(made, (size, size), interpolation=way), np.float32)
    if method != "detail" or plate is None or strength == 0:
        return large
    if mask is None:
        mask = np.ones((size, size), np.float32)
    gain = fine_detail(made, plate, mask) * np.float32(strength)
    return np.asarray(large * (1 + gain)[..., None], np.float32)


def fine_detail(made: Picture, plate: Picture, mask: Mask) -> NDArray[np.float32]:
    """What the plate's crop S×S×3 shows and a picture of R×R×3 cannot, S×S, as parts of the brightness around it.

    0 where the mask S×S is 0. Skin, pores and stubble: the difference of the plate to itself at the made face's
    resolution. It fades where the made face and the plate's differ in what both resolve, and where it is stronger than
    skin is: the edges of eyes, brows and lips are the performer's own and would lie beside those of the made face.
    """
    resolution, size = made.shape[0], plate.shape[0]
    luma = _luma(plate)
    coarse = np.asarray(cv2.resize(luma, (resolution, resolution), interpolation=cv2.INTER_AREA), np.float32)
    soft = cv2.GaussianBlur(coarse, (0, 0), SOFT)
    low = cv2.resize(soft, (size, size), interpolation=cv2.INTER_LANCZOS4)
    high = (luma - low) / np.maximum(low, DARKEST)
    agreed = cv2.resize(agreement(_luma(made), coarse), (size, size), interpolation=cv2.INTER_LINEAR)
    power = cv2.GaussianBlur(high * high, (0, 0), size / resolution)
    inside = power[mask > 0.5]
    if not inside.size:
        return np.zeros_like(luma)
    edge = max(float(np.median(inside)) * EDGE**2, 1e-9)
    return np.asarray(high * agreed * mask / (1 + (power / edge) ** 2), np.float32)


def agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """How alike the structure of two pictures R×R (luma) is at each place, R×R in 0–1; 1 where neither has any.

    The product of contrast and structure in Wang et al., "Image Quality Assessment: From Error Visibility to
    Structural Similarity", 2004, of what is left without light and shading.
    """
    side = one.shape[0]
    a, b = (each - cv2.GaussianBlur(each, (0, 0), STRUCTURE * side) for each in (one, other))

    def around(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), max(NEIGHBOURHOOD * side, 1.0)), np.float32)

    mean_a, mean_b = around(a), around(b)
    spread = around(a * a) + around(b * b) - mean_a**2 - mean_b**2
    common = around(a * b) - mean_a * mean_b
    return np.asarray(np.clip((2 * common + FAINT) / (spread + FAINT), 0, 1), np.float32)


def _luma(picture: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.transform(picture, LUMA), np.float32)
