"""Which face of a frame is looked at: the one that was replaced, and the same one on every frame."""

from collections.abc import Sequence

from ml_backend.faces.regions import eye_distance, face_mask
from ml_backend.faces.roi import Roi, roi_of_landmarks
from ml_backend.swapping.blend import Mask

from .metrics import Landmarks

_PAINTED = 0.05  # of a face's oval, less is the soft edge of a neighbour's mask


class Subject:
    """Called with one frame after the other. Of several replaced faces it is the largest of the first frame."""

    def __init__(self) -> None:
        self._last: Roi | None = None

    def __call__(self, faces: Sequence[Landmarks], alpha: Mask) -> Landmarks | None:
        """One of a frame's faces (478×3 each) under the layer's alpha; None where there is no face."""
        if len(faces) > 1:
            faces = [face for face in faces if is_painted(face, alpha)] or faces
        if not faces:
            return None
        last = self._last
        if last is None:
            chosen = max(faces, key=eye_distance)
        else:
            chosen = min(faces, key=lambda face: last.distance(roi_of_landmarks(face)))
        self._last = roi_of_landmarks(chosen)
        return chosen


def same_place(faces: Sequence[Landmarks], landmarks: Landmarks | None) -> Landmarks | None:
    """The face that lies where another picture of the frame has `landmarks`; the largest where it has none."""
    if landmarks is None:
        return max(faces, key=eye_distance, default=None)
    roi = roi_of_landmarks(landmarks)
    there = [face for face in faces if roi.covers(roi_of_landmarks(face))]
    return min(there, key=lambda face: roi.distance(roi_of_landmarks(face)), default=None)


def is_painted(face: Landmarks, alpha: Mask) -> bool:
    """Does the layer cover the face (478×3), and not only the soft edge of a neighbour's mask?"""
    oval = face_mask((alpha.shape[0], alpha.shape[1]), face)
    return float((oval * alpha).sum() / max(float(oval.sum()), 1.0)) > _PAINTED
