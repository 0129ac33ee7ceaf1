"""Make one frame of a swap: the plate's frame and a face's landmarks in, colour and alpha out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE, align, crop
from ml_backend.faces.geometry import invert, transform
from ml_backend.faces.regions import eye_distance
from ml_backend.media.frame import Pixels
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.training.masks.model import MaskModel

from .blend import composite, from_unit, multiband, to_unit
from .colour import match_colour
from .occlusion import look
from .settings import SwapSettings
from .surface_mask import surface_mask

MULTIBAND_EDGE = 0.15  # the widest band's edge, in eye distances
RIM, RIM_FEATHER = 0.03, 0.08  # what the learned mask loses at its edge, and how softly, in eye distances
MEASURED_ERODE, MEASURED_FEATHER = 0.05, 0.1  # where colours are measured, in eye distances


@dataclass(frozen=True)
class SwapFrame:
    """The layer of one frame, H×W×4 RGBA with straight alpha in the plate's type, and where each face was put.

    transforms: 2×3 matrices from the plate's pixels to the face crop's.
    """

    rgba: Pixels
    transforms: list[NDArray[np.float64]]


class FaceRenderer:
    """Paints the face of one identity with a trained network."""

    def __init__(
        self,
        network: Autoencoder,
        identity: str,
        settings: SwapSettings,
        device: torch.device,
        mask_model: MaskModel | None = None,
    ) -> None:
        """mask_model: says what covers the performer's face; what does is left as it is."""
        self._mask_model = mask_model if settings.occlusion else None
        self._network = network
        self._identity = identity
        self._settings = settings
        self._device = device

    def render(self, plate: Pixels, faces: Sequence[NDArray[np.float64]]) -> SwapFrame:
        """The layer for an H×W×3 RGB frame (uint8 or uint16) and the landmarks (478×3) of the faces to replace.

        Without a face the layer is fully transparent.
        """
        height, width = plate.shape[:2]
        rgba: Pixels = np.zeros((height, width, 4), plate.dtype)
        transforms = []
        for landmarks in faces:
            matrix = align(landmarks, self._network.side, FACE)
            transforms.append(matrix)
            area = _rectangle(matrix, self._network.side, (height, width))
            if area is None:
                continue
            rows, columns = area
            under, below = to_unit(plate[rows, columns]), to_unit(rgba[rows, columns])
            colour, alpha = self._face(plate, under, landmarks, matrix, (columns.start, rows.start))
            rgba[rows, columns] = from_unit(_over(colour, alpha, below), plate)
        return SwapFrame(rgba, transforms)

    def _face(
        self,
        plate: Pixels,
        under: NDArray[np.float32],
        landmarks: NDArray[np.float64],
        matrix: NDArray[np.float64],
        corner: tuple[int, int],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Colour H×W×3 and alpha H×W of one face in the rectangle `under` whose first pixel is `corner` (x, y)."""
        settings, shape = self._settings, (under.shape[0], under.shape[1])
        resolution = self._network.side
        given = to_unit(crop(plate, matrix, resolution, cv2.INTER_LINEAR))
        made, learned = self._infer(given)
        unit_in_crop = resolution / FACE.side
        learned = _sure(learned, RIM * unit_in_crop, RIM_FEATHER * unit_in_crop)
        in_crop = np.column_stack([transform(landmarks[:, :2], matrix), landmarks[:, 2]])
        weights = surface_mask((resolution, resolution), in_crop, MEASURED_ERODE, MEASURED_FEATHER)
        seen = None
        if self._mask_model is not None:
            seen = look(self._mask_model, plate, landmarks, settings.occlusion_steady)
            weights *= seen.in_crop(matrix, resolution)
        made = match_colour(made, given, weights * learned, settings.colour, settings.colour_strength)
        alpha = surface_mask(shape, landmarks - [*corner, 0], settings.erode, settings.feather)
        to_frame = invert(matrix)
        to_frame[:, 2] -= corner
        if settings.learned_mask:
            alpha *= _warp(learned, to_frame, shape, cv2.INTER_LINEAR).clip(0, 1)
        colour = _warp(made, to_frame, shape, cv2.INTER_CUBIC)
        alpha *= _warp(_inner(resolution), to_frame, shape, cv2.INTER_LINEAR)
        uncovered = None
        if seen is not None:
            uncovered = seen.in_frame(corner, shape, settings.occlusion_grow, settings.occlusion_feather)
            # the face goes on behind what covers it, so that its colours and not the cover's flow over the edge
            under = under * uncovered[..., None] + colour * (1 - uncovered[..., None])
        if settings.blend == "multiband":
            levels = max(1, round(math.log2(max(2.0, MULTIBAND_EDGE * eye_distance(landmarks)))))
            colour, alpha = multiband(under, colour, alpha, levels)
        if uncovered is not None:
            alpha *= uncovered
        return colour, alpha * np.float32(settings.opacity)

    @torch.inference_mode()
    def _infer(self, given: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The identity's face R×R×3 and its mask R×R, both 0–1, for a crop R×R×3 of the performer.

        One face at a time: a result must not depend on its neighbours in a batch, or a resumed swap would differ.
        """
        batch = torch.from_numpy(np.ascontiguousarray(given.transpose(2, 0, 1))[None]).to(self._device)
        face, mask = self._network.swap(batch, self._identity)
        return face[0].permute(1, 2, 0).float().cpu().numpy(), mask[0, 0].float().cpu().numpy()


def _rectangle(matrix: NDArray[np.float64], resolution: int, shape: tuple[int, int]) -> tuple[slice, slice] | None:
    """Rows and columns of the picture that the crop touches; None where it lies outside."""
    edge = resolution - 0.5
    corners = transform(np.array([[-0.5, -0.5], [edge, -0.5], [-0.5, edge], [edge, edge]]), invert(matrix))
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, shape[::-1])
    if (low >= high).any():
        return None
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _warp(
    image: NDArray[np.float32], matrix: NDArray[np.float64], shape: tuple[int, int], interpolation: int
) -> NDArray[np.float32]:
    border = cv2.BORDER_REPLICATE if image.ndim == 3 else cv2.BORDER_CONSTANT
    warped = cv2.warpAffine(image, matrix, shape[::-1], flags=interpolation, borderMode=border)
    return np.asarray(warped, np.float32)


