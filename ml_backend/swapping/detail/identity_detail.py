"""The identity's own fine detail on the made face: pores, brows, lashes, the edge of the lips.

A network paints softer than it was shown. How much softer is known where it rebuilds the identity's own faces: there
the truth is at hand. What is missing in its picture of a portrait is carried over the face's mesh to the frame's face:

    portrait ──► network ──► rebuilt                 performer ──► network ──► made
        └── difference ──┘                                                       │
               └──► laid flat ──► those of the nearest portraits, averaged ──► on the made face

It fades by itself as the network learns. Large differences (light, colour) stay the network's. Detail as a part of the
brightness around it survives another light. Source of differences as ratios: Liu et al.,
"Expressive Expression Mapping with Ratio Images", 2001.
"""

from collections.abc import Sequence
from functools import cached_property, partial
from threading import Lock
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.swapping.blend import Picture, masked, to_unit
from ml_backend.swapping.in_order import WORKERS, in_order
from ml_backend.swapping.inference import infer_portrait
from ml_backend.training.models.portraits import Portraits

from .enlarge import enlarge
from .mesh_texture import SIDE, facing, flat_face, texture_of, unwrap, wrap

DARK = 0.03  # brightness that is added before differences are taken as parts of it, so that black has none
LIGHT = 0.1  # of the side: differences that are larger belong to light and colour
NEAREST = 6  # portraits that are averaged
SHAPE, LOOK = 0.02, 0.1  # distances that count the same: of points in parts of the side, of pictures in brightness
FAR = 4.0  # distance at which half of the detail is laid on
SMALL = 32  # pixels at which pictures are compared
SURE = 2.0  # texture pixels over which it is judged whether the portraits agree
FINEST = SIDE  # pixels of a face's side: there is nothing finer in what is laid on


class IdentityDetail:
    """The detail of one identity for one state of its network. Portraits are looked at when the first face asks, and
    what is missing in one when it is among the nearest of a face.
    """

    def __init__(
        self,
        network: Autoencoder,
        identity: str,
        portraits: Portraits,
        device: torch.device,
    ) -> None:
        self._network, self._identity, self._device = network, identity, device
        self._portraits = portraits
        self._looking = Lock()  # several threads may ask

    def missing(self, made: Picture, points: NDArray[np.float32], size: int) -> Picture:
        """size×size×3: the logarithm of what the made face R×R×3 with these points is to be multiplied with."""
        with self._looking:
            rebuilt = self._rebuilt
        distance = _distances(self._portraits.points, np.stack([one.look for one in rebuilt]), points, _look(made))
        order = np.argsort(distance, kind="stable")
        count = min(NEAREST, len(order) - 1) or 1
        limit = distance[order[min(count, len(order) - 1)]]
        # the last one counts nothing, so that none appears or goes at once
        weights = np.square(1 - np.square(distance[order[:count]] / max(float(limit), 1e-9)))
        weights = weights / weights.sum() if weights.sum() > 0 else np.full(count, 1 / count)
        texture = _average([rebuilt[n].lacking for n in order[:count].tolist()], np.asarray(weights, np.float32))
        picture, trust = wrap(texture, points, SIDE)  # a small face shows the mean of what it is too small for
        sure = 1 / (1 + (float(distance[order[0]]) / FAR) ** 4)
        return enlarge(masked(picture, trust * np.float32(sure)), size, "cubic")

    @cached_property
    def _rebuilt(self) -> list["_Rebuilt"]:
        portraits = zip(self._portraits.pictures, self._portraits.points, strict=True)
        return list(in_order((partial(self._rebuild, *portrait) for portrait in portraits), WORKERS))

    def _rebuild(self, portrait: NDArray[np.uint8], points: NDArray[np.float32]) -> "_Rebuilt":
        return _Rebuilt(infer_portrait(self._network, self._identity, self._device, portrait), portrait, points)


