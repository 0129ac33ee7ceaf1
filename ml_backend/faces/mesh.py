"""The face mesh: 478 points in three dimensions from a square around a face."""

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .canonical import head_pose
from .geometry import sample
from .landmarks import settle_on_faces
from .onnx_model import as_8bit_range, most_at_once, open_model, to_batch
from .roi import Roi
from .roi_crop import points_in_image, roi_to_image

CROP = 192  # the network's input side
CPU_BATCH, GPU_BATCH = 16, 64  # crops at once: more are no faster and cost memory
# When the profile copy is asked, too, from not at all to in full: where the network itself is sure and sees so much yaw
# in degrees; where the square's head is turned so far (sines of 53° and 62°); where the network is not sure of a square
# whose head is turned so far (sines of 30° and 53°). Half of a face looks like a profile to the copy, and not to the
# network, which was sure and saw less than 35° on 2 of 102 renderings at 40–75° and on 5 of 87 beyond.
SURE, ASK_YAW, ASK_TURNED, ASK_UNSURE = (0.6, 0.9), (32.0, 37.0), (0.8, 0.88), (0.5, 0.8)
HANDOVER = 38.0, 52.0  # degrees of yaw, as the copy sees it, between which its points take the others' place


class FaceMesh:
    """The landmark network, and a copy of it for profiles. z is relative, in pixels, growing away from the camera.

    The network itself knows no turn beyond 60°. The copy learned those on rendered heads (scripts/profile_model); it is
    asked where a head may be turned, and from 38° to 52° of yaw its answer takes the place of the other one, little by
    little. Up to there everything stays as the network itself gives it. profiles: ask the copy at all.

    Source: Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020.
    """

    def __init__(self, profiles: bool = True) -> None:
        self._session = open_model("facemesh478")
        self._profiles = open_model("facemesh478_profile") if profiles else None
        self._batch = most_at_once(self._session, CPU_BATCH, GPU_BATCH)

    @property
    def id(self) -> str:
        return "facemesh478"

    def landmarks(self, image: Pixels, rois: Sequence[Roi]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """One pass over N squares: points N×478×3 in picture pixels and scores N in 0–1."""
        if not rois:
            return np.zeros((0, 478, 3)), np.zeros(0)
        points, scores = self._look(self._session, image, rois)
        if self._profiles is None:
            return points, scores
        turned = np.array([roi.turned for roi in rois])
        sure = np.interp(scores, SURE, (0, 1))
        unsure = (1 - sure) * np.interp(turned, ASK_UNSURE, (0, 1))
        seen = sure * np.interp([abs(head_pose(one)[0]) for one in points], ASK_YAW, (0, 1))
        wish = np.maximum.reduce([seen, unsure, np.interp(turned, ASK_TURNED, (0, 1))])
        asked = np.flatnonzero(wish).tolist()
        if asked:
            others, certain = self._look(self._profiles, image, [rois[n] for n in asked])
            shares = wish[asked] * np.interp([abs(head_pose(other)[0]) for other in others], HANDOVER, (0, 1))
            points[asked] += shares[:, None, None] * (others - points[asked])
            scores[asked] += shares * (certain - scores[asked])
        return points, scores

    def _look(
        self, session: ort.InferenceSession, image: Pixels, rois: Sequence[Roi]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What one of the networks finds in N squares, batch after batch: see `landmarks`."""
        starts = range(0, len(rois), self._batch)
        found = [self._run(session, image, rois[start : start + self._batch]) for start in starts]
        points, scores = (np.concatenate(parts).astype(np.float64) for parts in zip(*found, strict=True))
        # the network counts from the crop's edge
        return points_in_image(points, rois, CROP), scores.reshape(-1)

    def _run(self, session: ort.InferenceSession, image: Pixels, rois: Sequence[Roi]) -> list[NDArray[np.float32]]:
        """One batch through a network: points in the crops, and scores."""
        batch = to_batch([as_8bit_range(sample(image, roi_to_image(roi, CROP), CROP)) for roi in rois])
        outputs: list[NDArray[np.float32]] = session.run(None, {"image": batch})
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
