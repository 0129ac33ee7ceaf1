"""Paint a made face into its part of the plate: size, sharpness and colour, masks, blend, grain and motion blur."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.geometry import invert, sample, transform
from ml_backend.faces.regions import eye_distance
from ml_backend.media.colour import Colour

from .blend import Mask, Picture, blend
from .colour import apply
from .detail.enlarge import enlarge
from .detail.grain import add_grain, measure_grain
from .detail.motion_blur import motion_blur
from .detail.sharpness import match_sharpness, measure_sharpness
from .learned_mask import inside_crop, inside_edge
from .making import Made, placing, scaled
from .settings import SwapSettings
from .steadying import Steady
from .surface_mask import surface_mask


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


def paint(number: int, made: Made, steady: Steady, settings: SwapSettings, colour: Colour, target: Colour) -> Painted:
    """Paint the face of frame `number` of a plate whose pixels mean `colour`, as pixels that mean `target`.

    Light of the plate that a display cannot show (brighter than white, out of gamut) stays on the made face. The same
    arguments give the same pixels.
    """
    display = colour.to_display(made.plate)
    plate: Picture = display.picture
    shape = (plate.shape[0], plate.shape[1])
    to_frame = _to_part(made, settings)
    placed = transform(made.landmarks[:, :2], placing(made.matrix, made.face.shape[0], settings)) - made.corner
    landmarks = np.column_stack([placed, made.landmarks[:, 2] * settings.scale])
    mask = _mask(shape, landmarks, to_frame, steady.mask, settings)
    raw, matched = _face(made, steady, settings, plate)
    size = matched.shape[0]
    large_to_frame = invert(scaled(invert(to_frame), made.face.shape[0], size))
    laid = _warp(matched, large_to_frame, shape, cv2.INTER_CUBIC)

    visible = np.ones(shape, np.float32)
    under = plate
    if made.seen is not None:
        visible = made.seen.in_frame(made.corner, shape, settings.occlusion_grow, settings.occlusion_feather)
        # the face goes on behind what covers it, so that its colours and not the cover's flow over the edge
        under = plate * visible[..., None] + laid * (1 - visible[..., None])
    blended, alpha = blend(settings.blend, under, laid, mask, eye_distance(landmarks))
    if settings.grain > 0 and steady.grain is not None:
        own = measure_grain(blended, mask)
        blended = add_grain(blended, steady.grain, mask, (number, made.corner[0]), settings.grain, own, alpha)
    if settings.motion_blur > 0 and steady.motion is not None:
        motion = _in_part(steady.motion, made.corner)
        blended, alpha = motion_blur(blended, alpha, motion, settings.motion_blur)
    alpha = alpha * visible * np.float32(settings.opacity)
    layers: dict[str, NDArray[np.float32]] = {}
    if settings.layers:
        shown = target.from_display(_warp(raw, large_to_frame, shape, cv2.INTER_CUBIC), None)
        uv = _st_map(shape, invert(to_frame), made.face.shape[0])
        layers = {"raw": shown, "mask": mask, "visible": visible, "uv": uv}
    return Painted(made.rows, made.columns, target.from_display(blended, display.beyond), alpha, layers)


def _to_part(made: Made, settings: SwapSettings) -> NDArray[np.float64]:
    """2×3 from the crop's pixels to those of the face's part of the frame, where the settings place it."""
    there = placing(made.matrix, made.face.shape[0], settings) @ np.vstack([invert(made.matrix), [0, 0, 1]])
    there[:, 2] -= made.corner
    return np.asarray(there, np.float64)


def _mask(
    shape: tuple[int, int],
    landmarks: NDArray[np.float64],
    to_frame: NDArray[np.float64],
    learned: Mask,
    settings: SwapSettings,
) -> Mask:
    """The landmarks' mask times the network's, H×W, without what lies at the crop's border."""
    resolution = learned.shape[0]
    factor = inside_crop(resolution)
    if settings.learned_mask:
        factor = factor * inside_edge(learned, resolution)
    mask = surface_mask(shape, landmarks, settings.erosion, settings.softness)
    return mask * _warp(factor, to_frame, shape, cv2.INTER_LINEAR)


def _face(made: Made, steady: Steady, settings: SwapSettings, plate: Picture) -> tuple[Picture, Picture]:
    """The made face as large as it is in the plate, as it is and with the plate's colours and sharpness."""
    resolution = made.face.shape[0]
    size = resolution if settings.enlarge == "none" else made.size
    sharpened = settings.sharpness > 0 and steady.sharpness is not None
    crop, mask = None, None
    if sharpened or settings.enlarge == "detail":
        crop = _crop(plate, made, size)
        mask = np.asarray(cv2.resize(inside_edge(steady.mask, resolution), (size, size)), np.float32)
    large = made.face if settings.enlarge == "none" else enlarge(made.face, size, settings.enlarge, crop, mask)
    matched = apply(settings.colour, large, steady.colour, settings.colour_strength)
    if sharpened and mask is not None and steady.sharpness is not None:
        own = measure_sharpness(matched, mask)
        if own is not None:
            matched = match_sharpness(matched, own, steady.sharpness, settings.sharpness)
    return large, matched


def _crop(plate: Picture, made: Made, size: int) -> Picture:
    """The performer's face size×size×3 out of its part of the plate."""
    matrix = scaled(made.matrix, made.face.shape[0], size)
    to_part = invert(matrix)
    to_part[:, 2] -= made.corner
    return np.asarray(sample(plate, to_part, size, cv2.INTER_LINEAR), np.float32)


def _in_part(motion: NDArray[np.float64], corner: tuple[int, int]) -> NDArray[np.float64]:
    """A similarity of the frame's pixels as one of the pixels of a part that begins at `corner`."""
    moved = motion.copy()
    moved[:, 2] += motion[:, :2] @ np.asarray(corner, np.float64) - corner
    return moved


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
