"""Which faces are drawn, and which are held out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.training.data import TrainingFaces, sample_indices, split_held_out
from ml_backend.training.data.poses import MOST, even_shares


def faces_of(poses=None, places=None, count: int = 0) -> TrainingFaces:
    known = [part for part in (poses, places) if part is not None]
    planes = torch.zeros((len(known[0]) if known else count, 5, 2, 2), dtype=torch.uint8)
    return TrainingFaces(
        planes,
        1.4,
        np.zeros(128, np.float32),
        None if poses is None else np.array(poses, np.float64),
        None if places is None else np.array(places, np.int64),
    )


def draw(faces: TrainingFaces, balance: float, count: int = 4000, seed: int = 1) -> torch.Tensor:
    return sample_indices({"a": faces}, count, balance, torch.Generator().manual_seed(seed))["a"]


FRONTAL_AND_TURNED = [(0.0, 0.0)] * 90 + [(50.0, 0.0)] * 10


@pytest.mark.parametrize(("balance", "share"), [(0.0, 0.1), (0.5, 0.3), (1.0, 0.5)])
def test_balance_raises_the_share_of_rare_poses(balance: float, share: float) -> None:
    drawn = draw(faces_of(FRONTAL_AND_TURNED), balance)
    assert float((drawn >= 90).float().mean()) == pytest.approx(share, abs=0.03)


def test_an_outlier_is_not_drawn_all_the_time() -> None:
    shares = even_shares(np.array([(0.0, 0.0)] * 999 + [(80.0, 40.0)]))
    assert shares[-1] == pytest.approx(MOST)
    assert shares[0] == pytest.approx((1000 - MOST) / 999)


angles = st.tuples(st.floats(-90, 90), st.floats(-60, 60))


@given(st.lists(angles, min_size=1, max_size=200))
@settings(max_examples=60, deadline=None)
def test_every_face_has_a_share_and_none_too_much(poses: list[tuple[float, float]]) -> None:
    shares = even_shares(np.array(poses))
    assert shares.mean() == pytest.approx(1)
    assert shares.min() > 0
    assert shares.max() <= MOST * (1 + 1e-9)


@given(st.lists(angles, min_size=4, max_size=30), st.floats(0, 1), st.integers(0, 2**40))
@settings(max_examples=30, deadline=None)
def test_the_same_chance_draws_the_same_faces(poses: list[tuple[float, float]], balance: float, seed: int) -> None:
    faces = faces_of(poses)
    drawn = draw(faces, balance, 50, seed)
    assert torch.equal(drawn, draw(faces, balance, 50, seed))
    assert 0 <= int(drawn.min()) <= int(drawn.max()) < len(faces)


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_every_face_is_drawn(balance: float) -> None:
    poses = np.random.default_rng(1).uniform(-40, 40, (30, 2))
    assert set(draw(faces_of(poses), balance).tolist()) == set(range(30))
    assert set(draw(faces_of(count=30), balance).tolist()) == set(range(30)), "poses may be unknown"


def test_a_subset_is_balanced_by_its_own_poses() -> None:
    turned = faces_of(FRONTAL_AND_TURNED).subset(torch.arange(80, 100))
    assert float((draw(turned, 1.0) < 10).float().mean()) == pytest.approx(0.5, abs=0.03)


@given(st.integers(2, 300), st.floats(0.001, 0.999), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_each_face_is_on_one_side_and_both_sides_have_some(count: int, part: float, seed: int) -> None:
    faces = faces_of(count=count)
    kept, held = split_held_out(faces, part, seed)
    numbers = [side.chosen.tolist() for side in (kept, held) if side.chosen is not None]
    assert sorted(numbers[0] + numbers[1]) == list(range(count))
    assert 1 <= len(held) <= count - 1
    assert abs(len(held) - count * part) <= 1
    again = split_held_out(faces, part, seed)[1].chosen
    assert again is not None
    assert again.tolist() == numbers[1]


def test_whole_stretches_of_a_track_are_held_out() -> None:
    """Two tracks whose frames are stored in turn: few held-out faces have a neighbour that is learned."""
    places = [(0, track, frame) for frame in range(500) for track in (1, 2)]
    kept, held = split_held_out(faces_of(places=places), 0.2, 3)
    assert kept.places is not None
    assert held.places is not None
    learned = {tuple(place) for place in kept.places.tolist()}
    beside = [
        any((source, track, frame + step) in learned for step in (-1, 1))
        for source, track, frame in held.places.tolist()
    ]
    assert len(beside) == 200
    assert sum(beside) <= 2 * 8
    assert len({track for _, track, _ in held.places.tolist()}) == 2


def held_of(places: list[tuple[int, int, int]], part: float, seed: int) -> set[tuple[int, ...]]:
    held = split_held_out(faces_of(places=places), part, seed)[1].places
    assert held is not None
    return {tuple(place) for place in held.tolist()}


FILMED = [(0, 1, frame) for frame in range(1, 501)]


@pytest.mark.parametrize("seed", range(5))
def test_further_footage_leaves_held_out_what_was(seed: int) -> None:
    """A face that was learned from would measure what is known by heart."""
    before = held_of(FILMED, 0.1, seed)
    after = held_of(FILMED + [(1, track, frame) for track in (1, 2) for frame in range(1, 51)], 0.1, seed)
    assert 50 <= len(before) <= 51
    assert 60 <= len(after) <= 62
    assert {place for place in after if place[0] == 0} == before


@pytest.mark.parametrize("seed", range(5))
def test_deleted_faces_leave_held_out_nearly_what_was(seed: int) -> None:
    before = held_of(FILMED, 0.1, seed)
    after = held_of([place for place in FILMED if place[2] not in (1, 77, 300)], 0.1, seed)
    assert 49 <= len(after) <= 51
    assert len(after - before) <= 3, "in the place of deleted ones"


def test_a_longer_range_of_a_source_holds_out_mostly_what_was() -> None:
    shares = []
    for seed in range(10):
        after = held_of([(0, 1, frame) for frame in range(1, 1101)], 0.1, seed)
        before = held_of([(0, 1, frame) for frame in range(1, 901)], 0.1, seed)
        shares.append(len([place for place in after - before if place[2] <= 900]) / len(after))
    assert np.mean(shares) < 0.2, "of the held-out ones were learned from"


def test_photographs_are_held_out_too() -> None:
    """Each is a source of its own, and all together they give about their part."""
    photographs = [(number, 0, 1) for number in range(200)]
    assert 15 <= np.mean([len(held_of(photographs, 0.1, seed)) for seed in range(5)]) <= 25
    assert len(held_of(photographs[:3], 0.001, 1)) == 1
    assert len(held_of(photographs[:2], 0.999, 1)) == 1


def test_a_single_face_cannot_be_divided() -> None:
    with pytest.raises(UsageError, match="single face"):
        split_held_out(faces_of(count=1), 0.5, 1)
