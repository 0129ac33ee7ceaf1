"""Faces of one frame, crops of one face and frames in a row go through the networks together, and are as if alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ml_backend.faces import detection, mesh
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.onnx_model import most_at_once, open_model
from ml_backend.faces.recognition import BATCH, Recogniser
from ml_backend.faces.roi import Roi, roi_of_landmarks
from ml_backend.faces.tracking import FaceTracker


class Counted:
    """A session of the ONNX Runtime, and how many pictures each of its runs took."""

    def __init__(self, session: Any) -> None:
        self._session, self.sizes = session, []

    def run(self, outputs: Any, inputs: dict[str, np.ndarray]) -> Any:
        self.sizes.append(len(inputs["image"]))
        return self._session.run(outputs, inputs)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Counted]:
    def watch(network: Any) -> Counted:
        session = Counted(network._session)
        monkeypatch.setattr(network, "_session", session)
        return session

    return watch


@pytest.fixture
def row(pictures) -> np.ndarray:
    """Four heads beside one another."""
    return np.concatenate([pictures(clip, n, n)[0] for clip in ("plate_A", "identity_B_take1") for n in (1, 60)], 1)


def test_the_detector_sees_in_a_batch_what_it_sees_in_single_pictures(pictures, counted):
    images = [*pictures("plate_A", 1, 3), *pictures("identity_B_take1", 1, 2)]
    detector = CenterFace()
    singly = [detector(image) for image in images]
    session = counted(detector)
    for together, alone in zip(detector.each(images), singly, strict=True):
        assert len(together) == len(alone) == 1
        np.testing.assert_allclose(together[0].box, alone[0].box, atol=1e-3)
        np.testing.assert_allclose(together[0].points, alone[0].points, atol=1e-3)
        assert together[0].score == pytest.approx(alone[0].score, abs=1e-5)
    assert session.sizes == [2, 2, 1], "no more at once than the memory is meant for"
    assert detector.each([]) == []


def test_the_mesh_in_a_batch_is_the_mesh_of_single_faces(pictures, landmarks_of, counted):
    image = pictures("plate_A", 1, 1)[0]
    roi = roi_of_landmarks(landmarks_of(image))
    rois = [Roi(roi.x + n, roi.y - n, roi.side * (1 + 0.01 * n), roi.angle) for n in range(mesh.CPU_BATCH + 3)]
    network = FaceMesh()
    singly = [network.landmarks(image, [one]) for one in rois]
    session = counted(network)
    points, scores = network.landmarks(image, rois)
    np.testing.assert_allclose(points, [one[0] for one, _ in singly], atol=1e-2)
    np.testing.assert_allclose(scores, [one[0] for _, one in singly], atol=1e-4)
    assert session.sizes == [mesh.CPU_BATCH, 3]


def test_perturbed_crops_of_many_faces_share_batches(pictures, landmarks_of, counted):
    image = pictures("plate_A", 1, 1)[0]
    roi, network = roi_of_landmarks(landmarks_of(image)), FaceMesh()
    alone, _ = network.settle(image, [roi], passes=1, average=True)
    session = counted(network)
    points, _ = network.settle(image, [roi] * 4, passes=1, average=True)
    np.testing.assert_allclose(points, np.repeat(alone, 4, 0), atol=1e-2)
    assert session.sizes == [4, 16, 4], "one crop a face, then five"


def test_a_frame_with_several_faces_asks_each_network_for_all_at_once(row, counted):
    detector, recogniser = CenterFace(), Recogniser()
    tracker = FaceTracker(recogniser=recogniser, detector=detector)
    assert len(tracker(row)) == 4
    closer, who = counted(detector), counted(recogniser)
    assert all(one.embedding is not None for one in tracker(row)), "newcomers are looked at once more"
    assert who.sizes == [4]
    assert closer.sizes == [2, 2]


def test_faces_of_several_pictures_are_recognised_in_bounded_batches(pictures, landmarks_of, counted):
    image = pictures("plate_A", 1, 1)[0]
    landmarks, recogniser = landmarks_of(image), Recogniser()
    session = counted(recogniser)
    assert recogniser.embed_many((image, landmarks) for _ in range(BATCH + 2)).shape == (BATCH + 2, 128)
    assert session.sizes == [BATCH, 2]


def test_batches_are_larger_on_a_gpu_only():
    class OnGpu:
        def get_providers(self) -> list[str]:
            return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    sizes = detection.CPU_BATCH, detection.GPU_BATCH
    on_cpu = open_model("centerface")
    if on_cpu.get_providers() == ["CPUExecutionProvider"]:
        assert most_at_once(on_cpu, *sizes) == detection.CPU_BATCH
    assert most_at_once(OnGpu(), *sizes) == detection.GPU_BATCH
