"""Old checkpoints: few stay, spread over the whole training."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.training.models.thinning import GAP, MOST, doomed

Steps = st.lists(st.integers(1, 10_000), min_size=1, max_size=60)
Keep = st.integers(1, 5)


def saved_one_by_one(iterations: list[int], newest: int) -> list[int]:
    kept: list[int] = []
    for number in iterations:
        kept.append(number)
        gone = set(doomed(kept, newest, True))
        kept = [one for one in kept if one not in gone]
    return kept


def sums(steps: list[int]) -> list[int]:
    return [sum(steps[: k + 1]) for k in range(len(steps))]


def test_known_rotation() -> None:
    assert doomed(range(1, 11), 3, False) == [1, 2, 3, 4, 5, 6, 7]
    assert doomed(range(1, 11), 3, True) == [3, 4, 5, 7]
    assert saved_one_by_one(list(range(1, 51)), 3) == [1, 17, 33, 41, 45, 47, 48, 49, 50]


@pytest.mark.parametrize("iterations", [[], [7], [7, 8], [8, 7, 7]])
def test_few_checkpoints_all_stay(iterations: list[int]) -> None:
    assert doomed(iterations, 2, True) == doomed(iterations, 2, False) == []


@given(Steps, Keep, st.booleans())
def test_the_newest_and_with_history_the_first_stay(steps: list[int], newest: int, history: bool) -> None:
    iterations = sums(steps)
    gone = doomed(iterations, newest, history)
    assert not set(gone) & set(iterations[-newest:])
    assert set(gone) <= set(iterations)
    if history:
        assert iterations[0] not in gone
        assert len(iterations) - len(gone) <= newest + MOST
    else:
        assert len(iterations) - len(gone) == min(newest, len(iterations))


@given(Steps, Keep)
def test_doing_it_again_deletes_nothing(steps: list[int], newest: int) -> None:
    iterations = sums(steps)
    gone = set(doomed(iterations, newest, True))
    assert doomed([one for one in iterations if one not in gone], newest, True) == []


@given(Steps, Keep)
def test_thinning_after_every_save_leaves_no_wider_gaps(steps: list[int], newest: int) -> None:
    """Up to MOST older ones: any age that was ever there has one that stayed, at most a factor GAP older."""
    iterations = sums(steps)
    kept = saved_one_by_one(iterations, newest)
    assert len(kept) <= newest + MOST
    if all(len(saved_one_by_one(iterations[:n], newest)) < newest + MOST for n in range(len(iterations))):
        last = iterations[-1]
        for number in iterations:
            older = max(one for one in kept if one <= number)
            following = min((one for one in kept if one > older), default=older)
            assert number == older or last - older <= GAP * (last - following)


def test_a_year_of_training_keeps_all_times() -> None:
    kept = saved_one_by_one(list(range(1, 5001)), 3)
    assert len(kept) == 3 + MOST
    ages = [kept[-1] - number for number in kept[:-3]]
    assert ages[0] == 4999
    assert all(older / younger < 8 for older, younger in pairwise(ages))
