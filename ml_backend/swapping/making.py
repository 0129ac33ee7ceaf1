"""A face as the network makes it: the plate's frame and a face's landmarks in, the identity's face and mask out.

What flickers if it is measured frame by frame (colours, grain, sharpness) is measured here; `steadying` averages it
over the frames around before `painting` uses it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE, align, crop
from ml_backend.faces.face import Face
from ml_backend.faces.geometry import invert, sample, transform
from ml_backend.faces.regions import eye_distance
from ml_backend.media.frame import Frame, Pixels, Stored
from ml_backend.media.transfer import srgb_decode
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.training.masks.model import MaskModel

from .blend import Mask, Picture, to_unit
from .colour import measure, skin_weights, without_spots
from .detail.grain import Grain, measure_grain
from .detail.made_shape import MadeShape
from .detail.sharpness import LUMA, Sharpness, measure_sharpness
from .grain_part import middle_of
from .inference import infer
from .masks.learned import inside_edge
from .masks.occlusion import Seen, look
from .masks.surface import surface_mask
from .settings import Controls, SwapSettings

MEASURED_ERODE, MEASURED_FEATHER = 0.05, 0.1  # where colours are measured, in eye distances
SMALLEST, LARGEST = 8, 1024  # pixels: side of a face that is scaled to its size in the plate
SPARE = 0.08  # of the crop's side: what a blend's edge needs around it
BURNT = 0.99  # of display white, in two of three colours: skin has little blue
FEATURES = 0.015  # of the eye distance: what is coarser and as even as grain is skin, lids and nostrils of a small face
MOTION = 0.25  # and what a face that is blurred by its motion needs besides


@dataclass(frozen=True)
class Measured:
    """Of one face; None where it is not asked for or cannot be measured.

    colour: as `colour.measure` gives it, measured under the `weights` R×R. skin: R×R, without eyes, brows and lips,
    where the grain is measured. shape: 478×3, from the performer's points to those of the made face, in parts of the
    crop's side. burnt: 0–1, the part of the face that is as bright as a display can be. light: 0–1, the face's mean
    as a part of display white's light.
    """

    colour: NDArray[np.float32] | None
    weights: Mask
    skin: Mask
    sharpness: Sharpness | None
    grain: Grain | None
    shape: NDArray[np.float32] | None = None
    burnt: float = 0.0
    light: float = 1.0


@dataclass(frozen=True)
class Made:
    """One face of one frame.

    confidence: 0–1, how sure the landmarks are. landmarks: 478×3 in the plate's pixels. matrix: 2×3, from the plate's
    pixels to those of the crop. face: R×R×3, the network's display picture; mask: R×R, the network's. rows, columns:
    the part of the frame that the face can touch, plate its pixels as stored, H×W×3, and alpha the plate's own, H×W,
    where it has one. seen: what covers the face, if asked.
    """

    track: int
    confidence: float
    landmarks: NDArray[np.float64]
    matrix: NDArray[np.float64]
    face: Picture
    mask: Mask
    rows: slice
    columns: slice
    plate: Stored
    seen: Seen | None
    measured: Measured
    alpha: Mask | None = None

    @property
    def corner(self) -> tuple[int, int]:
        """x and y of the first pixel of `plate`."""
        return self.columns.start, self.rows.start

    def size(self, scale: float = 1.0) -> int:
        """Side in pixels at which the face is as large as in the plate, `scale` times as large."""
        return enlarged_size(self.matrix, self.face.shape[0], scale)


def enlarged_size(matrix: NDArray[np.float64], resolution: int, scale: float = 1.0) -> int:
    return int(np.clip(round(resolution / scale_of(matrix) * scale), SMALLEST, max(LARGEST, resolution)))


class FaceMaker:
    """Makes the faces of one identity with a trained network."""

    def __init__(
        self,
        network: Autoencoder,
        identity: str,
        controls: Controls,
        device: torch.device,
        mask_model: MaskModel | None = None,
        shape: MadeShape | None = None,
    ) -> None:
        """mask_model: says what covers the performer's face; what does is left as it is. shape: finds the
        made face's points.
        """
        self._network, self._identity, self._device = network, identity, device
        self._controls = controls
        self._mask_model = mask_model if controls.constant.occlusion else None
        self._shape = shape if controls.shaped else None

    def make(self, frame: Frame, faces: Sequence[Face]) -> list[Made]:
        """The faces of one frame from small to large, without those that lie outside the picture."""
        nearest_last = sorted(faces, key=lambda face: eye_distance(face.landmarks))
        made = (self._make(frame, face, self._controls.at(frame.number)) for face in nearest_last)
        return [one for one in made if one is not None]

    def _make(self, frame: Frame, face: Face, settings: SwapSettings) -> Made | None:
        resolution, landmarks = self._network.side, face.landmarks
        matrix = align(landmarks, resolution, FACE)
        moved = matrix @ _homogeneous(invert(placing(matrix, resolution, settings)))
        spare = SPARE + (MOTION if self._controls.ever("motion_blur") else 0)
        area = _united(touched(moved, resolution, frame.image, spare), touched(matrix, resolution, frame.image))
        if area is None:
            return None
        rows, columns = area
        given = to_unit(crop(frame.image, matrix, resolution, cv2.INTER_LINEAR))
        exact = frame.stored.dtype != np.uint8  # steps that a deeper plate has must not be lost
        made, mask = infer(self._network, self._identity, self._device, given, exact=exact)
        seen = None
        if self._mask_model is not None:
            seen = look(self._mask_model, frame.image, landmarks, settings.occlusion_steady)
        return Made(
            face.track,
            face.score,
            landmarks,
            matrix,
            made,
            mask,
            rows,
            columns,
            frame.stored[rows, columns].copy(),
            seen,
            self._measure(frame, landmarks, matrix, given, made, inside_edge(mask, resolution), seen),
            None if frame.alpha is None else frame.alpha[rows, columns].copy(),
        )

    def _measure(
        self,
        frame: Frame,
        landmarks: NDArray[np.float64],
        matrix: NDArray[np.float64],
        given: Picture,
        made: Picture,
        learned: Mask,
        seen: Seen | None,
    ) -> Measured:
        resolution, settings = made.shape[0], self._controls.constant
        in_crop = placed(landmarks, matrix)
        surface = surface_mask((resolution, resolution), in_crop, MEASURED_ERODE, MEASURED_FEATHER)
        weights = surface * learned
        if seen is not None:
            weights *= seen.in_crop(matrix, resolution)
        if frame.alpha is not None:
            weights *= sample(frame.alpha, invert(matrix), resolution)
        grainy = self._controls.ever("grain")
        skin = skin_weights(given, weights, in_crop) if settings.colour_skin or grainy else weights
        counted = skin if settings.colour_skin else without_spots(given, weights)
        colour = measure(settings.colour, made, given, counted)
        sharpness, grain = None, None
        if self._controls.ever("sharpness"):
            size = enlarged_size(matrix, resolution)
            plate = to_unit(crop(frame.image, scaled(matrix, resolution, size), size, cv2.INTER_LINEAR))
            large = np.asarray(cv2.resize(weights, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
            sharpness = measure_sharpness(plate, large)
        if grainy:  # in the plate's own pixels: a crop's are mixed of several
            grain = _grain(frame.image, matrix, skin, eye_distance(landmarks))
        shape = None
        if self._shape is not None:
            shape = self._shape.beside(made, in_parts(in_crop, resolution))
        return Measured(colour, counted, skin, sharpness, grain, shape, *_exposure(given, surface))


def _exposure(picture: Picture, weights: Mask) -> tuple[float, float]:
    """`burnt` and `light` of a face R×R×3 under its weights R×R (see `Measured`)."""
    bright = (np.sort(picture, axis=2)[..., 1] >= BURNT).astype(np.float32)
    light = np.asarray(cv2.transform(srgb_decode(picture), LUMA), np.float32)
    total = max(float(weights.sum()), 1e-6)
    return float((bright * weights).sum() / total), float((light * weights).sum() / total)


def placed(landmarks: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """478×3 landmarks behind a 2×3 similarity, their depths too."""
    return np.column_stack([transform(landmarks[:, :2], matrix), landmarks[:, 2] * scale_of(matrix)])


def in_parts(points: NDArray[np.float64], side: int) -> NDArray[np.float32]:
    """478×3 points in pixels of a crop in parts of its side, from its upper left corner."""
    return np.asarray((points + np.array([0.5, 0.5, 0])) / side, np.float32)


def _grain(plate: Pixels, matrix: NDArray[np.float64], weights: Mask, eyes: float) -> Grain | None:
    """None also for what is too coarse beside the face, whose `eyes` are so many pixels apart: its own features."""
    area = touched(matrix, weights.shape[0], plate)
    if area is None:
        return None
    rows, columns = middle_of(area[0]), middle_of(area[1])
    to_part = invert(matrix)
    to_part[:, 2] -= (columns.start, rows.start)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    there = np.asarray(cv2.warpAffine(weights, to_part, size, flags=cv2.INTER_LINEAR), np.float32)
    found = measure_grain(to_unit(plate[rows, columns]), there)
    return None if found is None or max(found.size) > FEATURES * eyes else found


def scale_of(matrix: NDArray[np.float64]) -> float:
    """How much longer lengths are behind a 2×3 similarity."""
    return math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))


def scaled(matrix: NDArray[np.float64], size: int, other: int) -> NDArray[np.float64]:
    """The matrix into a crop of `size` pixels as one into a crop of `other` pixels; centres of pixels stay centres."""
    factor = other / size
    larger = matrix * factor
    larger[:, 2] += (factor - 1) / 2
    return larger


def placing(matrix: NDArray[np.float64], resolution: int, settings: SwapSettings) -> NDArray[np.float64]:
    """How offset and scale move the made face in the plate: 2×3, from the plate's pixels to the plate's pixels."""
    unit = resolution / FACE.side
    middle = (resolution - 1) / 2
    shift = np.array([settings.offset_x, settings.offset_y]) * unit + middle * (1 - settings.scale)
    in_crop = np.column_stack([np.eye(2) * settings.scale, shift])
    there = invert(matrix) @ _homogeneous(in_crop) @ _homogeneous(matrix)
    return np.asarray(there, np.float64)


def touched(
    matrix: NDArray[np.float64], resolution: int, picture: NDArray[np.generic], spare: float = SPARE
) -> tuple[slice, slice] | None:
    """Rows and columns of the picture that a face in the crop may touch; None where it lies outside.

    spare: how far beyond the crop, as a part of its side.
    """
    low_edge, high_edge = -0.5 - spare * resolution, (1 + spare) * resolution - 0.5
    square = np.array([[x, y] for x in (low_edge, high_edge) for y in (low_edge, high_edge)])
    corners = transform(square, invert(matrix))
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, picture.shape[1::-1])
    if (low >= high).any():
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _united(one: tuple[slice, slice] | None, other: tuple[slice, slice] | None) -> tuple[slice, slice] | None:
    """The smallest part of a picture that holds both; None where the first is outside of it."""
    if one is None or other is None:
        return one
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns


def _homogeneous(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([matrix, [0, 0, 1]])
