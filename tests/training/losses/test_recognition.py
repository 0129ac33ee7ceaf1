"""Likeness as the recogniser sees it."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ml_backend.errors import BackendError
from ml_backend.faces.alignment import FACE, align, crop
from ml_backend.faces.canonical import REST_PITCH, canonical_mesh
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.geometry import similarity_matrix
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.recognition import _POINTS, _TARGET, SAME_PERSON, distance
from ml_backend.faces.recognition import Recogniser as RuntimeRecogniser
from ml_backend.faces.roi import roi_of_detection
from ml_backend.media.source import open_source
from ml_backend.networks.recogniser import CHIP, Recogniser
from ml_backend.training.losses import shipped
from ml_backend.training.losses.chips import CHIP_CENTRE, CHIP_SIDE, to_chips
from ml_backend.training.losses.recognition import recognition_loss
from ml_backend.training.losses.shipped import load_recogniser

Pictures = Callable[..., torch.Tensor]
Seen = list[tuple[torch.Tensor, np.ndarray]]


@pytest.fixture(scope="module")
def people(footage: Path) -> dict[str, Seen]:
    """Face crops (1×3×128×128) of two persons, and the embeddings that ONNX Runtime gives."""
    detector, mesh, recogniser = CenterFace(), FaceMesh(), RuntimeRecogniser()

    def look(clip: str) -> Seen:
        seen = []
        for frame in open_source(footage / f"{clip}.mp4").frames([37, 55]):
            points, _ = mesh.settle(frame.image, [roi_of_detection(detector(frame.image)[0])])
            face = crop(frame.image, align(points[0], 128, FACE), 128)
            picture = torch.from_numpy(face.transpose(2, 0, 1).astype(np.float32) / 255)[None]
            seen.append((picture, recogniser.embed(frame.image, points[0])))
        return seen

    return {clip: look(clip) for clip in ("plate_A", "identity_B_take1")}


def test_the_chip_lies_where_the_recogniser_cuts_it_from_the_canonical_face() -> None:
    tilt = np.radians(REST_PITCH)
    level = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    to_chip = similarity_matrix((canonical_mesh() @ level.T)[_POINTS, :2], _TARGET)
    middle = np.linalg.inv(to_chip[:, :2]) @ ((CHIP - 1) / 2 - to_chip[:, 2])
    np.testing.assert_allclose([CHIP / to_chip[0, 0], *middle], [CHIP_SIDE, *CHIP_CENTRE], atol=2e-4)
    assert abs(to_chip[0, 1] / to_chip[0, 0]) < 1e-3  # no turn


@pytest.mark.parametrize("side", [96, 150, 512])
def test_chips_show_the_place_that_a_warp_would(side: int) -> None:
    """On a smooth picture, against OpenCV."""
    rng = np.random.default_rng(side)
    picture = cv2.resize(rng.random((6, 6)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    scale = CHIP_SIDE / FACE.side * side / CHIP
    middle = (side - 1) / 2 + np.array(CHIP_CENTRE) * side / FACE.side
    to_crop = np.column_stack([np.eye(2) * scale, middle - scale * (CHIP - 1) / 2])
    expected = cv2.warpAffine(
        picture,
        to_crop,
        (CHIP, CHIP),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    got = to_chips(torch.from_numpy(picture)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(got, expected, atol=0.02)


def test_small_detail_is_averaged_not_skipped() -> None:
    board = (torch.arange(600)[:, None] + torch.arange(600)) % 2.0
    torch.testing.assert_close(to_chips(board[None, None]), torch.full((1, 1, CHIP, CHIP), 0.5), atol=0.05, rtol=0)


def test_our_crops_get_the_embeddings_of_their_persons(recogniser: Recogniser, people: dict[str, Seen]) -> None:
    for name, other in (("plate_A", "identity_B_take1"), ("identity_B_take1", "plate_A")):
        for picture, known in people[name]:
            ours = recogniser(to_chips(picture)).embedding[0].numpy()
            assert distance(ours, known) < SAME_PERSON / 2
            assert all(distance(ours, embedding) > SAME_PERSON for _, embedding in people[other])


def test_another_person_costs_more_than_another_light(recogniser: Recogniser, people: dict[str, Seen]) -> None:
    (face, _), (other, _) = people["plate_A"][0], people["identity_B_take1"][0]
    ones = torch.ones(1, 1, 128, 128)
    light = float(recognition_loss(recogniser, face * 0.9, face, ones))
    person = float(recognition_loss(recogniser, other, face, ones))
    assert 0 < light < person / 5


def test_a_damaged_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shipped.SHA256, shipped.NAME, "0" * 64)
    with pytest.raises(BackendError, match=r"face_recognition\.onnx is damaged"):
        load_recogniser(torch.device("cpu"))