class _Rebuilt:
    """What the network makes of a portrait.

    look: SMALL×SMALL×3, of the rebuilt face.
    """

    def __init__(self, made: Picture, portrait: NDArray[np.uint8], points: NDArray[np.float32]) -> None:
        self.look = _look(made)
        self._made: Picture | None = enlarge(made, min(len(made), len(portrait)), "cubic")  # until it was looked at
        self._portrait, self._points = portrait, points
        self._looking = Lock()

    @property
    def lacking(self) -> tuple[Tensor, Tensor]:
        """What is missing in it, at the M pixels of the face laid flat: 3×M logarithms, and how much it shows of the
        surface there: M. Both float16."""
        with self._looking:
            return self._lacking

    @cached_property
    def _lacking(self) -> tuple[Tensor, Tensor]:
        portrait, made = to_unit(self._portrait), cast(Picture, self._made)
        large = np.clip(enlarge(made, portrait.shape[0], "cubic"), 0, 1)
        lacking = np.log((portrait + DARK) / (large + DARK))
        lacking -= _light(lacking)
        missing, shown = unwrap(np.asarray(lacking, np.float32), self._points), texture_of(facing(self._points))
        on_face = flat_face()
        planes = missing.reshape(-1, 3)[on_face].T.astype(np.float16, order="C")
        self._made = None
        return torch.from_numpy(planes), torch.from_numpy(shown.ravel()[on_face].astype(np.float16))


def lay_on(face: Picture, missing: Picture, strength: float) -> Picture:
    """The face S×S×3 in 0–1 with what is missing in it (see `IdentityDetail.missing`)."""
    detailed = np.exp(missing * np.float32(strength))
    detailed *= np.maximum(face, 0) + np.float32(DARK)
    detailed -= np.float32(DARK)
    return np.asarray(np.maximum(detailed, 0, out=detailed), np.float32)


def _light(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """What of a picture S×S×3 varies over more than LIGHT; so slowly that a small picture holds all of it."""
    side = picture.shape[0]
    small = cv2.resize(picture, (2 * SMALL, 2 * SMALL), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), LIGHT * 2 * SMALL)
    return np.asarray(cv2.resize(blurred, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _look(made: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(made, (SMALL, SMALL), interpolation=cv2.INTER_AREA), np.float32)


def _distances(
    known: NDArray[np.float32], looks: NDArray[np.float32], points: NDArray[np.float32], look: NDArray[np.float32]
) -> NDArray[np.float64]:
    """N: how unlike the made face each rebuilt portrait is, in shape (known: N×478×3) and in look."""
    shape = np.square(known[..., :2] - points[:, :2]).sum(2).mean(1)
    middle = slice(SMALL // 6, -(SMALL // 6))  # the face and not what surrounds it
    unlike = np.square(looks[:, middle, middle] - look[middle, middle]).mean((1, 2, 3))
    return np.asarray(np.sqrt(shape / SHAPE**2 + unlike / LOOK**2), np.float64)


def _average(lacking: Sequence[tuple[Tensor, Tensor]], weights: NDArray[np.float32]) -> Picture:
    """What is missing according to some portraits, less where they do not agree: SIDE×SIDE×3."""
    pixels = len(flat_face())
    total, mean, power = torch.full((pixels,), 1e-6), torch.zeros((3, pixels)), torch.zeros((3, pixels))
    for (missing, shown), weight in zip(lacking, weights.tolist(), strict=True):
        values, share = missing.float(), shown.float().mul_(weight)
        part = values * share
        total += share
        mean += part
        power.addcmul_(part, values)
    return _agreed(*(_laid_out(one.div_(total).numpy()) for one in (mean, power)))


def _laid_out(pixels: NDArray[np.float32]) -> Picture:
    """3×M pixels of the face as a texture SIDE×SIDE×3."""
    planes = np.zeros((3, SIDE * SIDE), np.float32)
    for plane, values in zip(planes, pixels, strict=True):
        plane[flat_face()] = values
    return np.asarray(cv2.merge([plane.reshape(SIDE, SIDE) for plane in planes]), np.float32)


def _agreed(mean: Picture, power: Picture) -> Picture:
    """The mean of several pictures, less where they differ by more than it; power: the mean of their squares."""
    square = np.square(mean)
    # a ratio so smooth is told from half of the pixels
    agreed, spread = (
        cv2.GaussianBlur(cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), (0, 0), SURE / 2)
        for one in (square, np.maximum(power - square, 0))
    )
    share = cv2.resize(agreed / (agreed + spread / 2 + np.float32(1e-6)), mean.shape[1::-1])
    return np.asarray(mean * share, np.float32)
