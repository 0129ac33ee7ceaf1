"""Two people's shapes are told apart whatever their heads do, and laid on a head that turns and speaks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.geometry import fit_similarity
from ml_backend.faces.regions import LIPS, RIGID
from ml_backend.swapping.detail.person_shape import TRUSTED, Difference, person_shape

Mesh = np.ndarray


def person(seed: int) -> Mesh:
    """The canonical face with features elsewhere, smoothly, in its own pose."""
    mesh, chance = canonical_mesh(), np.random.default_rng(seed)
    other = mesh + sum(0.02 * np.sin(mesh @ chance.normal(0, 3, (3, 3)) + chance.uniform(0, 6, 3)) for _ in range(3))
    scale, rotation, shift = fit_similarity(other[RIGID], mesh[RIGID])
    return scale * other @ rotation.T + shift


def turn(yaw: float, pitch: float) -> Mesh:
    a, b = np.radians([yaw, pitch])
    across = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    return across @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])


def filmed(mesh: Mesh, yaw: float, pitch: float, size: float = 0.4, x: float = 0.5) -> Mesh:
    return (size * mesh @ turn(yaw, pitch).T + [x, 0.5, 0]).astype(np.float32)


def portraits(mesh: Mesh, speaking: float = 0.0) -> Mesh:
    """Of a person from all sides; on some the lower lip hangs."""
    chance, faces = np.random.default_rng(1), []
    for n in range(24):
        face = mesh.copy()
        face[[14, 17, 84, 87, 314, 317]] += [0, speaking * (n % 2), 0]
        faces.append(filmed(face, *chance.uniform(-35, 35, 2), chance.uniform(0.3, 0.5), chance.uniform(0.4, 0.6)))
    return np.array(faces)


@pytest.mark.parametrize("speaking", [0.0, 0.15])
def test_a_shape_is_that_of_the_person_at_rest(speaking: float) -> None:
    mesh = person(3)
    np.testing.assert_allclose(person_shape(portraits(mesh, speaking)), mesh, atol=2e-3)


@given(yaw=st.floats(-60, 60), pitch=st.floats(-25, 25), tilt=st.floats(-0.2, 0.2), size=st.floats(0.9, 1.1))
@settings(max_examples=20, deadline=None)
def test_the_identity_does_what_the_performer_does(yaw: float, pitch: float, tilt: float, size: float) -> None:
    """Its place, size and turn are those of the made faces, whatever their features are."""
    performer, identity = person(1), person(2)
    speaks = np.zeros_like(performer)
    speaks[LIPS] = [0, 0.05, 0]
    points, wanted = filmed(performer + speaks, yaw, pitch), filmed(identity + speaks, yaw, pitch)
    turned = size * np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    placed = wanted.copy()
    placed[:, :2] = (wanted[:, :2] - 0.5) @ turned.T + [0.52, 0.49]
    difference = Difference.of(portraits(performer), portraits(identity))
    laid = points + difference.beside(points, placed - points)
    np.testing.assert_allclose(laid[:468, :2], placed[:468, :2], atol=4e-3)
    np.testing.assert_allclose(laid[:, 2], placed[:, 2], atol=1e-6)


def test_what_is_wrong_in_all_made_faces_counts_less() -> None:
    performer, identity = person(1), person(2)
    difference = Difference.of(portraits(performer), portraits(identity))
    points = filmed(performer, 20, 5)
    made = filmed(identity, 20, 5) - points
    wrong = made.copy()
    wrong[:468, :2] += 0.01 * np.sin(40 * points[:468, 1:] + [0.0, 1.0])
    right, laid = difference.beside(points, made), difference.beside(points, wrong)
    brought, was = np.abs(laid - right)[:468, :2].mean(), np.abs(wrong - made)[:468, :2].mean()
    assert was > 0.004
    assert brought < (1.1 - TRUSTED) * was


def test_the_same_person_is_nowhere_else() -> None:
    mesh = person(5)
    difference = Difference.of(portraits(mesh), portraits(mesh))
    assert not np.abs(difference.apart).max()
