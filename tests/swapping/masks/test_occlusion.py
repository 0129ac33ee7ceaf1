"""What covers the performer's face stays the plate's, to the bit, and none of its colours get into the made face."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.networks.architecture import Architecture
from ml_backend.networks.families import build_autoencoder
from ml_backend.networks.unet import UNet
from ml_backend.progress import SilentReporter
from ml_backend.requests import TrainMaskRequest
from ml_backend.swapping import making
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.masks.occlusion import look
from ml_backend.swapping.render import FaceRenderer, flatten
from ml_backend.swapping.settings import Controls
from ml_backend.training.masks.checkpoints import MaskInfo
from ml_backend.training.masks.model import MaskModel
from ml_backend.training.masks.settings import MaskSettings
from ml_backend.training.masks.train import run_train_mask

SHAPE = (240, 320)
CPU = torch.device("cpu")
COVER = np.array([10, 230, 40], np.uint8)  # a green that no face has
BLENDS = ("feather", "multiband")


class GreenIsCover(UNet):
    """A mask network that needs no training: what is green covers the face."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (0.3 - (x[:, 1:2] - x[:, :1])) * 40


def mask_model(network: UNet | None = None) -> MaskModel:
    info = MaskInfo(size=96, settings=MaskSettings(), iteration=1, seconds=1, loss=0, held_out=[])
    return MaskModel((network or GreenIsCover()).eval(), info, "0" * 64, CPU)


def renderer(model: MaskModel | None, **texts: str) -> FaceRenderer:
    torch.manual_seed(3)
    architecture = Architecture(resolution=32, encoder_channels=4, code=16, inter_channels=16, decoder_channels=4)
    settings = Controls.make({"learned_mask": "false"} | texts, {})
    return FaceRenderer(build_autoencoder(architecture, ["a", "b"]).eval(), "b", settings, CPU, model)


def plate(covered: bool = True, kind: type = np.uint8) -> np.ndarray:
    """Skin everywhere, with a green bar over the left of the face."""
    noise = np.random.default_rng(1).integers(-8, 9, (*SHAPE, 1))
    image = (np.array([200, 150, 120]) + noise).astype(np.uint8)
    if covered:
        image[:, 120:150] = COVER
    return image.astype(kind) * (257 if kind is np.uint16 else 1)


def face() -> np.ndarray:
    return canonical_mesh() * 90 + [165, 120, 0]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("blend", BLENDS)
def test_covered_pixels_are_the_plates_to_the_bit(blend: str, kind: type) -> None:
    image = plate(kind=kind)
    with_model = renderer(mask_model(), blend=blend).render(image, [face()])
    without = renderer(None, blend=blend).render(image, [face()])
    assert with_model.dtype == kind
    assert not with_model[:, 120:150, 3].any()
    assert without[100:140, 125:145, 3].all()
    over = flatten(image, with_model)
    assert np.array_equal(over[:, 120:150], image[:, 120:150])
    far = with_model[..., 3] > np.iinfo(kind).max * 0.99
    assert far[100:140, 170:190].all(), "the rest of the face is painted"


def one_grey(*_: object, **__: object) -> tuple[np.ndarray, np.ndarray]:
    """A network that makes the same face of everything."""
    return np.full((32, 32, 3), 0.4, np.float32), np.ones((32, 32), np.float32)


