import cv2
import numpy as np
import pytest

from ml_backend.faces.detection import CenterFace, Detection, SmallestFace, merge_overlapping
from ml_backend.faces.detection_merge import merge_looks


@pytest.fixture(scope="module")
def scene(pictures, truth):
    """scene((width, height), side, places, roll=0, cover=""): a frame with heads of the footage, and their landmarks.

    Each face's longer side has `side` pixels and its middle is at its place; roll in degrees; cover: left or bottom.
    """
    heads = [
        (image, np.array(truth(clip)[frame - 1]["landmarks68"]))
        for clip in ("plate_A", "identity_B_take1")
        for frame, image in zip(range(1, 121, 17), pictures(clip, 1, 120, 17), strict=True)
    ]
    ramp = np.minimum(np.arange(384), np.arange(384)[::-1])
    soft = np.clip(np.minimum(ramp[:, None], ramp) / 20, 0, 1).astype(np.float32)

    def make(size, side, places, roll=0, cover=""):
        frame = np.linspace((90, 80, 60), (160, 170, 190), size[0]).astype(np.float32)[None].repeat(size[1], 0)
        faces = []
        for index, place in enumerate(places):
            head, points = heads[3 * index % len(heads)]
            low, high = points.min(0), points.max(0)
            scale, turn = side / (high - low).max(), np.radians(roll)
            linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            matrix = np.column_stack([linear, place - linear @ ((low + high) / 2)])
            if cover:
                hidden = np.s_[:, : int(points[27, 0])] if cover == "left" else np.s_[int(points[33, 1]) :]
                head = head.copy()
                head[hidden] = (70, 80, 60)
            if scale < 0.9:
                head = cv2.GaussianBlur(head, (0, 0), 0.5 / scale - 0.5)
            reach = int(300 * scale) + 1
            (x0, y0), (x1, y1) = np.maximum(np.array(place) - reach, 0), np.minimum(np.array(place) + reach, size)
            matrix[:, 2] -= x0, y0
            below = frame[y0:y1, x0:x1]
            patch = cv2.warpAffine(head, matrix, (int(x1 - x0), int(y1 - y0))).astype(np.float32)
            below += (patch - below) * cv2.warpAffine(soft, matrix, (int(x1 - x0), int(y1 - y0)))[..., None]
            faces.append(points @ matrix[:, :2].T + matrix[:, 2] + (x0, y0))
        return frame.astype(np.uint8), faces

    return make


def assert_found(detections, faces):
    """Each face is detected once, with its left eye (in the actor's picture) first, and nothing else is."""
    assert len(detections) == len(faces)
    for points in faces:
        low, high = points.min(0), points.max(0)
        eyes = np.array([points[36:42].mean(0), points[42:48].mean(0)])
        apart = np.linalg.norm(points[45] - points[36])
        best = min(detections, key=lambda face: np.linalg.norm(face.points[:2] - eyes))
        assert np.linalg.norm(best.points[:2] - eyes, axis=1).max() < 0.5 * apart
        inside = np.prod(np.maximum(np.minimum(best.box[2:], high) - np.maximum(best.box[:2], low), 0))
        both = np.prod(best.box[2:] - best.box[:2]) + np.prod(high - low) - inside
        assert inside > 0.35 * both


@pytest.mark.parametrize("clip", ["plate_A", "identity_B_take1"])
def test_finds_the_one_face_around_its_landmarks(clip, pictures, truth, detector):
    for image, known in zip(pictures(clip, 1, 120, 17), truth(clip)[::17], strict=True):
        (face,) = detector(image)
        points = np.array(known["landmarks68"])
        low, high = points.min(0), points.max(0)
        overlap = np.prod(np.minimum(face.box[2:], high) - np.maximum(face.box[:2], low))
        assert overlap > 0.75 * np.prod(high - low)
        # the first two of the five points are the eyes, the one on the left of the picture first
        eyes = [points[36:42].mean(0), points[42:48].mean(0)]
        assert np.linalg.norm(face.points[:2] - eyes, axis=1).max() < 0.2 * np.linalg.norm(points[45] - points[36])


