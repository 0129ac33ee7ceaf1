import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml_backend.facesets.even import farthest_first, pick

faces = st.integers(1, 120).flatmap(
    lambda n: st.tuples(
        st.just(n), st.lists(st.integers(0, 7), min_size=n, max_size=n), st.integers(0, 1000), st.integers(1, 150)
    )
)


def cells_of(names: list[int]) -> np.ndarray:
    return np.unique(names, return_inverse=True)[1]


def points_of(cells: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.stack([cells * 2.0, cells % 3], 1) + random.uniform(-0.5, 0.5, (len(cells), 2))


@settings(deadline=None)
@given(faces)
def test_every_cell_gives_as_many_as_the_others(drawn):
    number, names, seed, count = drawn
    cells = cells_of(names)
    chosen = pick(points_of(cells, seed), cells, np.random.default_rng(seed).uniform(0, 1, number), count)
    assert chosen.sum() == min(count, number)
    sizes, given_out = np.bincount(cells), np.bincount(cells, chosen).astype(int)
    if count >= len(sizes):
        assert (given_out >= 1).all()
    unfilled = given_out[given_out < sizes]
    if len(unfilled):
        assert unfilled.max() - unfilled.min() <= 1
        assert (given_out <= unfilled.min() + 1).all()


@settings(deadline=None)
@given(faces)
def test_the_choice_does_not_depend_on_chance(drawn):
    number, names, seed, count = drawn
    cells, quality = cells_of(names), np.random.default_rng(seed).uniform(0, 1, number)
    points = points_of(cells, seed)
    assert (pick(points, cells, quality, count) == pick(points.copy(), cells, quality, count)).all()


def test_the_best_comes_first_and_then_the_furthest():
    points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1]])
    quality = np.array([1.0, 5, 2, 3, 4])
    assert np.flatnonzero(pick(points, np.zeros(5, int), quality, 1)).tolist() == [1]
    assert np.flatnonzero(pick(points, np.zeros(5, int), quality, 2)).tolist() == [1, 4]


def test_equal_faces_can_all_be_chosen():
    points = np.zeros((6, 3))
    for count in range(1, 7):
        assert pick(points, np.array([0, 0, 0, 1, 1, 1]), np.ones(6), count).sum() == count


@settings(deadline=None)
@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.floats(-9, 9)))
def test_each_is_the_least_like_those_before(points):
    order, away = farthest_first(points, None, len(points))
    assert sorted(order) == list(range(len(points)))
    middle = np.linalg.norm(points - points.mean(0), axis=1)
    assert middle[order[0]] == middle.min()
    for n in range(1, len(order)):
        nearest = np.linalg.norm(points[:, None] - points[order[:n]], axis=2).min(1)
        np.testing.assert_allclose([nearest[order[n]], away[n]], nearest.max(), atol=1e-9)
