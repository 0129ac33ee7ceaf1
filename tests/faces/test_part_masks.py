"""Masks of a face's parts, and the way from one framing to another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.faces.alignment import FACE, Framing, align
from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.geometry import transform
from ml_backend.faces.part_masks import PARTS, part_mask
from ml_backend.faces.reframing import between
from ml_backend.faces.regions import face_mask

SIDE = 200


def landmarks() -> np.ndarray:
    return canonical_mesh() * 80 + [100, 100, 0]


def box(mask: np.ndarray) -> tuple[float, ...]:
    rows, columns = np.nonzero(mask > 0.5)
    return columns.min(), rows.min(), columns.max(), rows.max()


def test_parts_lie_where_they_are_on_a_face() -> None:
    parts = {part: part_mask((SIDE, SIDE), landmarks(), [part]) for part in PARTS}
    eyes, brows, mouth, oval = (box(parts[name]) for name in ("eyes", "brows", "mouth", "oval"))
    assert brows[3] < eyes[1] + 1, "brows end above the eyes"
    assert eyes[3] < mouth[1], "eyes end above the mouth"
    assert oval[0] < brows[0] < brows[2] < oval[2]
    assert oval[1] < brows[1] < mouth[3] < oval[3]
    for name in ("eyes", "brows"):  # two of each, as much on the left as on the right
        left, right = parts[name][:, :100].sum(), parts[name][:, 100:].sum()
        assert left == pytest.approx(right, rel=0.15)
        assert 0.005 < parts[name].sum() / parts["oval"].sum() < 0.08
    assert not parts["brows"][:, 98:102].any(), "there is skin between brows"


def test_several_parts_are_their_union() -> None:
    points = landmarks()
    both = part_mask((SIDE, SIDE), points, ["eyes", "mouth"])
    apart = [part_mask((SIDE, SIDE), points, [part]) for part in ("eyes", "mouth")]
    np.testing.assert_array_equal(both, np.maximum(*apart))
    assert not part_mask((SIDE, SIDE), points, []).any()
    oval, hull = part_mask((SIDE, SIDE), points, ["oval"]), face_mask((SIDE, SIDE), points)
    assert np.abs(oval - hull).mean() < 0.01


@given(st.floats(1.5, 6), st.floats(-0.6, 0.6), st.floats(1.5, 6), st.floats(-0.6, 0.6), st.integers(32, 600))
def test_between_framings_is_as_if_cut_anew(side: float, down: float, other: float, lower: float, size: int) -> None:
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
    points = canonical_mesh() @ turn.T * 37 + [310, 190, 0]
    stored, wanted = Framing("a", side, down), Framing("b", other, lower)
    first, second = align(points, size, stored), align(points, 128, wanted)
    moved = transform(transform(points[:, :2], first), between(stored, size, wanted, 128))
    np.testing.assert_allclose(moved, transform(points[:, :2], second), atol=1e-6)


def test_the_same_framing_leaves_all_in_place() -> None:
    np.testing.assert_allclose(between(FACE, 96, FACE, 96), [[1, 0, 0], [0, 1, 0]], atol=1e-12)
