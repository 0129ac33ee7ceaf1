"""Repairs applied to faces: of the canonical face in known places, and of the demo's footage."""

from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh, head_pose
from ml_backend.faces.face import Face
from ml_backend.faces.pulling import REACH, pull
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.repair import Add, Delete, Landmarks, Move, Repair
from ml_backend.faces.repairing import (
    ADDED,
    apply,
    deleted,
    measure,
    roi_of_box,
    wanted_places,
    with_tracks,
)
from ml_backend.faces.roi import GROW

MESH = canonical_mesh()


def landmarks_at(x: float, y: float, eyes: float = 50.0) -> np.ndarray:
    return MESH * eyes + [x, y, 0]


def face_at(x: float, y: float, track: int = 0, eyes: float = 50.0, **more: bool) -> Face:
    return Face(landmarks_at(x, y, eyes), 0.9, track, **more)


def box_at(x: float, y: float, eyes: float = 50.0) -> tuple[float, float, float, float]:
    return face_at(x, y, eyes=eyes).box


def measured_for(*repairs: Repair) -> dict:
    """As if the network saw a face in the middle of every square."""
    middle, size = (MESH.min(0) + MESH.max(0))[:2] / 2, np.ptp(MESH[:, :2], axis=0).max()
    found = {}
    for frame, roi in wanted_places(repairs):
        eyes = roi.side / GROW / size
        found[frame, roi] = (landmarks_at(*([roi.x, roi.y] - eyes * middle), eyes), 0.8)
    return found


def mended(faces: list[Face], *repairs: Repair) -> list[Face]:
    return apply(faces, repairs, measured_for(*repairs)).faces


def delete(x: float, y: float, frame: int = 1, **more: object) -> Delete:
    return Delete(source="/p.mp4", action="delete", at=(x, y), **{"frame": frame, **more})


def add(x: float, y: float, frame: int = 1, eyes: float = 50.0, **more: object) -> Add:
    return Add(source="/p.mp4", frame=frame, action="add", box=box_at(x, y, eyes), **more)


def move(at: tuple[float, float], x: float, y: float, frame: int = 1, **more: object) -> Move:
    return Move(source="/p.mp4", frame=frame, action="move", at=at, box=box_at(x, y), **more)


def points(at: tuple[float, float], places: dict[int, tuple[float, float]]) -> Landmarks:
    return Landmarks(source="/p.mp4", frame=1, action="landmarks", at=at, points=places)


@dataclass
class Course:
    number: int
    frames: np.ndarray
    boxes: np.ndarray


def course(number: int, frames: list[int], x: float = 100, step: float = 0.0) -> Course:
    boxes = np.array([box_at(x + step * (frame - frames[0]), 100) for frame in frames])
    return Course(number, np.array(frames, np.int64), boxes)


def same(one: list[Face], other: list[Face]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a.landmarks, b.landmarks) and (a.score, a.track, a.repaired) == (b.score, b.track, b.repaired)
        for a, b in zip(one, other, strict=True)
    )


some_points = st.dictionaries(
    st.integers(0, 477), st.tuples(st.floats(-30, 30), st.floats(-30, 30)), min_size=1, max_size=40
)


@settings(deadline=None)
@given(which=st.sets(st.integers(0, 477), max_size=60))
def test_points_that_stay_change_nothing(which):
    landmarks = landmarks_at(300, 200)
    places = {n: (float(landmarks[n, 0]), float(landmarks[n, 1])) for n in which}
    assert np.array_equal(pull(landmarks, places), landmarks)


@settings(deadline=None)
@given(shifts=some_points)
def test_moved_points_go_to_their_places_and_far_ones_stay(shifts):
    landmarks = landmarks_at(300, 200)
    places = {n: (float(landmarks[n, 0] + dx), float(landmarks[n, 1] + dy)) for n, (dx, dy) in shifts.items()}
    pulled = pull(landmarks, places)
    for n, place in places.items():
        assert tuple(pulled[n, :2]) == place
    assert np.array_equal(pulled[:, 2], landmarks[:, 2])
    away = np.linalg.norm(MESH[:, None] - MESH[None, sorted(shifts)], axis=2).min(1)
    assert np.array_equal(pulled[away > REACH], landmarks[away > REACH])