def test_finds_several_faces(pictures, detector):
    both = np.concatenate([pictures("plate_A", 1, 1)[0], pictures("identity_B_take1", 1, 1)[0]], 1)
    left, right = sorted(detector(both), key=lambda face: face.box[0])
    assert left.box[2] < 384 < right.box[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (16, 16), (4, 2000), (480, 640)])
def test_no_face_in_pictures_without_one(shape, dtype, detector):
    full = np.iinfo(dtype).max
    ramp = np.broadcast_to(np.linspace(0, full, shape[1]).astype(dtype)[None, :, None], (*shape, 3))
    noise = np.random.default_rng(5).integers(0, full, (*shape, 3), dtype=dtype)
    for image in (np.zeros((*shape, 3), dtype), np.ascontiguousarray(ramp), noise):
        assert detector(image) == []


def test_sixteen_bits_find_the_same(pictures, detector):
    image = pictures("plate_A", 1, 1)[0]
    (shallow,), (deep,) = detector(image), detector(image.astype(np.uint16) * 257)
    np.testing.assert_allclose(deep.box, shallow.box, atol=0.1)


def test_boxes_are_in_the_pixels_of_a_large_picture(pictures, detector):
    image = pictures("plate_A", 1, 1)[0]
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    (small_face,), (large_face,) = detector(image), CenterFace()(large)
    np.testing.assert_allclose((large_face.box + 0.5) / 3 - 0.5, small_face.box, atol=6)


def test_merging_takes_the_weighted_mean_and_drops_what_is_nested():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 12], [4, 4, 6, 6], [50, 50, 60, 60.0]])
    scores = np.array([0.9, 0.3, 0.5, 0.4])
    found = merge_overlapping(boxes, np.zeros((4, 5, 2)), scores)
    assert [face.score for face in found] == [0.9, 0.4]
    np.testing.assert_allclose(found[0].box, [0, 0, 10, 10.5])


def test_merging_ends_on_boxes_without_area():
    boxes = np.array([[3, 3, 3, 3], [5, 5, 5, 5.0]])
    assert len(merge_overlapping(boxes, np.zeros((2, 5, 2)), np.array([0.9, 0.8]))) == 2
    assert merge_overlapping(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0)) == []


def test_a_thorough_search_finds_small_faces_in_a_large_frame(scene, detector):
    frame, faces = scene((3840, 2160), 56, [(300, 200), (1910, 1078), (1310, 1100), (3600, 2000), (2500, 300)])
    assert not [face for face in detector(frame) if face.score > 0.5]
    assert_found(detector(frame, thorough=True), faces)


def test_the_smallest_face_can_be_asked_for(scene):
    frame, faces = scene((1920, 1080), 20, [(300, 200), (960, 540), (1700, 900)])
    assert_found(CenterFace(smallest=SmallestFace(pixels=18, of_height=0))(frame, thorough=True), faces)
    assert CenterFace(smallest=SmallestFace(of_height=0.1))(frame, thorough=True) == []


def test_faces_that_are_smaller_than_wanted_are_left_out_however_well_they_are_seen(scene):
    frame, faces = scene((1920, 1080), 150, [(300, 200), (1500, 700)])
    large, everything = CenterFace(smallest=SmallestFace.of(400)), CenterFace(smallest=SmallestFace.of(60))
    for thorough in (False, True):
        assert large(frame, thorough) == []
        assert_found(everything(frame, thorough), faces)
    assert len(large.each([frame])[0]) == 2, "a closer look is at a crop, whose pixels are others"


def test_no_wish_is_the_default():
    assert SmallestFace.of(None) == SmallestFace()
    assert SmallestFace.of(12) == SmallestFace(12, 0, 12)


@pytest.mark.parametrize("side", [70, 110, 180, 450, 900])
def test_a_face_across_tiles_is_one_face(side, scene, detector):
    frame, faces = scene((1920, 1080), side, [(730, 560)])
    assert_found(detector(frame, thorough=True), faces)


def test_thirty_faces(scene, detector):
    places = [(160 + 320 * column, 110 + 215 * row) for column in range(6) for row in range(5)]
    frame, faces = scene((1920, 1080), 70, places)
    assert_found(detector(frame, thorough=True), faces)


