"""The picture of the curves."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.media.picture import read_picture
from ml_backend.training.curves.curve_file import Point
from ml_backend.training.curves.curve_picture import COLOURS, HEIGHT, WIDTH, curve_picture
from ml_backend.training.curves.ticks import linear_ticks, log_ticks, short


def points(count: int, **parts: float) -> list[Point]:
    return [
        Point(iteration=n, seconds=n, loss=2 / n, parts={k: v / n for k, v in parts.items()})
        for n in range(1, count + 1)
    ]


def has(image: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((image == colour).all(axis=2).any())


def test_every_line_is_drawn_in_its_colour(tmp_path: Path) -> None:
    file = tmp_path / "curve.png"
    curve_picture(points(100, dssim=1.0, l1=0.5), file, "model")
    image = read_picture(file)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert all(has(image, colour) for colour in COLOURS[:3])
    assert not any(has(image, colour) for colour in COLOURS[3:])


def test_a_falling_loss_falls(tmp_path: Path) -> None:
    file = tmp_path / "curve.png"
    curve_picture(points(100), file)
    rows, columns = np.nonzero((read_picture(file)[:, :600] == COLOURS[0]).all(axis=2))
    assert rows[columns < 150].mean() < rows[columns > 500].mean() - 100


@given(
    st.lists(
        st.tuples(st.integers(0, 10**8), st.one_of(st.none(), st.floats(-1, 1e6)), st.floats(0, 1e-6)), max_size=12
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_curve_is_drawn_or_refused(tmp_path: Path, values: list[tuple[int, float | None, float]]) -> None:
    file = tmp_path / "curve.png"
    ordered = sorted(values, key=lambda value: value[0])
    drawn = [Point(iteration=n, seconds=0, loss=loss, parts={"ä" * 30: part}) for n, loss, part in ordered]
    try:
        curve_picture(drawn, file)
    except UsageError:
        assert not file.exists()
    else:
        assert read_picture(file).shape == (HEIGHT, WIDTH, 3)
        file.unlink()


@pytest.mark.parametrize("count", [0, 1])
def test_without_two_points_there_is_no_line(tmp_path: Path, count: int) -> None:
    with pytest.raises(UsageError, match="no curve to draw"):
        curve_picture(points(count), tmp_path / "curve.png")


def test_ticks() -> None:
    assert linear_ticks(0, 100_000) == [0, 20_000, 40_000, 60_000, 80_000, 100_000]
    assert linear_ticks(3, 3) == [3]
    assert log_ticks(0.03, 2.1) == pytest.approx([0.05, 0.1, 0.2, 0.5, 1, 2])
    assert log_ticks(1e-4, 30) == pytest.approx([1e-4, 1e-3, 1e-2, 0.1, 1, 10])
    assert [short(x) for x in (250_000, 1_500_000, 0.02, 5)] == ["250k", "1.5M", "0.02", "5"]
