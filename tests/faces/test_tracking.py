import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from ml_backend.faces.detection import CenterFace
from ml_backend.faces.linking import Tracklet, link
from ml_backend.faces.observation import Observation
from ml_backend.faces.regions import landmarks68
from ml_backend.faces.roi import roi_of_landmarks
from ml_backend.faces.tracking import FaceTracker, TrackerState

Image = np.ndarray


class Counting:
    """The detector, and how often it looked at a whole frame."""

    def __init__(self, faces: bool = True) -> None:
        self._detector, self._faces, self.looks, self.closer_looks = CenterFace(), faces, 0, 0

    def __call__(self, image: Image, thorough: bool = False) -> list:
        self.looks += not thorough
        return self._detector(image, thorough=thorough) if self._faces else []

    def each(self, images: list[Image]) -> list[list]:
        self.closer_looks += len(images)
        return self._detector.each(images) if self._faces else [[] for _ in images]


def tracklets(tracker: FaceTracker, images: list[Image]) -> list[list[int]]:
    return [[face.tracklet for face in tracker(image)] for image in images]


def test_one_person_is_one_tracklet(pictures):
    tracker = FaceTracker()
    seen = [tracker(image) for image in pictures("plate_A", 1, 40)]
    assert [[face.tracklet for face in faces] for faces in seen] == [[0]] * 40
    looked = [n for n, (face,) in enumerate(seen) if face.embedding is not None]
    assert looked[0] == 0
    assert np.diff([*looked, 40]).max() <= 10


def test_the_tracker_finds_what_the_detector_finds(pictures, landmarks_of):
    images = pictures("identity_B_take1", 1, 20)
    tracker = FaceTracker()
    for image in images:
        (face,) = tracker(image)
    unit = np.linalg.norm(face.landmarks[263] - face.landmarks[33])
    assert np.linalg.norm((face.landmarks - landmarks_of(images[-1]))[:, :2], axis=1).mean() < 0.02 * unit


def test_a_small_face_that_jumps_is_found_again_in_every_frame(pictures):
    """Too small for a look at the whole picture, and further away in each frame than it is wide."""
    scene = cv2.resize(pictures("plate_A", 1, 1)[0][:120, :100], (960, 540), interpolation=cv2.INTER_CUBIC)
    frames = []
    for n, head in enumerate(pictures("plate_A", 45, 54)):
        frame = scene.copy()
        frame[200 : 200 + 46, 60 + 40 * n : 60 + 40 * n + 46] = cv2.resize(head, (46, 46), interpolation=cv2.INTER_AREA)
        frames.append(frame)
    tracker = FaceTracker()
    middles = [[roi_of_landmarks(face.landmarks).x for face in tracker(frame)] for frame in frames]
    assert [len(found) for found in middles] == [1] * 10
    assert np.abs(np.diff(np.ravel(middles)) - 40).max() < 4


def test_the_detector_looks_only_now_and_then(pictures):
    detector = Counting()
    tracker = FaceTracker(detector=detector, detect_every=12)
    tracklets(tracker, pictures("plate_A", 1, 40))
    assert detector.looks == 4
    assert detector.closer_looks <= 10, "only when it looks who it is"


def test_a_tracklet_does_not_cross_a_cut(pictures):
    edit = pictures("plate_A", 1, 4) + pictures("identity_B_take1", 1, 4) + pictures("plate_A", 5, 7)
    tracker = FaceTracker()
    shots = []
    for image, number in zip(edit, [0] * 4 + [1] * 4 + [2] * 3, strict=True):
        assert [face.tracklet for face in tracker(image)] == [number]
        shots.append(tracker.state.shot)
    assert shots == [0] * 4 + [1] * 4 + [2] * 3


@pytest.mark.parametrize(("last", "first"), [(62, 63), (72, 71), (119, 60), (90, 30)])
def test_a_tracklet_does_not_cross_a_cut_between_shots_of_one_light(last, first, pictures):
    """Both faces fill much the same place, so the new one could be taken for the old one."""
    before = pictures("plate_A", last - 2, last)
    after = [dimmed(image, before[-1]) for image in pictures("identity_B_take1", first, first + 2)]
    assert tracklets(FaceTracker(), before + after) == [[0]] * 3 + [[1]] * 3