def test_neighbours_follow_by_how_near_they_are():
    landmarks = landmarks_at(300, 200, 100)
    pulled = pull(landmarks, {61: (float(landmarks[61, 0] - 10), float(landmarks[61, 1]))})  # a corner of the mouth
    shift = landmarks[:, 0] - pulled[:, 0]
    away = np.linalg.norm(MESH - MESH[61], axis=1)
    order = np.argsort(away, kind="stable")
    assert (np.diff(shift[order]) <= 1e-9).all()
    assert shift.min() >= 0
    quarter = np.abs(away - 0.25) < 0.02
    assert quarter.sum() >= 3
    assert np.abs(shift[quarter] - 4.6).max() < 1
    assert shift[263] == shift[10] == 0  # the other eye, the forehead


def test_a_pull_scales_and_turns_with_the_face():
    landmarks, c, s = landmarks_at(0, 0, 40), np.cos(0.4), np.sin(0.4)
    turn = np.array([[c, -s], [s, c]])
    pulled = pull(landmarks, {33: (-25.0, 4.0), 61: (3.0, 20.0)})
    turned = landmarks.copy()
    turned[:, :2] = 2 * landmarks[:, :2] @ turn.T + [7, 9]
    places = {33: tuple(2 * turn @ [-25, 4] + [7, 9]), 61: tuple(2 * turn @ [3, 20] + [7, 9])}
    expected = 2 * pulled[:, :2] @ turn.T + [7, 9]
    np.testing.assert_allclose(pull(turned, places)[:, :2], expected, atol=1e-9)


def test_no_repairs_change_nothing():
    faces = [face_at(100, 100, 0), face_at(400, 100, 1, interpolated=True)]
    assert same(mended(faces), faces)
    assert mended([]) == []


def test_a_deleted_face_is_gone_and_the_others_stay():
    faces = [face_at(100, 100, 0), face_at(400, 100, 1)]
    assert same(mended(faces, delete(400, 100)), faces[:1])
    assert same(mended(faces, delete(400, 100), delete(100, 110)), [])
    assert same(mended(faces, delete(250, 100)), faces)
    near = face_at(130, 100, 2)  # over the first one
    assert same(mended([faces[0], near], delete(128, 100)), faces[:1])


@settings(deadline=None)
@given(x=st.floats(-50, 900), y=st.floats(-50, 500), eyes=st.floats(12, 200))
def test_deleted_then_added_is_there_once(x, y, eyes):
    """What is not deleted any more is where the artist put it."""
    there = face_at(x, y, 3, eyes)
    found = mended([there], delete(x, y), add(x, y, eyes=eyes, track=3))
    assert [one.track for one in found] == [3]
    assert found[0].repaired
    assert mended([there], add(x, y, eyes=eyes, track=3), delete(x, y)) == []
    assert mended([], add(x, y, eyes=eyes, track=3), delete(x, y)) == []


def test_an_added_face_that_was_found_after_all_is_there_once():
    """Another extraction may find it."""
    found = mended([face_at(103, 98, 7), face_at(400, 100, 1)], add(100, 100, track=ADDED))
    assert [(one.track, one.repaired) for one in found] == [(1, False), (ADDED, True)]
    own = mended([face_at(103, 98, 7)], add(100, 100, track=7))
    assert [(one.track, one.repaired) for one in own] == [(7, True)]


def test_the_artists_face_replaces_a_guess_of_its_track():
    guess = face_at(180, 100, 5, interpolated=True)
    (found,) = mended([guess], add(100, 100, track=5))
    assert (found.interpolated, found.repaired) == (False, True)
    assert found.landmarks[:, 0].mean() == pytest.approx(100, abs=10)


