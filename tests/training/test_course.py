"""What is a loss that runs away, and what is none."""

from collections.abc import Iterable

import pytest
import torch

from ml_backend.training.config import LossWeights
from ml_backend.training.course import Course, without_opponents

STAGE = (0, 64.0)
BEGUN = Course()


def gone(losses: Iterable[float], course: Course = BEGUN, stage: tuple[int, float] = STAGE) -> Course:
    for loss in losses:
        course = course.after(loss, stage)
    return course


def test_a_loss_runs_away_where_it_stays_several_times_what_it_was() -> None:
    fallen = gone([0.9] * 50 + [0.1] * 500)
    assert fallen.least == pytest.approx(0.1, rel=0.01)
    assert not gone([0.35] * 1000, fallen).runs_away
    assert not gone([5.0], fallen).runs_away, "one bad batch"
    assert gone([0.8] * 50, fallen).runs_away
    assert not gone([0.0] * 10).runs_away


@pytest.mark.parametrize("stage", [(1, 64.0), (0, 90.5)], ids=["phase", "side"])
def test_another_stage_begins_anew(stage: tuple[int, float]) -> None:
    assert not gone([1.0] * 100, gone([0.1] * 100), stage).runs_away


def test_the_verdicts_of_opponents_do_not_count() -> None:
    parts = {"l1": 0.5, "mask": 2.0, "adversarial": 9.0, "code_adversarial": 9.0, "discriminator": 9.0}
    weights = LossWeights(l1=2, mask=0.1, adversarial=1, code_adversarial=1)
    total = without_opponents({name: torch.tensor(value) for name, value in parts.items()}, weights)
    assert float(total) == pytest.approx(2 * 0.5 + 0.1 * 2)
