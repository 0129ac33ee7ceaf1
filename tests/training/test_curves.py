"""A training's curves: every iteration once, whatever was killed."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ml_backend.training.curves.curve_file import CURVES, Point, append_point, drop_after, read_curves
from ml_backend.training.curves.curves import TENSORBOARD, Curves


def add(curves: Curves, iterations: range, loss: float = 0.5) -> None:
    for number in iterations:
        figures = {
            "iteration": float(number),
            "loss": loss,
            "learning_rate": 1e-4,
            "images_per_second": 9.0,
            "phase": 2.0,
        }
        curves.add(number, number / 2, figures, {"dssim": loss / 2})


def test_a_report_is_one_line(tmp_path: Path) -> None:
    curves = Curves(tmp_path, 0)
    add(curves, range(10, 11))
    curves.close()
    assert json.loads((tmp_path / CURVES).read_text()) == {
        "iteration": 10,
        "seconds": 5.0,
        "loss": 0.5,
        "learning_rate": 1e-4,
        "images_per_second": 9.0,
        "phase": 2,
        "parts": {"dssim": 0.25},
    }


def test_a_training_that_goes_on_repeats_nothing(tmp_path: Path) -> None:
    for first, loss in ((0, 3.0), (40, 2.0)):  # the first was killed at 100, its last checkpoint is of 40
        curves = Curves(tmp_path, first)
        add(curves, range(first + 10, 101, 10), loss)
        curves.close()
    points = read_curves(tmp_path)
    assert [point.iteration for point in points] == list(range(10, 101, 10))
    assert [point.loss for point in points] == [3.0] * 4 + [2.0] * 6
    events = EventAccumulator(str(tmp_path / TENSORBOARD))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {
        "training/loss", "training/learning_rate", "training/images_per_second", "loss/dssim",
    }  # fmt: skip
    shown = [(event.step, event.value) for event in events.Scalars("training/loss")]
    assert shown == [(point.iteration, point.loss) for point in points]


def test_going_back_while_training(tmp_path: Path) -> None:
    curves = Curves(tmp_path, 0)
    add(curves, range(1, 9))
    curves.rewind(4)
    add(curves, range(5, 7), 9.0)
    curves.close()
    assert [(point.iteration, point.loss) for point in read_curves(tmp_path)] == [
        (1, 0.5), (2, 0.5), (3, 0.5), (4, 0.5), (5, 9.0), (6, 9.0),
    ]  # fmt: skip


@given(cut=st.integers(0, 400), garbage=st.binary(max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_end_is_left_out_and_then_mended(tmp_path: Path, cut: int, garbage: bytes) -> None:
    file = tmp_path / CURVES
    file.unlink(missing_ok=True)
    for number in range(1, 7):
        append_point(tmp_path, Point(iteration=number, seconds=number, loss=1 / 3))
    file.write_bytes(file.read_bytes()[:cut] + garbage)
    before = [point.iteration for point in read_curves(tmp_path)]
    assert before == list(range(1, len(before) + 1))
    drop_after(tmp_path, 6)
    append_point(tmp_path, Point(iteration=7, seconds=7))
    assert [point.iteration for point in read_curves(tmp_path)] == [*before, 7]


def test_what_is_no_number_stays_out_of_the_file(tmp_path: Path) -> None:
    append_point(tmp_path, Point(iteration=1, seconds=1, loss=math.nan, parts={"a": math.inf, "b": 1.0}))
    assert json.loads((tmp_path / CURVES).read_text()) == {"iteration": 1, "seconds": 1.0, "parts": {"b": 1.0}}


def test_a_model_without_curves(tmp_path: Path) -> None:
    assert read_curves(tmp_path) == []
    drop_after(tmp_path, 0)
    assert not (tmp_path / CURVES).exists()


def test_a_folder_in_its_place_is_no_empty_curve(tmp_path: Path) -> None:
    (tmp_path / CURVES).mkdir()
    with pytest.raises(OSError, match=CURVES):
        read_curves(tmp_path)