def dimmed(image: Image, like: Image) -> Image:
    """The picture with the mean brightness of another one."""
    return np.clip(image * (like.mean() / image.mean()), 0, 255).astype(np.uint8)


def test_another_face_in_the_same_place_ends_the_tracklet_even_where_no_cut_is_seen(pictures):
    """Only the head changes, the picture around it stays: the cut finder says nothing."""
    small_a, small_b = (
        [cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA) for image in pictures(clip, 60, 66)]
        for clip in ("plate_A", "identity_B_take1")
    )
    street = np.random.default_rng(3).integers(60, 180, (9, 12, 3)).astype(np.uint8)
    street = cv2.resize(street, (400, 300), interpolation=cv2.INTER_CUBIC)
    images = []
    for head in small_a + small_b:
        images.append(street.copy())
        images[-1][100:196, 150:246] = head
    tracker = FaceTracker()
    seen = [tracker(image) for image in images]
    assert tracker.state.shot == 0
    assert [face.tracklet for faces in seen[:7] for face in faces] == [0] * 7
    assert [face.tracklet for faces in seen[7:] for face in faces] == [1] * 7


def test_a_flash_does_not_end_a_tracklet(pictures):
    images = list(pictures("plate_A", 30, 40))
    images[5] = np.clip(images[5] * 1.8 + 40.0, 0, 255).astype(np.uint8)
    tracker = FaceTracker()
    assert tracklets(tracker, images) == [[0]] * 11
    assert tracker.state.shot == 0


def test_a_lost_face_comes_back_as_another_tracklet(pictures):
    images = pictures("plate_A", 1, 6)
    black = np.zeros_like(images[0])
    tracker = FaceTracker()
    assert tracklets(tracker, [*images[:3], black, black, *images[3:]]) == [[0]] * 3 + [[]] * 2 + [[1]] * 3
    assert tracker.state.shot == 0


def test_a_face_hidden_for_long_is_found_soon_after_and_looked_for_cheaply(pictures):
    image = pictures("plate_A", 1, 1)[0]
    black = np.zeros_like(image)
    detector = Counting()
    tracker = FaceTracker(detector=detector, detect_every=1000)
    tracklets(tracker, [image] * 2 + [black] * 120)
    assert detector.looks < 48
    assert any(tracklets(tracker, [image] * 5))


def test_a_long_picture_without_a_face_costs_few_looks(pictures):
    grey = np.full_like(pictures("plate_A", 1, 1)[0], 90)
    detector = Counting()
    tracker = FaceTracker(detector=detector)
    assert not any(tracklets(tracker, [grey] * 40))
    assert detector.looks <= 10
    assert tracker.state.followed == []


def test_two_people_are_two_tracklets(pictures):
    both = [
        np.concatenate(pair, 1)
        for pair in zip(pictures("plate_A", 1, 8), pictures("identity_B_take1", 1, 8), strict=True)
    ]
    tracker, sides = FaceTracker(), []
    for image in both:
        faces = tracker(image)
        assert [face.tracklet for face in faces] == [0, 1]
        sides.append([face.landmarks[4, 0] < 384 for face in faces])
    assert all(side == sides[0] for side in sides)


def test_a_newcomer_is_seen_beside_a_followed_face(pictures):
    alone, other = pictures("plate_A", 1, 12), pictures("identity_B_take1", 1, 12)
    empty = np.full_like(other[0], 110)
    tracker = FaceTracker(detect_every=5)
    images = [np.concatenate([a, b if n >= 3 else empty], 1) for n, (a, b) in enumerate(zip(alone, other, strict=True))]
    counts = [len(tracker(image)) for image in images]
    assert counts[0] == 1
    assert counts[-1] == 2


def test_somebody_who_enters_a_still_picture_is_found_within_five_frames(pictures):
    image, other = pictures("plate_A", 1, 1)[0], pictures("identity_B_take1", 1, 1)[0]
    detector = Counting()
    tracker = FaceTracker(detector=detector)
    empty = np.concatenate([image, np.full_like(other, 110), np.full_like(other, 110)], 1)
    entered = np.concatenate([image, np.full_like(other, 110), other], 1)
    counts = [len(tracker(frame)) for frame in [empty] * 8 + [entered] * 5]
    assert counts[:8] == [1] * 8
    assert detector.looks == 2
    assert counts[-1] == 2


