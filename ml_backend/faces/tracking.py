"""Follow faces through consecutive frames: the detector finds them, the landmarks keep them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .detection import CenterFace, Detection
from .examining import Detector, Examiner
from .followed import Followed, Lost, TrackerState
from .landmarks import Landmarker
from .mesh import FaceMesh
from .observation import Observation
from .recognition import SAME_PERSON, Recogniser, distance
from .roi import Roi, roi_of_detection, roi_of_landmarks
from .roi_crop import roi_to_image
from .shots import CutFinder, changed

CHECK_EVERY = 10  # frames between two looks at who it is while nothing happens
NEAR = 0.8  # two faces touch: their distance as a part of the larger square, which is 1.5 faces
WARY = 2  # frames checked after one on which something happened
SUDDEN_PLACE = 0.12  # of the square's side (radians for turns) off the place foreseen
JUMP = 0.35  # so far off, while the whole picture changes: it was cut, though the cut was not seen
SUDDEN_LOOK = 0.65  # correlation of a face's small picture with that of the frame before
SUDDEN_PICTURE = 0.22  # change of the whole picture
TURNED = 0.35, 0.75  # a face that turns is this near to its last check, and not further than this from the mean
SEARCH = frozenset({0, 1, 2, 3, *range(5, 61, 5)})  # frames after a loss on which to look for the lost face
SMALL = 1 / 16  # of the picture's longer side: a lost face in a smaller square is looked for closely
EMPTY_EVERY = 4  # frames between two looks into a picture without a face
CHANGED = 0.03  # of the picture beside the followed faces: somebody may have come
PATIENCE = 4, 16  # frames between two looks for them: the first time, and where it changes on and on
THOROUGH_EVERY, THOROUGH_AGO = 300, 10  # frames between two thorough looks; after a loss that was not mended
TURNED_BY = 0.35  # so different are two squares on one face that both are worth a try
UNSEEN = 3  # times in a row that the detector may not see a followed face
LOOK = 24  # side of a face's small picture


@dataclass(frozen=True)
class _Found:
    """A followed face in this frame, before it is known whether it is still the same one."""

    known: Followed
    landmarks: NDArray[np.float64]
    score: float
    roi: Roi
    look: NDArray[np.uint8]


@dataclass(frozen=True)
class _Agreed:
    """A face on which landmarks and detector agree, and who it is. anew: its landmarks were measured once more."""

    landmarks: NDArray[np.float64]
    score: float
    embedding: NDArray[np.float32]
    anew: bool


_Still = tuple[Followed, Observation]


class FaceTracker:
    """Gives what is seen of faces in each frame, called with one frame after the other.

    Where a face is in the next frame is foreseen from its motion, and the landmarks are found there. The detector
    looks at the first frame of a shot, for a while after a face was lost, now and then into an empty picture, and
    for newcomers where the picture changes beside the followed faces, and every `detect_every` frames. Landmarks
    alone prove no face: a tracklet begins with a detection, and one that the detector does not see any more ends, or
    sees elsewhere, as where the landmarks lie half on one face and half on another, or beside a profile.
    Who it is is looked at when a tracklet begins, every ten frames, and on every frame on which another person
    could take the face's place: near other faces, near the place where one was lost, and where the picture, the
    face's look or its place changes suddenly. A tracklet ends before the first frame on which it is somebody else.
    """

    def __init__(
        self,
        landmarker: Landmarker | None = None,
        recogniser: Recogniser | None = None,
        detector: Detector | None = None,
        *,
        average: bool = False,
        detect_every: int = 30,
        min_score: float = 0.5,
    ) -> None:
        self.examiner = Examiner(
            detector or CenterFace(), landmarker or FaceMesh(), recogniser or Recogniser(), average, min_score
        )
        self._detect_every = detect_every
        self._cuts = CutFinder()
        self.state = TrackerState()

    def __call__(self, image: Pixels) -> list[Observation]:
        """The faces in the next frame, H×W×3 RGB (uint8 or uint16), in the order of their tracklets."""
        state = self.state
        first = state.cuts.before is None
        self._cuts.state = state.cuts
        change = self._cuts(image)
        state.cuts = self._cuts.state
        if change.cut:
            state.shot += 1
            state.followed, state.lost = [], []
        state.lost = [Lost(lost.roi, lost.ago + 1) for lost in state.lost if lost.ago < max(SEARCH)]
        state.unlooked += 1
        state.unsearched += 1
        sudden = change.amount > SUDDEN_PICTURE
        seen = self._follow(image, sudden)
        if first or change.cut or self._is_due(image, sudden):
            thorough = first or change.cut or state.unsearched >= THOROUGH_EVERY
            seen += self._look(image, thorough or any(lost.ago == THOROUGH_AGO for lost in state.lost))
        return sorted(seen, key=lambda one: one.tracklet)

    def _is_due(self, image: Pixels, sudden: bool) -> bool:
        """Shall the detector look at this frame?"""
        state = self.state
        return (
            state.unlooked >= self._detect_every
            or (state.unlooked >= EMPTY_EVERY and (sudden or not state.followed))
            or any(lost.ago in SEARCH for lost in state.lost)
            or (state.unlooked >= state.patience and self._may_somebody_come(image))
        )

    def _may_somebody_come(self, image: Pixels) -> bool:
        """Has the picture changed beside the followed faces since the detector looked?"""
        state, (height, width) = self.state, image.shape[:2]
        if state.looked is None or state.cuts.before is None:
            return False
        boxes = [
            (
                (known.roi.x - known.roi.side) / width,
                (known.roi.y - known.roi.side) / height,
                (known.roi.x + known.roi.side) / width,
                (known.roi.y + known.roi.side) / height,
            )
            for known in state.followed
        ]
        if changed(state.looked, state.cuts.before, boxes) > CHANGED:
            return True
        state.patience = PATIENCE[0]
        return False

    def _follow(self, image: Pixels, sudden: bool) -> list[Observation]:
        """The faces of the frame before that are still there."""
        before, self.state.followed = self.state.followed, []
        points, scores = self._settle(image, [known.expected for known in before])
        found = []
        for known, landmarks, score in zip(before, points, scores, strict=True):
            roi = roi_of_landmarks(landmarks)
            if score >= self.examiner.min_score:
                found.append(_Found(known, landmarks, float(score), roi, _look_of(image, roi)))
            else:
                self.state.lost.append(Lost(known.roi, 0))
        places = [one.roi for one in found] + [lost.roi for lost in self.state.lost]
        near = [
            any(m != n and one.roi.distance(place) < NEAR for m, place in enumerate(places))
            for n, one in enumerate(found)
        ]
        seen: list[Observation] = []
        for one, still in zip(found, self._check(image, found, near, sudden), strict=True):
            if still is None:
                self.state.lost.append(Lost(one.known.roi, 0))
                continue
            self.state.followed.append(still[0])
            seen.append(still[1])
        return self._settle_disputes(seen)

    def _settle(self, image: Pixels, rois: Sequence[Roi]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.examiner.landmarker.settle(image, rois, average=self.examiner.average)

    def _check(self, image: Pixels, found: Sequence[_Found], near: Sequence[bool], sudden: bool) -> list[_Still | None]:
        """The faces as they go on, None where it is somebody else, or nobody; all that need it are looked at at once.

        near: is the face near another one, or near the place where one was lost?
        """
        checked: list[_Still | None] = []
        doubtful: dict[int, Followed] = {}
        for n, one in enumerate(found):
            known, off = one.known, one.roi.difference(one.known.expected)
            alarm = near[n] or sudden or off > SUDDEN_PLACE or _correlation(one.look, known.look) < SUDDEN_LOOK
            now = replace(
                known,
                roi=one.roi,
                expected=one.roi.ahead(known.roi),
                look=one.look,
                unchecked=known.unchecked + 1,
                wary=WARY if alarm else max(0, known.wary - 1),
            )
            gone = off > JUMP and sudden
            checked.append(None if gone else (now, Observation(one.landmarks, one.score, known.tracklet)))
            if not gone and (alarm or known.wary or now.unchecked >= CHECK_EVERY):
                doubtful[n] = now
        detected = self.examiner.detected([(image, now.roi) for now in doubtful.values()])
        agreed = self._agreed(
            image, [found[n].landmarks for n in doubtful], [found[n].score for n in doubtful], detected
        )
        for n, detections, face in zip(doubtful, detected, agreed, strict=True):
            checked[n] = None if face is None else self._recognised(image, doubtful[n], face, detections, near[n])
        return checked

    def _recognised(
        self, image: Pixels, now: Followed, face: _Agreed, detected: Sequence[Detection], near: bool
    ) -> _Still | None:
        """The face as it goes on after it was looked at who it is; None if it is somebody else, or nobody."""
        embedding = face.embedding
        from_mean, from_latest = float(distance(embedding, now.mean)), float(distance(embedding, now.latest))
        turned = not near and from_latest < TURNED[0] and from_mean < TURNED[1]
        if from_mean > SAME_PERSON and not turned:
            return None
        if face.anew:  # it goes on from there
            roi = roi_of_landmarks(face.landmarks)
            now = replace(now, roi=roi, expected=roi, look=_look_of(image, roi), wary=WARY)
        if now.unseen and now.unchecked >= CHECK_EVERY:
            seen = any(now.roi.covers(roi_of_detection(detection)) for detection in detected)
            now = replace(now, unseen=0 if seen else now.unseen + 1)
            if now.unseen >= UNSEEN:
                return None
        checks = now.checks + 1
        mean = now.mean + (embedding - now.mean) / np.float32(min(checks, 20))
        now = replace(now, mean=mean, latest=embedding, checks=checks, unchecked=0)
        return now, Observation(face.landmarks, face.score, now.tracklet, embedding)

    def _agreed(
        self,
        image: Pixels,
        landmarks: Sequence[NDArray[np.float64]],
        scores: Sequence[float],
        detected: Sequence[Sequence[Detection]],
    ) -> list[_Agreed | None]:
        """Faces on which the detector agrees, with their embeddings; None for the others."""
        agreed = [
            self.examiner.agreed(image, points, score, detections)
            for points, score, detections in zip(landmarks, scores, detected, strict=True)
        ]
        embeddings = iter(self.examiner.recogniser.embed_many([(image, one[0]) for one in agreed if one]))
        return [
            _Agreed(*one, next(embeddings), anew=one[0] is not points) if one else None
            for one, points in zip(agreed, landmarks, strict=True)
        ]

    def _settle_disputes(self, seen: list[Observation]) -> list[Observation]:
        """Where several followed faces have come to lie on one, it is the one that it resembles most."""
        followed = self.state.followed
        order = sorted(range(len(seen)), key=lambda n: (float(distance(followed[n].latest, followed[n].mean)), n))
        kept: list[int] = []
        for n in order:
            if any(followed[n].roi.covers(followed[m].roi) for m in kept):
                self.state.lost.append(Lost(followed[n].roi, 0))
            else:
                kept.append(n)
        self.state.followed = [followed[n] for n in sorted(kept)]
        return [seen[n] for n in sorted(kept)]

    def _look(self, image: Pixels, thorough: bool) -> list[Observation]:
        """Let the detector look at the frame: the newcomers. Followed faces that it does not see are marked."""
        state = self.state
        state.unlooked, state.looked = 0, state.cuts.before
        state.unsearched = 0 if thorough else state.unsearched
        detected = [roi_of_detection(detection) for detection in self.examiner.detector(image)]
        detected += self._lost_nearby(image, detected)
        turned = self.examiner.detector(image, thorough=True) if thorough else []
        missed = [known for known in state.followed if not any(known.roi.covers(roi) for roi in detected)]
        closer = self.examiner.detected([(image, known.roi) for known in missed])
        unseen = {known.tracklet for known, found in zip(missed, closer, strict=True) if not found}
        state.followed = [
            replace(known, unseen=max(1, known.unseen) if known.tracklet in unseen else 0) for known in state.followed
        ]
        # a quick look knows best where an upright face is, a thorough one also finds those that lie on their side
        others = [
            roi
            for roi in map(roi_of_detection, turned)
            if not any(one.covers(roi) and one.difference(roi) < TURNED_BY for one in detected)
        ]
        begun = self._begin(image, [roi for roi in [*detected, *others] if not self._is_followed(roi)])
        for roi in _unclaimed(detected, [known.roi for known in state.followed]):
            # who cannot be told from another yet is looked for as if lost
            if not any(lost.roi.covers(roi) for lost in state.lost):
                state.lost.append(Lost(roi, 0))
        state.patience = PATIENCE[0] if begun else min(2 * state.patience, PATIENCE[1])
        return begun

    def _lost_nearby(self, image: Pixels, detected: Sequence[Roi]) -> list[Roi]:
        """What is seen beside `detected` where faces were lost that are too small for a quick look at the picture."""
        smallest = SMALL * max(image.shape[:2])
        places = [lost.roi for lost in self.state.lost if lost.ago in SEARCH and lost.roi.side < smallest]
        found: list[Roi] = []
        for roi in map(roi_of_detection, self.examiner.around(image, places)):
            if not any(roi.covers(one) for one in (*detected, *found)):
                found.append(roi)
        return found

    def _begin(self, image: Pixels, rois: list[Roi]) -> list[Observation]:
        """Begin a tracklet with every square that holds a face that is not followed yet."""
        points, scores = self._settle(image, rois)
        landmarks, certain = [], []
        for square, measured, score in zip(rois, points, scores, strict=True):
            roi = roi_of_landmarks(measured)
            if score >= self.examiner.min_score and roi.covers(square) and not self._is_followed(roi):
                landmarks.append(measured)
                certain.append(float(score))
        detected = self.examiner.detected([(image, roi_of_landmarks(measured)) for measured in landmarks])
        begun = []
        for face in self._agreed(image, landmarks, certain, detected):
            if face is None or self._is_followed(roi := roi_of_landmarks(face.landmarks)):
                continue
            tracklet = self.state.next_tracklet
            self.state.next_tracklet += 1
            look = _look_of(image, roi)
            self.state.followed.append(Followed(tracklet, roi, roi, look, face.embedding, face.embedding, wary=WARY))
            self.state.lost = [lost for lost in self.state.lost if not lost.roi.covers(roi)]
            begun.append(Observation(face.landmarks, face.score, tracklet, face.embedding))
        return begun

    def _is_followed(self, roi: Roi) -> bool:
        return any(roi.covers(known.roi) for known in self.state.followed)


def _unclaimed(detected: list[Roi], followed: list[Roi]) -> list[Roi]:
    """The detections that are left when every followed face has taken the nearest one that covers it."""
    left = list(detected)
    for roi in followed:
        mine = [one for one in left if one.covers(roi)]
        if mine:
            left.remove(min(mine, key=roi.distance))
    return left


def _look_of(image: Pixels, roi: Roi) -> NDArray[np.uint8]:
    """A small grey picture of the face in this square."""
    small = cv2.warpAffine(
        image, roi_to_image(roi, LOOK), (LOOK, LOOK), flags=cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(small.mean(2) * (255 / np.iinfo(image.dtype).max), np.uint8)


def _correlation(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    x, y = a - a.mean(), b - b.mean()
    return float((x * y).sum() / (np.sqrt((x * x).sum() * (y * y).sum()) + 1e-9))
