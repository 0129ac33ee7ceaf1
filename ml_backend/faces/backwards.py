"""Follow faces against the time: from the frame where the detector first saw them to where they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .detection import Detection
from .examining import Examiner, disagreement, is_inside, tolerated
from .observation import Observation
from .recognition import SAME_PERSON, distance
from .roi import Roi, roi_of_landmarks
from .tracking import CHECK_EVERY, TURNED

Steps = list[tuple[int, Observation]]
"""Frame numbers, descending, and what is seen of a face there."""


@dataclass(frozen=True)
class Trail:
    """A tracklet as it goes back: where it was in the frame after, where it is expected, and who it is.

    mean: the mean embedding until now, of `checks` frames; latest: that of the frame after.
    """

    tracklet: int
    roi: Roi
    expected: Roi
    mean: NDArray[np.float32]
    latest: NDArray[np.float32]
    checks: int = 1

    @classmethod
    def of(cls, begun: Observation) -> "Trail":
        """The trail of a tracklet that begins with this observation, which has an embedding."""
        if begun.embedding is None:
            raise ValueError(f"Nobody looked who tracklet {begun.tracklet} is.")
        roi = roi_of_landmarks(begun.landmarks)
        return cls(begun.tracklet, roi, roi, begun.embedding, begun.embedding)


def go_back(
    examiner: Examiner, frames: Sequence[tuple[int, Pixels]], trail: Trail, taken: Mapping[int, Sequence[Roi]]
) -> tuple[Steps, Trail | None]:
    """What is seen of one face in consecutive frames, the latest first, and its trail; None where it has ended.

    It ends where the landmarks are not sure, where a face is that is in `taken` (squares by frame), where the detector
    sees none, or one elsewhere, and where it is somebody else. All frames are looked at closer in one batch.
    """
    found: list[tuple[int, Pixels, NDArray[np.float64], float, Roi]] = []
    roi, expected = trail.roi, trail.expected
    for number, image in frames:
        points, scores = examiner.landmarker.settle(image, [expected], average=examiner.average)
        before, roi = roi, roi_of_landmarks(points[0])
        if scores[0] < examiner.min_score or any(roi.covers(other) for other in taken.get(number, ())):
            break
        expected = roi.ahead(before)
        found.append((number, image, points[0], float(scores[0]), roi))
    detected = examiner.detected([(image, roi) for _, image, _, _, roi in found])
    embeddings = examiner.recogniser.embed_many([(image, points) for _, image, points, _, _ in found])
    steps: Steps = []
    for (number, image, points, score, roi), detections, embedding in zip(found, detected, embeddings, strict=True):
        if not (_is_seen(trail, image, points, detections, embedding) and _is_same(trail, embedding)):
            return steps, None
        checks = trail.checks + 1
        mean = trail.mean + (embedding - trail.mean) / np.float32(min(checks, 20))
        kept = embedding if checks % CHECK_EVERY == 0 else None
        steps.append((number, Observation(points, score, trail.tracklet, kept)))
        trail = replace(trail, roi=roi, expected=roi.ahead(trail.roi), mean=mean, latest=embedding, checks=checks)
    return steps, trail if len(found) == len(frames) else None


def _is_seen(
    trail: Trail,
    image: Pixels,
    points: NDArray[np.float64],
    detections: Sequence[Detection],
    embedding: NDArray[np.float32],
) -> bool:
    """Does the detector see the face, and where the landmarks are? One that the picture's edge cuts may be missed."""
    if not detections:
        box = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])
        return not is_inside(box, image) and float(distance(embedding, trail.latest)) < TURNED[0]
    whole = [one for one in detections if is_inside(one.box, image)]
    return not whole or disagreement(points, whole) <= tolerated(points)


def _is_same(trail: Trail, embedding: NDArray[np.float32]) -> bool:
    from_mean, from_latest = float(distance(embedding, trail.mean)), float(distance(embedding, trail.latest))
    return from_mean <= SAME_PERSON or (from_latest < TURNED[0] and from_mean < TURNED[1])
