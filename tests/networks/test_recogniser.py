"""The shipped recogniser in torch against the one that ONNX Runtime runs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ml_backend.faces.detection import CenterFace
from ml_backend.faces.geometry import invert, sample, similarity_matrix
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.onnx_model import open_model
from ml_backend.faces.recognition import _POINTS, _TARGET
from ml_backend.faces.roi import roi_of_detection
from ml_backend.media.source import open_source
from ml_backend.networks.recogniser import CHIP, Recogniser
from ml_backend.training.losses.shipped import load_recogniser


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return load_recogniser(torch.device("cpu"))


def runtime(chips: np.ndarray) -> np.ndarray:
    """Embeddings of N×3×150×150 chips in 0–1."""
    return open_model("face_recognition").run(None, {"image": chips * np.float32(255)})[0]


def test_noise_gets_the_same_embeddings(recogniser: Recogniser) -> None:
    chips = np.random.default_rng(1).random((3, 3, CHIP, CHIP), np.float32)
    chips[1], chips[2] = chips[1] > 0.5, 0
    seen = recogniser(torch.from_numpy(chips))
    np.testing.assert_allclose(seen.embedding.numpy(), runtime(chips), atol=1e-5)


@pytest.mark.parametrize("clip", ["plate_A", "identity_B_take1"])
def test_faces_get_the_same_embeddings(recogniser: Recogniser, footage: Path, clip: str) -> None:
    detector, mesh, chips = CenterFace(), FaceMesh(), []
    for frame in open_source(footage / f"{clip}.mp4").frames(range(1, 62, 30)):
        points, _ = mesh.settle(frame.image, [roi_of_detection(detector(frame.image)[0])])
        to_chip = similarity_matrix(points[0, _POINTS, :2], _TARGET)
        chips.append(sample(frame.image, invert(to_chip), CHIP).transpose(2, 0, 1))
    stacked = np.stack(chips).astype(np.float32) / np.float32(255)
    seen = recogniser(torch.from_numpy(stacked))
    np.testing.assert_allclose(seen.embedding.numpy(), runtime(stacked), atol=1e-5)


def test_features_have_the_shapes_they_promise(recogniser: Recogniser) -> None:
    seen = recogniser(torch.zeros(2, 3, CHIP, CHIP))
    sides = [tuple(features.shape) for features in seen.features]
    assert sides == [(2, 32, 35, 35), (2, 64, 17, 17), (2, 128, 8, 8), (2, 256, 4, 4)]
    assert all(float(features.min()) >= 0 for features in seen.features)


def test_it_learns_nothing_but_passes_gradients_on(recogniser: Recogniser) -> None:
    chips = torch.rand(1, 3, CHIP, CHIP, generator=torch.Generator().manual_seed(1)).requires_grad_()
    recogniser(chips).embedding.square().sum().backward()
    assert chips.grad is not None
    assert float(chips.grad.abs().max()) > 0
    assert not any(parameter.requires_grad for parameter in recogniser.parameters())
    assert not recogniser.training