def _sure(mask: NDArray[np.float32], erode: float, feather: float) -> NDArray[np.float32]:
    """The learned mask with an edge that rises inside of it, in pixels of the crop.

    Just inside the edge the network's colours are still those of hair or background, and would show as a dark rim.
    """
    distance = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    rise = np.clip((distance - erode) / max(feather, 1.0), 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise), np.float32)


def _inner(resolution: int) -> NDArray[np.float32]:
    """1 inside the crop, falling to 0 at its border, so that a face that leaves the crop has no hard edge."""
    edge = np.minimum(np.arange(resolution), np.arange(resolution)[::-1]) / (resolution * 0.05)
    ramp = np.minimum(edge, 1).astype(np.float32)
    inner: NDArray[np.float32] = np.minimum(ramp[:, None], ramp[None])
    return inner


def _over(colour: NDArray[np.float32], alpha: NDArray[np.float32], below: NDArray[np.float32]) -> NDArray[np.float32]:
    """A straight-alpha layer over another one (H×W×4): H×W×4 straight."""
    beneath = below[..., 3] * (1 - alpha)
    total = alpha + beneath
    mixed = colour * alpha[..., None] + below[..., :3] * beneath[..., None]
    mixed = np.where(total[..., None] > 0, mixed / np.maximum(total, 1e-6)[..., None], 0)
    return np.dstack([mixed, total]).astype(np.float32)


def flatten(plate: Pixels, rgba: Pixels) -> Pixels:
    """Plate with the layer over it, H×W×3 in the plate's type: what the edit shows."""
    layer = to_unit(rgba)
    return from_unit(composite(to_unit(plate), layer[..., :3], layer[..., 3]), plate)