@pytest.mark.parametrize("blend", BLENDS)
def test_nothing_of_the_cover_bleeds_into_the_face(blend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing matched to the plate, the made face is the same whatever the colour of what covers it."""
    monkeypatch.setattr(making, "infer", one_grey)  # the same for both: the network itself sees the cover
    pictures = []
    for colour in (COVER, np.array([30, 250, 200], np.uint8)):
        image = plate()
        image[:, 120:150] = colour
        painter = renderer(mask_model(), blend=blend, colour="none")
        pictures.append(painter.render(image, [face()]).astype(int))
    shown = pictures[0][..., 3] > 0
    assert np.array_equal(pictures[0][..., 3], pictures[1][..., 3])
    assert np.abs(pictures[0] - pictures[1])[shown].max() <= 1


@pytest.mark.parametrize("method", ["mean", "reinhard", "mkl", "light"])
def test_colours_are_measured_beside_the_cover(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A face half covered in green gets the colours that the free one gets."""
    settings = {"colour": method, "blend": "feather", "occlusion_feather": "0", "grain": "0"}
    monkeypatch.setattr(making, "infer", one_grey)
    layers = []
    for image in (plate(), plate(covered=False)):
        painter = renderer(mask_model(), **settings)
        layers.append(painter.render(image, [face()]))
    shown = (layers[0][..., 3] > 250) & (layers[1][..., 3] > 250)
    assert shown.sum() > 2000
    difference = np.abs(layers[0].astype(int) - layers[1])[shown]
    assert difference.mean() < 3
    blind = renderer(None, **settings)
    wrong = np.abs(blind.render(plate(), [face()]).astype(int) - layers[1])[shown]
    assert wrong.mean() > 3 * difference.mean(), "and not what it would get with the cover measured too"


def test_without_a_cover_nothing_changes_and_it_can_be_switched_off() -> None:
    free = plate(covered=False)
    settings = {"colour": "none"}
    expected = renderer(None, **settings).render(free, [face()])
    assert np.array_equal(renderer(mask_model(), **settings).render(free, [face()]), expected)
    off = renderer(mask_model(), occlusion="false").render(plate(), [face()])
    assert np.array_equal(off, renderer(None).render(plate(), [face()]))


def test_the_edge_is_as_wide_and_as_far_as_it_is_set() -> None:
    unit = 90.0
    rows = {}
    for grow, feather in ((0.0, 0.0), (0.1, 0.0), (0.0, 0.2)):
        seen = look(mask_model(), plate(), face(), steady=False).in_frame((0, 0), SHAPE, grow, feather)
        rows[grow, feather] = seen[120, 150:230]
    assert rows[0.0, 0.0][5:].min() == 1
    assert rows[0.1, 0.0][: int(0.1 * unit) - 3].max() == 0
    assert rows[0.1, 0.0][int(0.1 * unit) + 5 :].min() == 1
    wide = rows[0.0, 0.2]
    assert (np.diff(wide) >= 0).all()
    assert 0.3 < wide[int(0.1 * unit)] < 0.7, "half way up in the middle of the edge"


def test_a_corner_of_the_frame_is_that_corner() -> None:
    seen = look(mask_model(), plate(), face(), steady=False)
    whole = seen.in_frame((0, 0), SHAPE, 0.0, 0.05)
    # the rectangle ends at a cover and not in it, so that nothing it does not see counts
    part = seen.in_frame((100, 60), (100, 120), 0.0, 0.05)
    assert np.abs(part - whole[60:160, 100:220]).max() < 0.02


def test_steady_looks_agree_with_single_ones_and_shake_less() -> None:
    image = plate()
    rough = np.random.default_rng(2)

    class Doubtful(GreenIsCover):
        """As it is, with a doubt that depends on where a pixel lies in the crop."""

        doubts = torch.from_numpy(rough.normal(0, 12, (1, 1, 96, 96)).astype(np.float32))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) + self.doubts

    exact = look(mask_model(), image, face(), steady=False).probability > 0.5
    wrong = {
        steady: ((look(mask_model(Doubtful()), image, face(), steady).probability > 0.5) != exact).mean()
        for steady in (False, True)
    }
    assert wrong[False] > 0.01
    assert wrong[True] < 0.5 * wrong[False]


def test_a_face_covered_all_over_is_left_alone() -> None:
    image = np.full((*SHAPE, 3), COVER, np.uint8)
    layer = renderer(mask_model()).render(image, [face()])
    assert not layer[..., 3].any()


def test_a_face_at_the_border_can_be_looked_at() -> None:
    for x, y in ((0, 0), (320, 120), (-400, 0)):
        layer = renderer(mask_model()).render(plate(), [canonical_mesh() * 60 + [x, y, 0]])
        assert layer.shape == (*SHAPE, 4)
        assert not layer[:, 120:150, 3].any()


def test_a_swap_is_made_anew_where_the_mask_model_changes(
    swap: Callable[..., dict[str, Any]], facesets: dict[str, Path], tmp_path: Path
) -> None:
    def train(iterations: int) -> None:
        request = TrainMaskRequest(
            model=tmp_path / "masks",
            facesets=[facesets["performer_A"]],
            size=64,
            iterations=iterations,
            settings={"unpainted": "seen", "batch_size": "2"},
        )
        run_train_mask(request, SilentReporter())

    def told() -> list[str | None]:
        manifest = read_manifest(tmp_path / "swap")
        return [manifest.mask_model_sha256, manifest.repairs_sha256]

    assert swap()["frames_made"] == 3
    assert told() == [None, None]
    train(1)
    made = [swap(mask_model=tmp_path / "masks")["frames_made"] for _ in range(2)]
    train(2)
    (tmp_path / "repairs.json").write_text('{"version": 1, "repairs": []}')
    made.append(swap(mask_model=tmp_path / "masks", repairs=tmp_path / "repairs.json")["frames_made"])
    assert made == [3, 0, 3]
    weights = tmp_path / "masks" / "checkpoints" / "00000002" / "ema.safetensors"
    assert told() == [hashlib.sha256(file.read_bytes()).hexdigest() for file in (weights, tmp_path / "repairs.json")]
