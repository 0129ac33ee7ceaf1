import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.alignment import Framing
from ml_backend.faces.light import luminance
from ml_backend.facesets.look import look, nearest, repeats
from ml_backend.facesets.store import Faceset


def looks_of(folder, change=lambda image: image):
    faceset = Faceset.open(folder)
    info = faceset.info
    framing = Framing(info.framing, info.framing_side, info.framing_down)
    return np.array([look(luminance(change(f.read_crop())), f.crop_landmarks, framing) for f in faceset.faces()])


@pytest.mark.parametrize("person", ["performer_A", "identity_B"])
def test_another_encoding_is_nearer_than_another_frame(person, two_people):
    def encoded_again(image):
        noisy = np.clip(image + np.random.default_rng(1).normal(0, 3, image.shape), 0, 255).astype(np.uint8)
        return cv2.imdecode(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], cv2.IMREAD_COLOR)

    looks = looks_of(two_people[person]).astype(float)
    again = looks_of(two_people[person], encoded_again).astype(float)
    darker = looks_of(two_people[person], lambda image: (image * 0.8).astype(np.uint8)).astype(float)
    steps = np.linalg.norm(np.diff(looks, axis=0), axis=1)
    assert np.linalg.norm(again - looks, axis=1).max() < 0.025 < steps.min()
    assert np.linalg.norm(darker - looks, axis=1).max() < 0.025


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), count=st.sampled_from([1, 2, 7, 511, 513, 700]))
def test_nearest_is_the_nearest(seed, count):
    looks = np.random.default_rng(seed).normal(0, 1, (count, 6)).astype(np.float16)
    distances, others = nearest(looks)
    exact = np.linalg.norm(looks[:, None].astype(float) - looks[None], axis=2)
    np.fill_diagonal(exact, np.inf)
    np.testing.assert_allclose(distances, exact.min(1), atol=2e-3)
    if count > 1:
        assert (others != np.arange(count)).all()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), count=st.sampled_from([0, 1, 5, 300, 600, 1100]), limit=st.floats(0.05, 2))
def test_what_is_kept_differs_and_stands_for_the_rest(seed, count, limit):
    random = np.random.default_rng(seed)
    looks = random.uniform(0, 3, (count, 3)).astype(np.float16)
    order = random.permutation(count)
    again = repeats(looks, order, limit)
    between = np.linalg.norm(looks[:, None].astype(float) - looks[None], axis=2)
    np.fill_diagonal(between, np.inf)
    kept = ~again
    if kept.sum() > 1:
        assert between[np.ix_(kept, kept)].min() > limit - 2e-3
    if again.any():
        assert between[np.ix_(again, kept)].min(1).max() < limit + 2e-3
    if count:
        assert not again[order[0]]
