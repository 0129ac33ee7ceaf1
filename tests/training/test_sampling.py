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
    assert len(held) == min(max(round(count * part), 1), count - 1)
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


def test_a_single_face_cannot_be_divided() -> None:
    with pytest.raises(UsageError, match="single face"):
        split_held_out(faces_of(count=1), 0.5, 1)
