import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.facesets.even import pick

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