def test_a_guess_whose_landmarks_are_corrected_is_no_guess_any_more():
    guess = face_at(100, 100, 5, interpolated=True)
    x, y = guess.landmarks[33, :2]
    (found,) = mended([guess], points((100, 100), {33: (x + 4, y)}))
    assert (found.score, found.interpolated, found.repaired) == (1.0, False, True)


def test_a_moved_face_keeps_its_track():
    faces = [face_at(100, 100, 4), face_at(400, 100, 5)]
    found = mended(faces, move((100, 100), 160, 130, track=9))
    assert [(one.track, one.repaired) for one in found] == [(4, True), (5, False)]
    assert found[0].score == 0.8
    np.testing.assert_allclose(
        np.add(found[0].box[:2], found[0].box[2:]) / 2, ((160, 130) + (MESH.min(0) + MESH.max(0))[:2] * 25), atol=1e-6
    )


def test_a_moved_face_that_is_not_found_any_more_is_added():
    found = mended([face_at(400, 100, 5)], move((100, 100), 160, 130, track=9))
    assert [(one.track, one.repaired) for one in found] == [(5, False), (9, True)]


def test_later_repairs_win():
    faces = [face_at(100, 100, 0)]
    first, second = points((100, 100), {33: (70.0, 90.0)}), points((100, 100), {33: (77.0, 95.0), 263: (130.0, 90.0)})
    for one, other in ((first, second), (second, first)):
        (found,) = mended(faces, one, other)
        for n, place in other.points.items():
            assert tuple(found.landmarks[n, :2]) == place
    (found,) = mended(faces, first, move((100, 100), 130, 100))
    assert same([found], mended(faces, move((100, 100), 130, 100)))
    (found,) = mended(faces, move((100, 100), 130, 100), points((130, 100), {33: (99.0, 90.0)}))
    assert tuple(found.landmarks[33, :2]) == (99.0, 90.0)


def test_repairs_of_different_faces_have_no_order():
    faces = [face_at(100 + 200 * n, 100, n) for n in range(4)]
    repairs = [delete(100, 100), move((300, 100), 310, 110), points((500, 100), {1: (500.0, 111.0)}), add(900, 100)]
    results = [mended(faces, *order) for order in permutations(repairs)]
    assert [one.track for one in results[0]] == [1, 2, 3, ADDED]
    assert all(same(one, results[0]) for one in results)


def test_points_of_a_face_that_is_not_there_are_missed():
    gone = points((700, 100), {1: (700.0, 100.0)})
    done = apply([face_at(100, 100)], [gone, points((100, 100), {1: (100.0, 100.0)})], {})
    assert done.missed == [gone]
    assert [one.repaired for one in done.faces] == [True]


def test_what_has_to_be_measured():
    repairs = [
        add(100, 100, 9),
        delete(1, 1),
        move((1, 1), 50, 60, 3),
        add(100, 100, 9),
        points((1, 1), {1: (0.0, 0.0)}),
    ]
    assert wanted_places(repairs) == [(3, roi_of_box(box_at(50, 60))), (9, roi_of_box(box_at(100, 100)))]


def test_an_added_face_joins_the_track_it_fits():
    tracks = [course(0, [1, 2, 3, 7, 8], step=10), course(1, list(range(1, 20)), x=600)]
    places = {5: 140, 9: 180, 30: 180, 6: 600}
    repairs = {frame: [add(x, 100, frame)] for frame, x in places.items()}
    found = with_tracks(repairs, tracks, {0, 1})
    assert {frame: ones[0].track for frame, ones in found.items()} == {5: 0, 9: 0, 30: ADDED, 6: 1}
    assert with_tracks(repairs, tracks, {0})[6][0].track == ADDED  # nobody else's track gets the artist's face
    assert with_tracks({5: [add(140, 100, 5, track=12)]}, tracks, {0})[5][0].track == 12


def test_added_faces_next_to_one_another_are_one_track():
    repairs = {frame: [add(100 + 3 * frame, 100, frame), add(500, 100, frame)] for frame in (10, 11, 12, 60)}
    found = with_tracks(repairs, [], set())
    assert [[one.track - ADDED for one in found[frame]] for frame in (10, 11, 12, 60)] == [[0, 1]] * 3 + [[2, 3]]