def test_thirty_faces_are_thirty_tracklets(pictures):
    """A wall of heads, which move."""
    heads = [cv2.resize(image, (160, 160), interpolation=cv2.INTER_AREA) for image in pictures("plate_A", 1, 3)]
    tracker = FaceTracker()
    for n, head in enumerate(heads):
        wall = np.full((5 * 180, 6 * 180 + 20, 3), 90, np.uint8)
        for place in range(30):
            y, x = place // 6 * 180 + 10, place % 6 * 180 + 10 + 2 * n
            wall[y : y + 160, x : x + 160] = head if place % 2 else head[:, ::-1]
        seen = tracker(wall)
        assert [face.tracklet for face in seen] == list(range(30))


def test_what_the_detector_does_not_see_any_more_ends(pictures):
    """The landmark network finds a face wherever it looks; only the detector can tell."""
    image = pictures("plate_A", 1, 1)[0]
    detector = Counting()
    tracker = FaceTracker(detector=detector, detect_every=10)
    assert tracklets(tracker, [image] * 3) == [[0]] * 3
    blind = Counting(faces=False)
    tracker.examiner = replace(tracker.examiner, detector=blind)
    seen = tracklets(tracker, [image] * 60)
    assert seen[0] == [0]
    assert seen[-1] == []


@dataclass(frozen=True)
class Crossing:
    """Two people in one picture, their exact landmarks (68×2), and how much of the hinder one is covered."""

    image: Image
    faces: dict[str, np.ndarray]
    hidden: float


@pytest.fixture(scope="module")
def crossing(pictures, truth) -> Callable[..., Iterator[Crossing]]:
    """Two heads pass one behind the other at `speed` pixels a frame; a hard cut to both, changed over, follows."""

    def head(points: np.ndarray) -> np.ndarray:
        (x0, y0), (x1, y1) = points.min(0), points.max(0)
        matte = np.zeros((384, 384), np.float32)
        middle = (int(points[:17, 0].mean()), int(y1 - 0.78 * (y1 - y0)))
        cv2.ellipse(matte, middle, (int(0.72 * (x1 - x0)), int(0.86 * (y1 - y0))), 0, 0, 360, 1, -1)
        return cv2.GaussianBlur(matte, (0, 0), 1.5)[..., None]

    def make(behind: str, before: str, speed: int, frames: int, after: int = 6) -> Iterator[Crossing]:
        clips = {name: pictures(name, 1, frames + after) for name in (behind, before)}
        points = {name: np.array([line["landmarks68"] for line in truth(name)]) for name in (behind, before)}
        for n in range(frames + after):
            rng = np.random.default_rng(2 if n >= frames else 1)
            image = cv2.resize(
                rng.integers(40, 180, (25, 60, 3)).astype(np.uint8), (960, 400), interpolation=cv2.INTER_CUBIC
            )
            places = {behind: 40 + speed * n, before: 536 - speed * n} if n < frames else {before: 30, behind: 546}
            faces, covered = {}, np.zeros(image.shape[:2], np.float32)
            for name in (behind, before):
                matte, x = head(points[name][n]), places[name]
                part = image[8:392, x : x + 384]
                part[:] = part * (1 - matte) + clips[name][n] * matte
                faces[name] = points[name][n] + [x, 8]
                covered[:] = 0
                covered[8:392, x : x + 384] = matte[..., 0]
            x, y = np.clip(faces[behind].round().astype(int), 0, [959, 399]).T
            yield Crossing(image, faces, float(covered[y, x].mean()))

    return make


