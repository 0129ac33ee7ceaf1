"""The shape of the made face, and the performance kept in it.

Where a network puts the lips, lids and brows wavers from frame to frame around where the performer's are, and people
see that as a performance that is not quite the performer's. How the points of the made face usually lie beside the
performer's is the difference of two people and known: it is measured on portraits of the performer, which stay with
the model. What a frame differs from that is the network's error, and the made face is bent by it.
"""

from functools import cached_property, partial
from threading import Lock

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.faces.landmarks import Landmarker
from ml_backend.faces.mesh_surface import POINTS, MeshSurface
from ml_backend.faces.roi import roi_of_landmarks
from ml_backend.networks.autoencoder import Autoencoder
from ml_backend.swapping.blend import Picture
from ml_backend.swapping.in_order import WORKERS, in_order
from ml_backend.swapping.inference import infer_portrait
from ml_backend.training.models.portraits import Portraits

from .person_shape import Difference

MEASURED = 256  # pixels at which the points of a made face are found
A_FACE = 0.5  # score of the points below which there is no face
ELSEWHERE = 0.08  # of the side: mean distance of points beyond which they are not of the same face
PORTRAITS = 27  # of the performer that are looked at, at most
GRID = 96  # pixels at which it is worked out where each part of a face moves to
SMOOTH, FADE = 3.0, 6.0  # of these: σ over which neighbours move alike, and over which it ends beside the face
SLOW = 4.0  # pixels from which on detail is so coarse that it is moved by linear interpolation
FARTHEST = 0.06  # of the side: how far a point is moved at most, as an open mouth is not to be drawn from a closed one


class MadeShape:
    """Where the made faces of one identity have their points, for one state of its network and one performer."""

    def __init__(
        self,
        network: Autoencoder,
        identity: str,
        device: torch.device,
        landmarker: Landmarker,
        performer: Portraits | None = None,
        own: Portraits | None = None,
    ) -> None:
        """landmarker: the one that found the plate's points. performer: portraits of who is filmed, and own: those of
        the identity; where they are known.
        """
        self._network, self._identity, self._device = network, identity, device
        self._landmarker, self._performer, self._own = landmarker, performer, own
        self._looking = Lock()  # several threads may ask

    def beside(self, made: Picture, performer: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """478×3: from the performer's points to those of the made face R×R×3, in parts of its side.

        None where the made face is none yet, or its points are somewhere else.
        """
        large = cv2.resize(made, (MEASURED, MEASURED), interpolation=cv2.INTER_CUBIC)
        picture = np.round(np.clip(large, 0, 1) * 255).astype(np.uint8)
        # one look from where the performer's face lies: what that does to the points is in the usual ones too
        area = roi_of_landmarks(performer.astype(np.float64) * MEASURED)
        found, scores = self._landmarker.settle(picture, [area], passes=1)
        points = found[0] / MEASURED
        points[:, :2] += 0.5 / MEASURED
        off = np.linalg.norm(points[:, :2] - performer[:, :2], axis=1).mean()
        if scores[0] < A_FACE or off > ELSEWHERE:
            return None
        return np.asarray(points - performer, np.float32)

    def usual(self, performer: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """478×3: what `beside` should give for these points of the performer; None where that is not known.

        Without portraits of the identity, what it gives for most portraits of the performer: the network's idea.
        """
        with self._looking:
            made, people = self._usual, self._people
        return made if made is None or people is None else people.beside(performer, made)

    @cached_property
    def _people(self) -> Difference | None:
        if self._performer is None or self._own is None:
            return None
        return Difference.of(self._performer.points, self._own.points)

    @cached_property
    def _usual(self) -> NDArray[np.float32] | None:
        if self._performer is None:
            return None
        some = slice(None, None, -(-len(self._performer.pictures) // PORTRAITS))
        portraits = zip(self._performer.pictures[some], self._performer.points[some], strict=True)
        shapes = in_order((partial(self._of_portrait, *portrait) for portrait in portraits), WORKERS)
        known = [shape for shape in shapes if shape is not None]
        return np.asarray(np.median(known, axis=0), np.float32) if known else None

    def _of_portrait(self, stored: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return self.beside(infer_portrait(self._network, self._identity, self._device, stored), points)


def correction(
    shape: NDArray[np.float32], usual: NDArray[np.float32] | None, strength: float
) -> NDArray[np.float32] | None:
    """478×3: how the points of a made face that lies `shape` beside the performer are to move; None for nowhere."""
    if usual is None or strength == 0:
        return None
    moved = (usual - shape) * np.float32(strength)
    lengths = np.linalg.norm(moved[:, :2], axis=1, keepdims=True)
    return np.asarray(moved * np.minimum(1, FARTHEST / np.maximum(lengths, 1e-9)), np.float32)


def bend(face: Picture, points: NDArray[np.float32], moved: NDArray[np.float32], finest: float = 1.0) -> Picture:
    """The face S×S×3 with its points (478×3, in parts of the side) moved by `moved`, and all between them alike.

    What lies beside the face moves the less the farther away it is. finest: pixels of the finest detail of the face;
    more where it was enlarged.
    """
    to = (points + moved)[:POINTS].astype(np.float64)
    surface = MeshSurface((GRID, GRID), to[:, :2] * GRID - 0.5, to[:, 2])
    inside = surface.inside.astype(np.float32)
    near = np.maximum(cv2.GaussianBlur(inside, (0, 0), SMOOTH), np.float32(0.02))
    steps = cv2.GaussianBlur(surface.paint(moved[:POINTS, :2]), (0, 0), SMOOTH) / near[..., None]
    steps *= np.minimum(1, 2 * cv2.GaussianBlur(inside, (0, 0), FADE))[..., None]
    size = face.shape[0]
    large = cv2.resize(steps, (size, size), interpolation=cv2.INTER_CUBIC) * np.float32(size)
    x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    # on what varies so slowly both ways give the same, and one takes a third of the time
    way = cv2.INTER_LINEAR if finest >= SLOW else cv2.INTER_CUBIC
    bent = cv2.remap(face, x - large[..., 0], y - large[..., 1], way, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.float32)
