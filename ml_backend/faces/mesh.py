"""The face mesh: 478 points in three dimensions from a square around a face."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .canonical import mirror_partners
from .geometry import sample
from .landmarks import settle_on_faces
from .onnx_model import as_8bit_range, most_at_once, open_model, to_batch
from .roi import Roi
from .roi_crop import points_in_image, roi_to_image

CROP = 192  # the network's input side
CPU_BATCH, GPU_BATCH = 16, 64  # crops at once: more are no faster and cost memory


class FaceMesh:
    """The landmark network. z is relative, in pixels, growing away from the camera.

    Source: Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020.
    """

    def __init__(self) -> None:
        self._session = open_model("facemesh478")
        self._batch = most_at_once(self._session, CPU_BATCH, GPU_BATCH)

    @property
    def id(self) -> str:
        return "facemesh478"

    def landmarks(
        self, image: Pixels, rois: Sequence[Roi], mirrored: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """One pass over N squares: points N×478×3 in picture pixels and scores N in 0–1.

        mirrored: show the network the mirror pictures of the crops, and turn its answer back.
        """
        if not rois:
            return np.zeros((0, 478, 3)), np.zeros(0)
        starts = range(0, len(rois), self._batch)
        found = [self._run(image, rois[start : start + self._batch], mirrored) for start in starts]
        points, scores = (np.concatenate(parts).astype(np.float64) for parts in zip(*found, strict=True))
        if mirrored:
            points = points[:, mirror_partners()]
            points[:, :, 0] = CROP - points[:, :, 0]
        # the network counts from the crop's edge
        return points_in_image(points, rois, CROP), scores.reshape(-1)

    def _run(self, image: Pixels, rois: Sequence[Roi], mirrored: bool) -> list[NDArray[np.float32]]:
        """One batch through the network: points in the crops, and scores."""
        batch = to_batch([as_8bit_range(sample(image, roi_to_image(roi, CROP), CROP)) for roi in rois])
        if mirrored:
            batch = np.ascontiguousarray(batch[:, :, :, ::-1])
        outputs: list[NDArray[np.float32]] = self._session.run(None, {"image": batch})
        return outputs

    def settle(
        self,
        image: Pixels,
        rois: Sequence[Roi],
        average: bool = False,
        *,
        passes: int = 3,
        tolerance: float = 0.02,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The faces in N squares: points N×478×3 in picture pixels and scores N in 0–1. See `settle_on_faces`."""
        return settle_on_faces(lambda squares: self.landmarks(image, squares), rois, passes, tolerance, average)
