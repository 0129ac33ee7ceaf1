"""The network in short numbers where they are enough: near what it makes in long ones, and those where steps count."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ml_backend.faces.face import Face
from ml_backend.media.frame import Frame
from ml_backend.media.source import open_source
from ml_backend.swapping import making
from ml_backend.swapping.inference import infer
from ml_backend.swapping.making import FaceMaker
from ml_backend.swapping.settings import Controls
from ml_backend.training.models.checkpoints import load_for_swap

from .test_render import face

CPU = torch.device("cpu")


def test_short_numbers_are_near_the_long_ones(tiny_model: Path, footage: Path) -> None:
    model = load_for_swap(tiny_model, CPU)
    side = model.network.side
    (frame,) = open_source(footage / "plate_A.mp4", "1").frames()
    given = np.ascontiguousarray(frame.image[120 : 120 + side, 100 : 100 + side]).astype(np.float32) / 255
    exact, mask = infer(model.network, "identity_B", CPU, given)
    short, short_mask = infer(model.network, "identity_B", CPU, given, exact=False)
    assert short.dtype == short_mask.dtype == np.float32
    assert np.abs(short - exact).max() < 4 / 255
    assert np.abs(short - exact).mean() < 0.5 / 255
    assert np.abs(short_mask - mask).max() < 0.1
    assert np.array_equal(infer(model.network, "identity_B", CPU, given, exact=False)[0], short), "and always the same"


@pytest.mark.parametrize(("kind", "exact"), [(np.uint8, False), (np.uint16, True)])
def test_only_8_bit_plates_take_short_numbers(
    kind: type, exact: bool, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def listen(*given: object, exact: bool) -> tuple[np.ndarray, np.ndarray]:
        asked.append(exact)
        return np.zeros((32, 32, 3), np.float32), np.ones((32, 32), np.float32)

    monkeypatch.setattr(making, "infer", listen)
    network = load_for_swap(tiny_model, CPU).network
    maker = FaceMaker(network, "identity_B", Controls.make({"colour": "none", "detail": "0"}, {}), CPU)
    maker.make(Frame(1, np.zeros((120, 160, 3), kind)), [Face(face(), 1.0, 0)])
    assert asked == [exact]