def whose(face: Observation, scene: Crossing) -> tuple[str, float]:
    """The person whose exact landmarks are nearest, and how far off they are in distances of the eyes."""
    off = {
        name: float(
            np.linalg.norm(landmarks68(face.landmarks) - exact, axis=1).mean() / np.linalg.norm(exact[45] - exact[36])
        )
        for name, exact in scene.faces.items()
    }
    name = min(off, key=lambda one: off[one])
    return name, off[name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behind", "before", "speed", "frames"),
    [
        ("plate_A", "identity_B_take1", 8, 60),
        ("identity_B_take1", "plate_A", 8, 60),
        ("plate_A", "identity_B_take2", 14, 36),
        ("identity_B_take2", "plate_A", 12, 40),
    ],
)
def test_two_people_who_cross_are_never_mixed_up(behind, before, speed, frames, crossing):
    """No tracklet, and no track of linked ones, holds faces of both; both are found again behind the crossing."""
    tracker, rows = FaceTracker(), []
    for n, scene in enumerate(crossing(behind, before, speed, frames)):
        for face in tracker(scene.image):
            name, off = whose(face, scene)
            rows.append((n, face, name, off, tracker.state.shot))
            if name == before or scene.hidden < 0.2:
                assert off < 0.2
    tracks = link([piece_of([row for row in rows if row[1].tracklet == n]) for n in range(tracker.state.next_tracklet)])
    for track in set(tracks.values()):
        of_track = [row for row in rows if tracks[row[1].tracklet] == track]
        assert len({name for _, _, name, _, _ in of_track}) == 1
        assert len({shot for *_, shot in of_track}) == 1
    assert tracker.state.shot == 1
    for name, most in ((before, 0), (behind, 22)):
        found = {n for n, _, one, _, _ in rows if one == name}
        assert frames + 6 - len(found) <= most
        assert set(range(frames - 3, frames + 6)) <= found


def piece_of(rows: list) -> Tracklet:
    """A tracklet as the faceset's index would give it."""
    rois = [roi_of_landmarks(face.landmarks) for _, face, *_ in rows]
    taken = [face.embedding for _, face, *_ in rows if face.embedding is not None]
    return Tracklet(
        rows[0][1].tracklet,
        rows[0][4],
        rows[0][0],
        rows[-1][0],
        (rois[0], rois[min(1, len(rois) - 1)]),
        (rois[max(-2, -len(rois))], rois[-1]),
        np.mean(taken, axis=0),
        len(rows),
    )


def test_the_state_goes_through_json_exactly(pictures):
    """A job killed on any frame goes on as if nothing had happened, with a face lost and a cut on the way."""
    a, b = pictures("plate_A", 1, 14), pictures("identity_B_take1", 1, 14)
    images = [np.concatenate(pair, 1) for pair in zip(a, b, strict=True)]
    images[5][110:320, 60:250] = 120
    images[9:] = [image[:, ::-1].copy() for image in images[9:]]
    undisturbed, resumed = FaceTracker(detect_every=6), FaceTracker(detect_every=6)
    for image in images:
        expected, found = undisturbed(image), resumed(image)
        assert [(face.tracklet, face.score) for face in found] == [(face.tracklet, face.score) for face in expected]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.landmarks, other.landmarks)
            assert (one.embedding is None) == (other.embedding is None)
            if one.embedding is not None:
                np.testing.assert_array_equal(one.embedding, other.embedding)
        assert resumed.state.to_json() == undisturbed.state.to_json()
        text = json.dumps(resumed.state.to_json())
        assert len(text) < 50_000
        resumed.state = TrackerState.from_json(json.loads(text))
    assert resumed.state.next_tracklet > 2
    assert resumed.state.shot == 1


def test_a_fresh_state_goes_through_json():
    state = TrackerState.from_json(json.loads(json.dumps(TrackerState(shot=2, next_tracklet=3).to_json())))
    assert state == TrackerState(shot=2, next_tracklet=3)


@pytest.mark.parametrize("size", [1, 2, 16])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiny_pictures_have_no_face(size, dtype, pictures):
    grey = np.full((size, size, 3), 90, dtype)
    noise = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (size, size, 3), dtype=dtype)
    assert tracklets(FaceTracker(), [grey, grey, noise]) == [[], [], []]


def test_sixteen_bits_are_followed_like_eight(pictures):
    images = pictures("plate_A", 1, 3)
    shallow, deep = FaceTracker(), FaceTracker()
    for image in images:
        (a,), (b,) = shallow(image), deep(image.astype(np.uint16) * 257)
        assert np.abs(a.landmarks - b.landmarks).mean() < 0.5


def test_a_picture_that_changes_its_size_midway_is_a_cut(pictures):
    images = pictures("plate_A", 1, 6)
    larger = [cv2.resize(image, (512, 512)) for image in images[3:]]
    tracker = FaceTracker()
    assert tracklets(tracker, [*images[:3], *larger]) == [[0]] * 3 + [[1]] * 3
    assert tracker.state.shot == 1
