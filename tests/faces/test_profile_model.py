"""What the profile copy of the landmark network was trained with: the same network, and points where they belong."""

import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from profile_model.calibrate import fit
from profile_model.crops import SIDE, Example, cut, points_in_crop
from profile_model.network import OnnxNetwork
from profile_model.truth import Places

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.roi import Roi
from ml_backend.faces.roi_crop import points_in_image


def weights(name: str) -> onnx.ModelProto:
    return onnx.load_model_from_string(files("ml_backend.weights").joinpath(f"{name}.onnx").read_bytes())


def answers(model: onnx.ModelProto, pictures: np.ndarray) -> list[np.ndarray]:
    return ort.InferenceSession(model.SerializeToString()).run(None, {"image": pictures})


def test_the_network_in_torch_is_that_of_the_file_and_goes_back_into_it():
    pictures = np.random.default_rng(1).uniform(0, 255, (2, 3, 192, 192)).astype(np.float32)
    original, other = weights("facemesh478"), weights("facemesh478_profile")
    network = OnnxNetwork(other)
    with torch.no_grad():
        points, logits = network(torch.from_numpy(pictures))
    expected = answers(other, pictures)
    np.testing.assert_allclose(points.numpy(), expected[0], atol=2e-3)
    np.testing.assert_allclose(torch.sigmoid(logits).numpy(), expected[1].reshape(-1), atol=1e-4)
    # the copy differs from the file that it began as by its weights alone
    again = answers(network.written_into(original), pictures)
    np.testing.assert_array_equal(again[0], expected[0])


@settings(max_examples=30)
@given(st.floats(-50, 300), st.floats(-50, 300), st.floats(20, 500), st.floats(-3, 3))
def test_points_in_a_crop_are_those_that_are_turned_back(x, y, side, angle):
    roi = Roi(x, y, side, angle)
    points = canonical_mesh() * 90 + [120, 130, 4]
    np.testing.assert_allclose(points_in_image(points_in_crop(points, roi)[None], [roi], SIDE)[0], points, atol=1e-8)


def test_crops_carry_their_points_along():
    """A dot where a point is lies there in every crop, mirrored or not."""
    points = canonical_mesh() * 90 + [128, 128, 0]
    tip = points[4, :2]
    rows, columns = np.mgrid[:256, :256]
    near = np.exp(-((columns - tip[0]) ** 2 + (rows - tip[1]) ** 2) / 18)
    picture = np.repeat((40 + 200 * near)[:, :, None], 3, 2).astype(np.uint8)
    chance, seen = np.random.default_rng(3), 0
    for _ in range(60):
        crop = cut(Example(picture, points), chance)
        if crop.points is None:
            continue
        x, y = crop.points[4, :2]
        assert 0 < x < SIDE
        grey = crop.picture.astype(float).mean(2)
        there = np.hypot(*(np.mgrid[:SIDE, :SIDE] + 0.5 - np.array([y, x])[:, None, None])) < 6
        seen += grey[there].mean() > grey.mean() + 10
    assert seen > 40  # now and then something lies before it


def test_places_are_found_again():
    chance = np.random.default_rng(5)
    corners = chance.uniform(-1, 1, (20, 3, 2))
    for true in ([0.2, 0.3, 0.5], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]):
        weights_found, away = fit(corners, np.array(true) @ corners)
        np.testing.assert_allclose(weights_found, true, atol=1e-9)
        assert away < 1e-9
    _, away = fit(corners, np.array([1.5, -0.5, 0]) @ corners)
    assert away > 0.1  # outside of the triangle


def test_places_go_through_a_file(tmp_path):
    places = Places(np.array([[0, 1, 2]] * 478), np.array([[0.5, 0.25, 0.25]] * 478))
    places.write(tmp_path / "places.npz")
    vertices = np.array([[0.0, 0, 0], [4, 0, 8], [0, 4, 0]])
    assert Places.read(tmp_path / "places.npz")(vertices)[477] == pytest.approx([1, 1, 2])