@pytest.mark.parametrize("roll", [0, 90, 180])
def test_a_rolled_face_that_fills_the_frame(roll, scene, detector):
    frame, faces = scene((640, 480), 440, [(320, 240)], roll=roll)
    assert_found(detector(frame, thorough=True), faces)


@pytest.mark.parametrize("roll", [0, 45, 90, 135, 180, 225, 270, 315])
def test_a_thorough_search_finds_rolled_faces_and_where_their_eyes_are(roll, scene, detector):
    frame, faces = scene((640, 480), 90, [(170, 240), (470, 240)], roll=roll)
    assert_found(detector(frame, thorough=True), faces)


def test_small_rolled_faces_are_found_when_asked_for(scene):
    frame, faces = scene((1280, 720), 30, [(320, 360), (960, 360)], roll=135)
    assert_found(CenterFace(turned_tiles=True)(frame, thorough=True), faces)


def test_faces_in_the_dark_of_sixteen_bits_are_found(scene, detector):
    frame, faces = scene((1280, 720), 90, [(320, 360), (960, 360)])
    light = (frame / 255) ** 2.2 / 2**13
    noise = np.random.default_rng(3).normal(0, 20, frame.shape)
    dark = np.clip(light ** (1 / 2.2) * 65535 + noise, 0, 65535).astype(np.uint16)
    assert dark.max() < 0.03 * 65535
    assert_found(detector(dark), faces)


@pytest.mark.parametrize("cover", ["left", "bottom"])
@pytest.mark.parametrize("sigma", [0, 3])
def test_half_covered_and_blurred_faces_are_found(cover, sigma, scene, detector):
    frame, faces = scene((1280, 720), 120, [(320, 360), (960, 360)], cover=cover)
    blurred = cv2.GaussianBlur(frame, (0, 0), sigma) if sigma else frame
    assert len(detector(blurred)) == len(faces)


def test_a_thorough_search_finds_no_face_where_there_is_none():
    rng = np.random.default_rng(7)
    frames = [
        rng.integers(0, 256, (540, 960, 3), np.uint8),
        rng.integers(0, 3, (540, 960, 3), np.uint8),
        cv2.resize(rng.integers(0, 256, (27, 48, 3), np.uint8), (960, 540), interpolation=cv2.INTER_CUBIC),
        np.full((540, 960, 3), 255, np.uint8),
    ]
    for line in range(12):
        words = "".join(rng.choice(list("ghOoQ8069@%&(:)WM "), 30))
        cv2.putText(frames[3], words, (0, 45 * line + 40), line % 8, 0.5 + line / 6, (0, 0, 0), 1 + line % 4)
    for frame in frames:
        assert CenterFace(smallest=SmallestFace(pixels=16, of_height=0))(frame, thorough=True) == []


def test_the_look_that_sees_a_face_level_wins_and_places_are_not_mixed():
    upright = [_detection((0, 0, 10, 10), 0.6), _detection((50, 0, 60, 10), 0.6)]
    turned = [_detection((1, 0, 11, 10), 0.7, roll=90), _detection((51, 0, 61, 10), 0.85)]
    assert merge_looks([(0, upright), (1, turned)]) == [turned[0], upright[1]]


def test_a_face_keeps_its_parts_unless_it_is_hardly_seen():
    sure, doubtful = _detection((0, 0, 100, 100), 0.7), _detection((200, 0, 300, 100), 0.36)
    parts = [_detection((10, 10, 30, 30), 0.9), _detection((210, 10, 230, 30), 0.8)]
    assert merge_looks([(0, [sure, doubtful]), (0, parts)]) == [parts[1], sure]
    assert merge_looks([(0, []), (1, [])]) == []


def _detection(box, score, roll=0):
    """A detection whose eyes are four pixels apart, on a line at `roll` degrees."""
    points = np.zeros((5, 2))
    points[1] = 4 * np.cos(np.radians(roll)), 4 * np.sin(np.radians(roll))
    return Detection(np.array(box, np.float64), points, score)