def test_the_tracks_of_added_faces_do_not_depend_on_the_order_of_the_frames():
    repairs = {frame: [add(100 + 3 * frame, 100, frame)] for frame in (10, 40, 12, 41, 11)}
    other = {frame: repairs[frame] for frame in sorted(repairs)}
    assert with_tracks(repairs, [], set()) == with_tracks(other, [], set())


def test_a_range_is_deleted_along_its_track():
    """The face leaves the point, and another one comes there."""
    going, coming = course(0, list(range(1, 21)), step=20), course(1, list(range(1, 21)), x=500, step=-20)
    gone = delete(100, 100, frame=None, frames="1-20")
    repairs = with_tracks({frame: [gone] for frame in gone.numbers}, [going, coming], {0, 1})
    for frame in gone.numbers:
        faces = [face_at(100 + 20 * (frame - 1), 100, 0), face_at(500 - 20 * (frame - 1), 100, 1)]
        assert [one.track for one in apply(faces, repairs[frame], {}).faces] == [1]
    assert deleted(going, repairs).all()
    assert not deleted(coming, repairs).any()


def test_a_range_without_a_track_is_deleted_at_its_point():
    gone = delete(100, 100, frame=None, frames="1-3")
    repairs = with_tracks({frame: [gone] for frame in gone.numbers}, [], set())
    assert apply([face_at(100, 100, 0)], repairs[2], {}).faces == []


def test_single_deletions_are_left_out_of_a_track():
    repairs = with_tracks({2: [delete(120, 100, 2)], 3: [delete(900, 100, 3)]}, [], set())
    assert deleted(course(0, [1, 2, 3]), repairs).tolist() == [False, True, False]


def test_the_network_finds_the_face_in_a_drawn_box(pictures, truth, mesh):
    (image,) = pictures("plate_A", 40, 40)
    exact = np.array(truth("plate_A")[39]["landmarks68"])
    box = (*exact.min(0), *exact.max(0))
    ((landmarks, score),) = measure(image, [roi_of_box(box)], mesh)
    assert score > 0.9
    eyes = np.linalg.norm(exact[36] - exact[45])
    assert np.linalg.norm(landmarks[[33, 263], :2] - exact[[36, 45]], axis=1).max() < 0.1 * eyes


@pytest.mark.parametrize("roll", [-75.0, -40.0, 40.0, 75.0])
def test_roll_is_that_of_the_head(pictures, mesh, roll):
    """A head that is turned counter-clockwise by so many degrees."""
    (image,) = pictures("plate_A", 40, 40)
    size = image.shape[0]
    turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), roll, 1)  # counter-clockwise
    turned = cv2.warpAffine(image, turn, (size, size))
    ((upright, _),) = measure(image, [roi_of_box((110.0, 110, 270, 310))], mesh)
    middle = turn @ [*upright[:, :2].mean(0), 1]
    ((landmarks, score),) = measure(turned, [roi_of_box((*(middle - 90), *(middle + 90)), roll)], mesh)
    assert score > 0.9
    assert head_pose(landmarks)[2] == pytest.approx(head_pose(upright)[2] + roll, abs=4)


def test_where_the_network_sees_nothing_the_artists_box_counts(mesh):
    flat = np.full((300, 400, 3), 127, np.uint8)
    roll = 30.0
    box = (100.0, 80.0, 200.0, 180.0)
    ((landmarks, score),) = measure(flat, [roi_of_box(box, roll)], mesh)
    assert score < 0.5
    found = Face(landmarks, score, 0).box
    np.testing.assert_allclose(np.add(found[:2], found[2:]) / 2, (150, 130), atol=8)
    assert head_pose(landmarks)[2] == pytest.approx(roll, abs=1)
    assert eye_distance(landmarks) == pytest.approx(100 / np.ptp(MESH[:, :2], axis=0).max())
