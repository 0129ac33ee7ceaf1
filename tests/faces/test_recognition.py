from itertools import combinations, product

import numpy as np
import onnxruntime
import pytest

from ml_backend.faces.onnx_model import choose_providers, open_model
from ml_backend.faces.recognition import SAME_PERSON, Recogniser, distance

CLIPS = ("plate_A", "identity_B_take1", "identity_B_take2")


@pytest.fixture(scope="module")
def embeddings(pictures, landmarks_of):
    recogniser = Recogniser()
    return {
        clip: [recogniser.embed(image, landmarks_of(image)) for image in pictures(clip, 1, 120, 24)] for clip in CLIPS
    }


def test_one_person_is_nearer_than_two(embeddings):
    performer = embeddings["plate_A"]
    identity = embeddings["identity_B_take1"] + embeddings["identity_B_take2"]
    same = [distance(a, b) for person in (performer, identity) for a, b in combinations(person, 2)]
    different = [distance(a, b) for a, b in product(performer, identity)]
    assert np.mean(same) < SAME_PERSON < np.mean(different)
    right = np.mean([a < b for a, b in product(same, different)])
    assert right > 0.97


def test_shape_and_distance(embeddings):
    first, second = embeddings["plate_A"][:2]
    assert first.shape == (128,)
    assert first.dtype == np.float32
    assert distance(first, first) == 0
    np.testing.assert_allclose(
        distance(np.stack([first, second]), first), [0, np.linalg.norm(second - first)], rtol=1e-6
    )


def test_sixteen_bits_give_the_same_embedding(pictures, landmarks_of):
    image = pictures("plate_A", 1, 1)[0]
    landmarks, recogniser = landmarks_of(image), Recogniser()
    deep = recogniser.embed(image.astype(np.uint16) * 257, landmarks)
    assert distance(deep, recogniser.embed(image, landmarks)) < 0.01


def test_many_faces_at_once_are_the_same_faces(pictures, landmarks_of, monkeypatch):
    recogniser = Recogniser()
    faces = [(image, landmarks_of(image)) for clip in CLIPS for image in pictures(clip, 1, 120, 60)]
    one_by_one = np.stack([recogniser.embed(*face) for face in faces])
    np.testing.assert_array_equal(recogniser.embed_many(faces), one_by_one)
    monkeypatch.setattr("ml_backend.faces.recognition.BATCH", 4)  # more faces than one batch holds
    np.testing.assert_array_equal(recogniser.embed_many(iter(faces)), one_by_one)


def test_no_faces_no_embeddings():
    embeddings = Recogniser().embed_many([])
    assert embeddings.shape == (0, 128)
    assert embeddings.dtype == np.float32


def test_a_gpu_is_used_where_the_runtime_has_one():
    installed = onnxruntime.get_available_providers()
    assert open_model("face_recognition").get_providers()[-1] == "CPUExecutionProvider"
    assert choose_providers(["CPUExecutionProvider"]) == ["CPUExecutionProvider"]
    for available in (["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"], installed):
        names = [chosen if isinstance(chosen, str) else chosen[0] for chosen in choose_providers(available)]
        assert ("CUDAExecutionProvider" in names) == ("CUDAExecutionProvider" in available)
        assert names[-1] == "CPUExecutionProvider"
