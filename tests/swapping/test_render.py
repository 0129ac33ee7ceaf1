"""One frame: what the layer of a face looks like, wherever the face is."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import open_source
from ml_backend.networks.architecture import Architecture
from ml_backend.networks.families import build_autoencoder
from ml_backend.swapping import making
from ml_backend.swapping.render import FaceRenderer, flatten
from ml_backend.swapping.settings import Controls

SHAPE = (120, 160)


def renderer(**texts: str) -> FaceRenderer:
    torch.manual_seed(3)
    network = build_autoencoder(
        Architecture(resolution=32, encoder_channels=4, code=16, inter_channels=16, decoder_channels=4), ["a", "b"]
    )
    return FaceRenderer(network.eval(), "b", Controls.make(texts, {}), torch.device("cpu"))


def plate(kind: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, (*SHAPE, 3), kind)


def face(x: float = 80, y: float = 60, size: float = 30) -> np.ndarray:
    return canonical_mesh() * size + [x, y, 0]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_without_a_face_the_layer_is_fully_transparent(kind: type) -> None:
    layer = renderer().render(plate(kind), [])
    assert layer.shape == (*SHAPE, 4)
    assert layer.dtype == kind
    assert not layer.any()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("blend", ["feather", "multiband"])
def test_the_layer_has_the_depth_of_the_plate_and_covers_the_face(kind: type, blend: str) -> None:
    layer = renderer(blend=blend, learned_mask="false").render(plate(kind), [face()])
    assert layer.dtype == kind
    assert layer[60, 80, 3] == np.iinfo(kind).max
    assert not layer[:5, :, 3].any()
    over = flatten(plate(kind), layer)
    assert np.array_equal(over[layer[..., 3] == 0], plate(kind)[layer[..., 3] == 0])
    assert not np.array_equal(over, plate(kind))


def test_16_bit_layers_are_finer_than_8_bit_ones() -> None:
    eight = plate()
    sixteen = (eight.astype(np.uint16)) * 257
    a = renderer().render(eight, [face()]).astype(float) / 255
    b = renderer().render(sixteen, [face()]).astype(float) / 65535
    covered = a[..., 3] > 0.2
    np.testing.assert_allclose(a[covered], b[covered], atol=0.02)
    assert len(np.unique(b[..., 3])) > len(np.unique(a[..., 3]))


@given(st.floats(-120, 280), st.floats(-120, 240), st.floats(3, 200), st.sampled_from(["feather", "multiband"]))
@settings(max_examples=40, deadline=None)
def test_a_face_at_or_beyond_the_border_is_painted_as_far_as_it_shows(
    x: float, y: float, size: float, blend: str
) -> None:
    layer = renderer(blend=blend).render(plate(), [face(x, y, size)])
    assert layer.shape == (*SHAPE, 4)
    if x < -2 * size or y < -2 * size or x > 160 + 2 * size or y > 120 + 2 * size:
        assert not layer.any()


def test_a_face_cut_by_the_border_has_no_edge_there() -> None:
    """The picture's border is no edge of the face."""
    layer = renderer(learned_mask="false").render(plate(), [face(x=0)])
    assert (layer[50:70, 0, 3] == 255).all()


def test_two_faces_are_painted_as_each_one_alone() -> None:
    one, two = face(45, 60, 22), face(115, 60, 22)
    r = renderer(grain="0")  # whose noise is another one on each face of a frame
    both = r.render(plate(), [one, two])
    left, right = r.render(plate(), [one]), r.render(plate(), [two])
    assert np.array_equal(both[:, :80], left[:, :80])
    assert np.array_equal(both[:, 80:], right[:, 80:])


def test_the_upper_of_two_overlapping_faces_lies_over_the_lower() -> None:
    r = renderer(learned_mask="false", grain="0")
    both = r.render(plate(), [face(70), face(80)])
    upper = r.render(plate(), [face(80)])
    full = upper[..., 3] == 255
    assert full.any()
    assert np.abs(both[full].astype(int) - upper[full]).max() <= 1


def test_opacity_scales_alpha_only() -> None:
    whole, half = renderer().render(plate(), [face()]), renderer(opacity="0.5").render(plate(), [face()])
    np.testing.assert_allclose(half[..., 3], whole[..., 3] / 2, atol=1)
    covered = half[..., 3] > 20
    assert np.abs(half[covered][:, :3].astype(int) - whole[covered][:, :3]).max() <= 1


def test_a_face_smaller_than_the_network_is_averaged_and_not_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = renderer(learned_mask="false", colour="none", blend="feather", feather="0.05")
    fine = (np.indices((32, 32)).sum(0) % 2).astype(np.float32)
    made = np.dstack([fine] * 3), np.ones((32, 32), np.float32)
    monkeypatch.setattr(making, "infer", lambda *_, **__: made)
    for x in (80, 80.25, 80.5):
        layer = painter.render(plate(), [face(x, 60, 5)]).astype(float)
        inside = layer[..., 3] > 200
        assert inside.sum() > 10
        np.testing.assert_allclose(layer[inside][:, :3], 127.5, atol=20)


def test_a_made_face_has_the_plates_grain_by_itself(footage: Path) -> None:
    (frame,) = open_source(footage / "plate_A.mp4", "20").frames()
    noise = np.random.default_rng(2).normal(0, 6, frame.image.shape)
    grainy = np.clip(frame.image + noise, 0, 255).round().astype(np.uint8)
    (found,) = FaceTracker()(frame.image)
    spread = {}
    for grain in ("0", "default"):
        texts = {} if grain == "default" else {"grain": grain}
        layer = renderer(learned_mask="false", **texts).render(grainy, [found.landmarks])
        inside = cv2.erode((layer[..., 3] == 255).astype(np.uint8), np.ones((9, 9))) > 0
        for name, picture in (("plate", grainy), (grain, flatten(grainy, layer))):
            fine = picture - cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1)
            spread[name] = float(np.median(np.abs(fine[inside])))
    assert spread["0"] < 0.2 * spread["plate"]
    assert spread["default"] == pytest.approx(spread["plate"], rel=0.15)
