"""The solver against a dense one, and what it does at the rectangle's border."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.swapping.blend.multigrid import solve


def dense(source: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Gauss elimination of the same equations; only for masks of 0 and 1."""
    height, width = mask.shape
    number = {(int(y), int(x)): n for n, (y, x) in enumerate(zip(*np.nonzero(mask), strict=True))}
    matrix = np.zeros((len(number), len(number)))
    for (y, x), n in number.items():
        for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= v < height and 0 <= u < width:
                matrix[n, n] -= 1
                if (v, u) in number:
                    matrix[n, number[v, u]] = 1
    field = np.zeros_like(source)
    field[mask > 0] = np.linalg.solve(matrix, source[mask > 0])
    return field


def disc(shape: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (np.hypot(columns - x, rows - y) < radius).astype(np.float32)


@given(
    st.tuples(st.integers(18, 40), st.integers(18, 40)),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(3, 16),
    st.integers(0, 1000),
)
@settings(max_examples=25, deadline=None)
def test_it_solves_what_gauss_elimination_solves(
    shape: tuple[int, int], x: float, y: float, radius: float, seed: int
) -> None:
    mask = disc(shape, x * shape[1], y * shape[0], radius)
    source = np.random.default_rng(seed).standard_normal((*shape, 3)).astype(np.float32)
    truth = dense(source, mask)
    found = solve(source, mask, cycles=12)
    assert np.abs(found - truth).max() <= 2e-3 * max(np.abs(truth).max(), 1e-3)
    assert not found[mask == 0].any()


def test_a_few_cycles_suffice_for_a_face() -> None:
    mask = disc((90, 70), 33, 40, 30)
    source = np.random.default_rng(3).standard_normal((90, 70, 3)).astype(np.float32) * mask[..., None]
    truth = dense(source, mask)
    assert np.abs(solve(source, mask) - truth).max() < 0.02 * np.abs(truth).max()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (23, 17)])
def test_without_any_boundary_and_source_there_is_nothing(shape: tuple[int, int]) -> None:
    assert not solve(np.zeros((*shape, 3), np.float32), np.ones(shape, np.float32)).any()


def test_the_border_holds_the_field_where_the_mask_has_fallen_off() -> None:
    source = np.full((64, 64, 3), -1e-3, np.float32)
    mask = np.ones((64, 64), np.float32)
    mask[:, :32] = np.linspace(0, 1, 32)
    mask[:, 0] = 0
    free = solve(source, mask, 12)[32, :, 0]
    mask[:, -1] = 0.01
    held = solve(source, mask, 12)[32, :, 0]
    assert abs(free[-1] - free[-2]) < 0.02 * free.max(), "nothing flows through a border under a full mask"
    assert held[-1] < 0.1 * held.max()
