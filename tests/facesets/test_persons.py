from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.recognition import SAME_PERSON
from ml_backend.facesets.choices import LIKE
from ml_backend.facesets.persons import likeness, means, persons, runs


def people(seed: int, counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings that are spread as those of the network, and whose they are."""
    random = np.random.default_rng(seed)
    middles, _ = np.linalg.qr(random.normal(size=(128, len(counts))))
    who = np.repeat(np.arange(len(counts)), counts)
    return (middles.T[who] + random.normal(0, 0.02, (len(who), 128))).astype(np.float32), who


def test_the_limit_is_that_of_the_network():
    assert pytest.approx(1 - SAME_PERSON) == LIKE


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), counts=st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_people_are_told_apart(seed, counts):
    embeddings, who = people(seed, counts)
    shuffled = np.random.default_rng(seed).permutation(len(who))
    found = persons(embeddings[shuffled], np.arange(len(who)))
    for person in range(len(counts)):
        assert len(set(found[who[shuffled] == person])) == 1
    assert len(set(found)) == len(counts)
    assert (np.diff(np.bincount(found)) <= 0).all()  # the one with most faces comes first


def test_a_group_stays_together():
    embeddings, _ = people(1, [20, 20])
    groups = np.repeat(np.arange(8), 5)
    found = persons(embeddings, groups)
    assert all(len(set(found[groups == group])) == 1 for group in range(8))


def test_strangers_do_not_move_the_middle():
    embeddings, who = people(3, [30, 14])
    like = likeness(embeddings)
    assert like[who == 0].min() > LIKE > like[who == 1].max()


def test_nobody():
    nobody = np.zeros((0, 128), np.float32)
    assert likeness(nobody).shape == (0,)
    assert persons(nobody, np.zeros(0, np.int64)).shape == (0,)
    assert means(nobody, np.zeros(0, np.int64)).shape == (0, 128)


def test_runs_stay_within_a_track():
    sources = [Path("a")] * 25 + [Path("b")] * 3
    tracks = np.array([0] * 12 + [1] * 13 + [0] * 3)
    numbers = runs(sources, tracks, np.arange(28))
    assert np.bincount(numbers).tolist() == [10, 2, 10, 3, 3]
    assert len(runs([], np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0
