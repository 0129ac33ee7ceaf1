import cv2
import numpy as np
import pytest

from ml_backend.faces.detection import CenterFace, merge_overlapping


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
