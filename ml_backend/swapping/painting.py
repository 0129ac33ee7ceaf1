"""Paint a made face into its part of the plate: size, sharpness and colour, masks, blend, grain and motion blur."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.geometry import in_part, invert, sample, transform
from ml_backend.faces.regions import INNER_LIPS, eye_distance
from ml_backend.media.colour import Colour

from .blend import EDGE, Mask, Picture, blend, masked
from .colour import apply
from .detail.enlarge import enlarge
from .detail.grain import add_grain, measure_grain
from .detail.identity_detail import FINEST, IdentityDetail, lay_on
from .detail.inner_mouth import lay_inner_mouth
from .detail.made_shape import MadeShape, bend, correction
from .detail.motion_blur import motion_blur
from .detail.sharpness import match_sharpness, measure_sharpness
from .grain_part import middle_of
from .making import Made, in_parts, placed, placing, scaled
from .masks.learned import inside_crop, inside_edge
from .masks.surface import surface_mask
from .settings import SwapSettings
from .steadying import Steady


@dataclass(frozen=True)
class Painted:
    """One face in its part of the plate: rows and columns of the frame, H×W.

    colour: H×W×3, straight, in the unit of the `target` that it was painted for. alpha: H×W. layers: where they are
    asked for, `raw` H×W×3, the made face before colour match and blend in the same unit; `mask` H×W, what it was
    blended with; `visible` H×W, 0 where something covers the face; `uv` H×W×2, the place in the face crop in 0–1 from
    its lower left corner, as compositors count (an ST map).
    """

    rows: slice
    columns: slice
    colour: Picture
    alpha: Mask
    layers: Mapping[str, NDArray[np.float32]]


def paint(
    seed: tuple[int, int],
    made: Made,
    steady: Steady,
    settings: SwapSettings,
    colour: Colour,
    target: Colour,
    detail: IdentityDetail | None = None,
    made_shape: MadeShape | None = None,
) -> Painted:
    """Paint a face of a plate whose pixels mean `colour`, as pixels that mean `target`.

    seed: the frame's number and which of its faces this is, so that no two get the same grain. made_shape: knows
    where the made face's points should lie beside the performer's; without it they stay where they are. Light of the
    plate that a display cannot show (brighter than white, out of gamut) stays on the made face. The same arguments give
    the same pixels.
    """
    place = placing(made.matrix, made.face.shape[0], settings)
    to_plate = place @ np.vstack([invert(made.matrix), [0, 0, 1]])
    landmarks = np.column_stack([transform(made.landmarks[:, :2], place), made.landmarks[:, 2] * settings.scale])
    shape = (made.plate.shape[0], made.plate.shape[1])
    mask = _mask(shape, landmarks, to_plate, made.corner, steady.mask, settings)
    rows, columns = slice(0, shape[0]), slice(0, shape[1])
    if settings.motion_blur == 0:
        rows, columns = _around(mask, EDGE * eye_distance(landmarks))
    mask = np.ascontiguousarray(mask[rows, columns])
    shape = (mask.shape[0], mask.shape[1])
    corner = (made.corner[0] + columns.start, made.corner[1] + rows.start)
    display = colour.to_display(made.plate[rows, columns])

    points, moved = _points(made, steady, settings, made_shape)
    matched = _face(made, points, moved, steady, settings, colour, detail)
    large_to_part = invert(scaled(invert(to_plate), made.face.shape[0], matched.shape[0]))
    large_to_part[:, 2] -= corner
    laid = _warp(matched, large_to_part, shape, cv2.INTER_CUBIC)

    visible = None
    under = display.picture
    if steady.seen is not None:
        visible = steady.seen.in_frame(corner, shape, settings.occlusion_grow, settings.occlusion_feather)
        # the face goes on behind what covers it, so that its colours and not the cover's flow over the edge
        under = masked(under, visible) + masked(laid, 1 - visible)
    blended, alpha = blend(settings.blend, under, laid, mask, eye_distance(landmarks))
    if settings.grain > 0 and steady.grain is not None:
        middle = middle_of(slice(0, shape[0])), middle_of(slice(0, shape[1]))
        to_part = to_plate.copy()
        to_part[:, 2] -= corner
        skin = _warp(made.measured.skin, to_part, shape, cv2.INTER_LINEAR)
        own = measure_grain(blended[middle], (mask * skin)[middle])
        blended = add_grain(blended, steady.grain, mask, seed, settings.grain, own, alpha)
    if settings.motion_blur > 0 and steady.motion is not None:
        blended, alpha = motion_blur(blended, alpha, in_part(steady.motion, corner), settings.motion_blur)
    if settings.inner_mouth > 0 and steady.shape is not None:
        lips = _in_plate(points if moved is None else points + moved, made, to_plate)[INNER_LIPS] - corner
        performer, weight = landmarks[INNER_LIPS, :2] - corner, mask * np.float32(settings.inner_mouth)
        there, unit = in_part(place, corner), eye_distance(landmarks)
        blended = lay_inner_mouth(blended, display.picture, lips, performer, there, weight, visible, unit)
    if visible is not None:
        alpha = alpha * visible
    if made.alpha is not None:
        alpha = alpha * made.alpha[rows, columns]
    if settings.opacity < 1:
        alpha = alpha * np.float32(settings.opacity)
    layers = _layers(made, to_plate, corner, mask, visible, settings, target) if settings.layers else {}
    part = (slice(corner[1], corner[1] + shape[0]), slice(corner[0], corner[0] + shape[1]))
    return Painted(*part, target.from_display(blended, display.beyond), alpha, layers)


def _layers(
    made: Made,
    to_plate: NDArray[np.float64],
    corner: tuple[int, int],
    mask: Mask,
    visible: Mask | None,
    settings: SwapSettings,
    target: Colour,
) -> dict[str, NDArray[np.float32]]:
    """The layers of `Painted` for the pixels of `mask`, from `corner` on."""
    shape = (mask.shape[0], mask.shape[1])
    to_part = to_plate.copy()
    to_part[:, 2] -= corner
    raw = enlarge(made.face, min(made.size(settings.scale), made.face.shape[0]), "cubic")
    to_raw = scaled(invert(to_part), made.face.shape[0], raw.shape[0])
    shown = target.from_display(_warp(raw, invert(to_raw), shape, cv2.INTER_CUBIC), None)
    seen = np.ones(shape, np.float32) if visible is None else visible
    return {"raw": shown, "mask": mask, "visible": seen, "uv": _st_map(shape, invert(to_part), made.face.shape[0])}


def _around(mask: Mask, margin: float) -> tuple[slice, slice]:
    """Rows and columns of the mask's part that is not 0, and `margin` pixels around it; at least one of each."""
    parts = []
    for axis, length in ((1, mask.shape[0]), (0, mask.shape[1])):
        seen = np.nonzero(mask.max(axis) > 0)[0]
        first, last = (int(seen[0]), int(seen[-1])) if seen.size else (0, 0)
        reach = math.ceil(margin) + 1
        parts.append(slice(max(0, first - reach), min(length, last + reach + 1)))
    return parts[0], parts[1]


