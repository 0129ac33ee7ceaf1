import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh, head_pose
from ml_backend.faces.gaps import interpolate
from ml_backend.faces.linking import Tracklet, link
from ml_backend.faces.roi import Roi

A, B = np.zeros(128, np.float32), np.zeros(128, np.float32)
B[0] = 0.9  # another person


def piece(number, first, last, x=100.0, *, speed=0.0, shot=0, embedding=A, side=60.0):
    """Frames first–last of a face that is at x on frame 0 and moves by `speed` a frame."""

    def at(frame):
        return Roi(x + speed * frame, 80, side, 0)

    start = (at(first), at(min(first + 1, last)))
    end = (at(max(last - 1, first)), at(last))
    return Tracklet(number, shot, first, last, start, end, embedding, last - first + 1)


def test_pieces_of_one_way_are_one_track():
    pieces = [piece(0, 1, 20, speed=4), piece(1, 25, 40, speed=4), piece(2, 41, 60, speed=4)]
    assert link(pieces) == {0: 0, 1: 0, 2: 0}


def test_nothing_is_linked_across_a_cut():
    assert link([piece(0, 1, 20), piece(1, 21, 40, shot=1)]) == {0: 0, 1: 1}


@pytest.mark.parametrize(("first", "linked"), [(33, True), (34, False)])
def test_only_short_gaps_are_bridged(first, linked):
    tracks = link([piece(0, 1, 20), piece(1, first, 50)], longest_gap=12)
    assert (tracks[1] == 0) is linked


def test_another_person_in_the_same_place_is_another_track():
    assert link([piece(0, 1, 20), piece(1, 21, 40, embedding=B)]) == {0: 0, 1: 1}


def test_a_turned_head_in_the_same_place_is_the_same_track():
    turned = A.copy()
    turned[1] = 0.62
    assert link([piece(0, 1, 20), piece(1, 21, 40, embedding=turned)]) == {0: 0, 1: 0}
    # after a gap, and off the way, this much of a difference is too much
    assert link([piece(0, 1, 20), piece(1, 31, 40, x=118, embedding=turned)]) == {0: 0, 1: 1}


def test_the_same_person_elsewhere_is_another_track():
    assert link([piece(0, 1, 20), piece(1, 22, 40, x=160)]) == {0: 0, 1: 1}


def test_two_people_who_cross_keep_their_tracks():
    """Both are lost where they meet and found again on the other side."""
    left = [piece(0, 1, 20, x=0, speed=5), piece(2, 26, 50, x=0, speed=5)]
    right = [piece(1, 1, 20, x=230, speed=-5, embedding=B), piece(3, 26, 50, x=230, speed=-5, embedding=B)]
    assert link(left + right) == {0: 0, 2: 0, 1: 1, 3: 1}


def test_pieces_whose_person_is_not_known_are_linked_by_place_alone():
    assert link([piece(0, 1, 20, speed=3), piece(1, 24, 40, speed=3, embedding=None)]) == {0: 0, 1: 0}
    assert link([piece(0, 1, 20), piece(1, 24, 40, x=130, embedding=None)]) == {0: 0, 1: 1}


def test_no_tracklets_no_tracks():
    assert link([]) == {}


pieces_of_a_shot = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 15), st.floats(0, 200), st.floats(-5, 5), st.booleans()), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(drawn=pieces_of_a_shot, order=st.randoms(use_true_random=False))
def test_tracks_never_hold_two_faces_of_a_frame_and_order_does_not_matter(drawn, order):
    pieces = [
        piece(n, first, first + length, x, speed=speed, embedding=B if other else A)
        for n, (first, length, x, speed, other) in enumerate(drawn)
    ]
    tracks = link(pieces)
    frames = [(tracks[one.number], frame) for one in pieces for frame in range(one.first, one.last + 1)]
    assert len(frames) == len(set(frames))
    mixed = pieces.copy()
    order.shuffle(mixed)
    assert link(mixed) == tracks
    assert all(tracks[track] == track for track in tracks.values())


def turning(angle: float, x: float, size: float = 80.0) -> np.ndarray:
    y = np.radians(angle)
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    return canonical_mesh() @ turn.T * size + [x, 200, 0]


@pytest.mark.parametrize("missing", [1, 3, 12])
def test_a_gap_in_even_motion_is_filled_as_it_was(missing):
    """The head moves and turns evenly, so that the frames between are known."""
    way = np.array([turning(2.0 * n, 100 + 7 * n) for n in range(missing + 4)])
    filled = interpolate(way[:2], way[-2:], missing)
    assert filled.shape == (missing, 478, 3)
    np.testing.assert_allclose(filled, way[2:-2], atol=1e-6)


def test_a_head_that_turns_far_in_a_gap_keeps_its_size():
    filled = interpolate(np.array([turning(-40, 100)] * 2), np.array([turning(40, 100)] * 2), 3)
    assert head_pose(filled[1])[0] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(filled[1], turning(0, 100), atol=1e-6)


def test_a_gap_between_two_still_frames_is_a_smooth_way():
    filled = interpolate(np.array([turning(0, 100)] * 2), np.array([turning(0, 160)] * 2), 5)
    places = np.array([100, *filled[:, 0, 0] - turning(0, 0)[0, 0], 160])
    steps = np.diff(places)
    assert (steps > 0).all()
    assert steps[0] < steps[2] > steps[-1]
