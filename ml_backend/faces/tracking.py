"""Follow faces through consecutive frames: the detector finds them, the mesh keeps them."""

import math
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .detection import CenterFace
from .face import Face
from .mesh import FaceMesh, Roi, roi_of_detection, roi_of_landmarks
from .recognition import SAME_PERSON, Recogniser, distance

# Mean change of a thumbnail, in 0–1:
CUT = 0.14  # hardly anything but a cut between shots changes this much
PERHAPS_CUT = 0.05  # a fast head does, and so does a cut between shots of one light: look who it is


@dataclass(frozen=True)
class _Followed:
    track: int
    roi: Roi
    next_roi: Roi
    embedding: tuple[float, ...]  # of the last frame on which somebody looked who it is


@dataclass
class TrackerState:
    """All that the tracker remembers, so that a killed job can go on exactly where it was."""

    followed: list[_Followed] = field(default_factory=list)
    next_track: int = 0
    frame: int = 0
    thumbnail: NDArray[np.float32] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "followed": [[f.track, list(f.roi), list(f.next_roi), list(f.embedding)] for f in self.followed],
            "next_track": self.next_track,
            "frame": self.frame,
            "thumbnail": None if self.thumbnail is None else self.thumbnail.ravel().tolist(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TrackerState":
        thumbnail = value["thumbnail"]
        return cls(
            [
                _Followed(track, Roi(*roi), Roi(*next_roi), tuple(embedding))
                for track, roi, next_roi, embedding in value["followed"]
            ],
            value["next_track"],
            value["frame"],
            None if thumbnail is None else np.asarray(thumbnail, np.float32).reshape(_THUMBNAIL),
        )


_THUMBNAIL = (18, 32)


class FaceTracker:
    """Gives the faces of each frame, called with one frame after the other.

    Where a face is in the next frame is foreseen from its motion; the detector runs only on the first frame,
    after a cut, when a face was lost or none is there, and every `detect_every` frames for newcomers. On these
    frames, and where the picture changes much, a followed face must still be the same person, or a new track begins.
    """

    def __init__(
        self,
        average: bool = True,
        detect_every: int = 30,
        min_score: float = 0.5,
        recogniser: Recogniser | None = None,
    ) -> None:
        self._detector = CenterFace()
        self._mesh = FaceMesh()
        self._recogniser = recogniser or Recogniser()
        self._average = average
        self._detect_every = detect_every
        self._min_score = min_score
        self.state = TrackerState()

    def __call__(self, image: Pixels) -> list[Face]:
        """The faces in the next frame, H×W×3 RGB, in the order of their tracks."""
        state = self.state
        change = self._change(image)
        before, state.followed = state.followed if change <= CUT else [], []
        faces: list[Face] = []
        due = state.frame % self._detect_every == 0
        self._follow(image, before, faces, due or change > PERHAPS_CUT)
        if due or not faces or len(faces) < len(before):
            found = [roi_of_detection(d) for d in self._detector(image)]
            self._begin(image, [roi for roi in found if not self._is_followed(roi)], faces)
        state.frame += 1
        return sorted(faces, key=lambda face: face.track)

    def _follow(self, image: Pixels, before: list[_Followed], faces: list[Face], verify: bool) -> None:
        """Add the faces of the frame before that are still there; `verify`: look whether they are the same people."""
        points, scores = self._mesh.settle(image, [f.next_roi for f in before], average=self._average)
        for known, landmarks, score in zip(before, points, scores, strict=True):
            roi = roi_of_landmarks(landmarks)
            if score < self._min_score or self._is_followed(roi):
                continue
            track, next_roi, embedding = known.track, roi.ahead(known.roi), known.embedding
            if verify:
                embedding = self._embed(image, landmarks)
                if distance(np.array(embedding), np.array(known.embedding)) > SAME_PERSON:
                    track, next_roi = self._new_track(), roi
            self.state.followed.append(_Followed(track, roi, next_roi, embedding))
            faces.append(Face(landmarks, float(score), track))

    def _begin(self, image: Pixels, rois: list[Roi], faces: list[Face]) -> None:
        """Add a face with a new track for every square that holds one and is not followed already."""
        points, scores = self._mesh.settle(image, rois, average=self._average)
        for landmarks, score in zip(points, scores, strict=True):
            roi = roi_of_landmarks(landmarks)
            if score < self._min_score or self._is_followed(roi):
                continue
            track = self._new_track()
            self.state.followed.append(_Followed(track, roi, roi, self._embed(image, landmarks)))
            faces.append(Face(landmarks, float(score), track))

    def _new_track(self) -> int:
        self.state.next_track += 1
        return self.state.next_track - 1

    def _embed(self, image: Pixels, landmarks: NDArray[np.float64]) -> tuple[float, ...]:
        return tuple(self._recogniser.embed(image, landmarks).tolist())

    def _is_followed(self, roi: Roi) -> bool:
        """Is this square on a face that is followed in this frame already?"""
        return any(
            math.hypot(roi.x - f.roi.x, roi.y - f.roi.y) < 0.3 * max(roi.side, f.roi.side) for f in self.state.followed
        )

    def _change(self, image: Pixels) -> float:
        """How much the picture differs from the one before, 0–1."""
        full = np.iinfo(image.dtype).max
        small = cv2.resize(image, _THUMBNAIL[::-1], interpolation=cv2.INTER_AREA).astype(np.float32).mean(2) / full
        before, self.state.thumbnail = self.state.thumbnail, small
        return 0.0 if before is None else float(np.abs(small - before).mean())