def _mask(
    shape: tuple[int, int],
    landmarks: NDArray[np.float64],
    to_plate: NDArray[np.float64],
    corner: tuple[int, int],
    learned: Mask,
    settings: SwapSettings,
) -> Mask:
    """The landmarks' mask times the network's, without what lies at the crop's border: H×W pixels from `corner` on."""
    resolution = learned.shape[0]
    factor = inside_crop(resolution)
    if settings.learned_mask:
        factor = factor * inside_edge(learned, resolution)
    to_part = to_plate.copy()
    to_part[:, 2] -= corner
    mask = surface_mask(shape, landmarks - [*corner, 0], settings.erosion, settings.softness)
    return mask * _warp(factor, to_part, shape, cv2.INTER_LINEAR)


def _points(
    made: Made, steady: Steady, settings: SwapSettings, made_shape: MadeShape | None
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """The made face's points, 478×3 in parts of its side, and how they are to move; the performer's where they are
    not known, and None for nowhere."""
    points = in_parts(placed(made.landmarks, made.matrix), made.face.shape[0])
    if steady.shape is None:
        return points, None
    moved = None
    if made_shape is not None and settings.performance > 0:
        moved = correction(steady.shape, made_shape.usual(points), settings.performance)
    return points + steady.shape, moved


def _face(
    made: Made,
    points: NDArray[np.float32],
    moved: NDArray[np.float32] | None,
    steady: Steady,
    settings: SwapSettings,
    colour: Colour,
    detail: IdentityDetail | None,
) -> Picture:
    """The made face with the plate's colours and, as far as that is asked for, its sharpness.

    points, moved: as `_points` gives them. As large as in the plate, or only so large that nothing finer is in it where
    nothing needs the plate's own pixels.
    """
    resolution = made.face.shape[0]
    # before it is enlarged: the same colours for a fraction of the work
    matched = apply(settings.colour, made.face, steady.colour, settings.colour_strength)
    sharpened = settings.sharpness > 0 and steady.sharpness is not None
    size = made.size(settings.scale)
    if settings.enlarge == "cubic" and not sharpened:
        size = min(size, max(FINEST, resolution))
    missing = None
    if detail is not None and settings.detail > 0:
        missing = detail.missing(made.face, points if moved is None else points + moved, size)
    if settings.enlarge == "cubic" and not sharpened and moved is None and missing is None and size >= resolution:
        return matched  # it is laid into the plate by cubic interpolation
    crop, mask = None, None
    if sharpened or settings.enlarge == "detail":
        crop = _crop(colour.to_display(made.plate).picture, made, size)
        mask = np.asarray(cv2.resize(inside_edge(steady.mask, resolution), crop.shape[:2]), np.float32)
    large = enlarge(matched, size, settings.enlarge, crop, mask)
    if moved is not None:
        large = bend(large, points, moved, size / resolution)
    if missing is not None:
        large = lay_on(large, missing, settings.detail * _known(made))
    if sharpened and mask is not None and steady.sharpness is not None:
        own = measure_sharpness(large, mask)
        if own is not None:
            large = match_sharpness(large, own, steady.sharpness, settings.sharpness)
    return large


def _known(made: Made) -> float:
    """0–1: how far the made face is to be trusted where it leaves the picture; 1 for one that lies inside, 0 from half
    of its points on. What the network is shown of the rest is a guess, and detail on a wrong face makes dots of it.
    """
    height, width = made.plate.shape[:2]  # all that the face touches of the frame
    places = made.landmarks[:, :2] - made.corner
    inside = ((places > -1) & (places < [width, height])).all(1)
    return float(max(0.0, 2 * inside.mean() - 1))


def _crop(plate: Picture, made: Made, size: int) -> Picture:
    """The performer's face size×size×3 out of its part of the plate."""
    matrix = scaled(made.matrix, made.face.shape[0], size)
    to_part = invert(matrix)
    to_part[:, 2] -= made.corner
    return np.asarray(sample(plate, to_part, size, cv2.INTER_LINEAR), np.float32)


def _in_plate(points: NDArray[np.float32], made: Made, to_plate: NDArray[np.float64]) -> NDArray[np.float64]:
    """N×2 pixels of the frame for N×3 points in parts of the crop's side."""
    return transform(points[:, :2].astype(np.float64) * made.face.shape[0] - 0.5, to_plate)


def _st_map(shape: tuple[int, int], to_crop: NDArray[np.float64], resolution: int) -> NDArray[np.float32]:
    y, x = np.mgrid[: shape[0], : shape[1]]
    places = transform(np.stack([x, y], 2).astype(np.float64), to_crop)
    u, v = (places[..., 0] + 0.5) / resolution, 1 - (places[..., 1] + 0.5) / resolution
    return np.stack([u, v], 2).astype(np.float32)


def _warp(
    image: NDArray[np.float32], matrix: NDArray[np.float64], shape: tuple[int, int], interpolation: int
) -> NDArray[np.float32]:
    border = cv2.BORDER_REPLICATE if image.ndim == 3 else cv2.BORDER_CONSTANT
    warped = cv2.warpAffine(image, matrix, shape[::-1], flags=interpolation, borderMode=border)
    return np.asarray(warped, np.float32)
