"""The train-mask job and its parts: what is drawn is known, it resumes exactly, and it refuses what is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.facesets.masks import import_masks, predicted_file, read_mask
from ml_backend.facesets.store import Faceset
from ml_backend.folder_lock import hold
from ml_backend.media.write import read_picture
from ml_backend.progress import SilentReporter
from ml_backend.requests import ApplyMasksRequest, TrainMaskRequest
from ml_backend.training.masks.apply import run_apply_masks
from ml_backend.training.masks.batches import make_batch, view
from ml_backend.training.masks.checkpoints import load
from ml_backend.training.masks.faces import VIEW, MaskFaces, load_mask_faces
from ml_backend.training.masks.losses import covered_dice, iou, weighted_bce
from ml_backend.training.masks.model import open_mask_model
from ml_backend.training.masks.settings import MaskSettings
from ml_backend.training.masks.shapes import SHAPES
from ml_backend.training.masks.train import run_train_mask
from ml_backend.training.models.alone import LOCK
from ml_backend.training.models.checkpoints import list_checkpoints

STEPS, SIZE = 6, 64
QUICK = {"batch_size": "2", "teach": "0.5"}
CPU = torch.device("cpu")
Train = Callable[..., dict[str, Any]]


class StopAfter(SilentReporter):
    """Asks to stop after some steps, and keeps the previews."""

    def __init__(self, steps: int = 10**9) -> None:
        self._left = steps
        self.previews: list[Path] = []

    def stop_requested(self) -> bool:
        self._left -= 1
        return self._left <= 0

    def preview(self, path: Path) -> None:
        self.previews.append(path)


def paint(folder: Path, place: Path, count: int) -> None:
    """Masks for the first `count` faces: the left half is covered."""
    faceset = Faceset.open(folder)
    size = faceset.info.size
    place.mkdir()
    for face in faceset.faces()[:count]:
        mask = np.full((size, size), 255, np.uint8)
        mask[:, : size // 2] = 0
        cv2.imwrite(str(place / face.path.name), mask)
    import_masks(faceset, place, SilentReporter())


@pytest.fixture
def faceset(facesets: dict[str, Path], tmp_path: Path) -> Path:
    """Eight faces, three of them painted."""
    folder = Path(shutil.copytree(facesets["performer_A"], tmp_path / "faces"))
    paint(folder, tmp_path / "paint", 3)
    return folder


@pytest.fixture
def train(faceset: Path, tmp_path: Path) -> Train:
    """Train tmp_path/"model"; keywords change the request."""

    def train(reporter: SilentReporter | None = None, **changes: Any) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": tmp_path / "model",
            "facesets": [faceset],
            "iterations": STEPS,
            "size": SIZE,
            "settings": QUICK,
        }
        return run_train_mask(TrainMaskRequest(**request | changes), reporter or SilentReporter())

    return train


def newest(model: Path) -> dict[str, Any]:
    folder = list_checkpoints(model)[-1]
    files = {file.name: file.read_bytes() for file in folder.glob("*.safetensors")}
    return files | {"loss": load(folder).info.loss, "number": folder.name}


@given(st.sampled_from(SHAPES), st.integers(32, 160), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_every_shape_is_a_picture_of_alpha(shape: Callable[..., np.ndarray], size: int, seed: int) -> None:
    alpha = shape(size, np.random.default_rng(seed))
    assert alpha.shape == (size, size)
    assert alpha.dtype == np.float32
    assert 0 <= alpha.min() <= alpha.max() <= 1
    np.testing.assert_array_equal(alpha, shape(size, np.random.default_rng(seed)))


def test_shapes_differ_and_seldom_miss_the_picture() -> None:
    random = np.random.default_rng(1)
    for shape in SHAPES:
        shares = [float(shape(64, random).mean()) for _ in range(40)]
        assert np.mean([share > 0.002 for share in shares]) > 0.7, shape.__name__
        assert np.std(shares) > 0.005, shape.__name__


def flat_faces(count: int = 3) -> MaskFaces:
    """Grey faces, wholly seen; whatever else is in a batch was drawn."""
    planes = np.full((count, 80, 80, 5), 255, np.uint8)
    planes[..., :3] = 128
    return MaskFaces(planes, tuple(str(n) for n in range(count)), 1.0)


@given(st.integers(0, 2**40))
@settings(max_examples=10, deadline=None)
def test_what_changed_was_drawn_and_what_was_drawn_is_not_seen(seed: int) -> None:
    plain = MaskSettings(occluders=1, colour=0, blur=0, noise=0)
    faces = flat_faces()
    batch, again = (make_batch(faces, 4, SIZE, plain, np.random.default_rng(seed)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(vars(batch).values(), vars(again).values(), strict=True))
    torch.testing.assert_close(batch.seen, 1 - batch.drawn, rtol=0, atol=1e-6)
    assert torch.equal(batch.plain, torch.full_like(batch.plain, 128 / 255))
    # a shadow may darken what is seen, but nothing may be lighter or coloured where nothing was drawn
    nothing = (batch.drawn == 0).expand(-1, 3, -1, -1)
    assert (batch.input[nothing] <= 128 / 255 + 0.04).all()
    without = make_batch(faces, 4, SIZE, plain.model_copy(update={"occluders": 0.0}), np.random.default_rng(seed))
    assert not without.drawn.any()


def test_painted_masks_move_with_their_faces(faceset: Path) -> None:
    painted, unpainted = load_mask_faces([Faceset.open(faceset)], SIZE)
    assert (len(painted), len(unpainted)) == (3, 5)
    still = view(painted, SIZE)
    assert still.seen[:, :, :, : SIZE // 2 - 1].max() == 0
    assert still.seen[:, :, :, SIZE // 2 + 1 :].min() == 1
    assert still.oval[:, :, SIZE // 2, SIZE // 2].min() == 1
    assert set(np.unique((still.oval * 2).round().numpy())) == {0, 1, 2}, "face, rim and the rest"
    moved = MaskSettings(occluders=0, rotate=0, scale=0, shift=0, flip=True, colour=0, blur=0, noise=0)
    batch = make_batch(painted, 12, SIZE, moved, np.random.default_rng(2))
    left = batch.seen[:, 0, :, 4].mean(1)
    assert set(left.round().tolist()) == {0, 1}, "some are mirrored, and the mask with them"
    assert (batch.seen[:, 0, :, -5].mean(1) == 1 - left).all()


def test_interpolated_faces_are_not_learned_from(faceset: Path) -> None:
    names = [face.path.name for face in Faceset.open(faceset).faces()]
    with Faceset.open(faceset).index() as index, index:
        index.execute("UPDATE face SET interpolated = 1 WHERE file IN (?, ?)", (names[0], names[5]))
    painted, unpainted = load_mask_faces([Faceset.open(faceset)], SIZE)
    assert (len(painted), len(unpainted)) == (3, 4), "unless an artist painted them"


def test_losses_know_right_from_wrong() -> None:
    true = torch.ones(2, 1, 8, 8)
    true[:, :, :, :2] = 0
    weights = torch.ones_like(true)
    sure, wrong = (true * 2 - 1) * 20, (1 - true * 2) * 20
    for loss in (weighted_bce, covered_dice):
        assert loss(sure, true, weights) < 1e-3
        assert loss(wrong, true, weights) > 0.5
        assert loss(wrong, true, 0 * weights) == pytest.approx(0, abs=1e-6), "nothing counts"
    assert iou(true < 0.5, true < 0.5, weights) == 1
    assert iou(true < 0.5, true < 2, weights) == pytest.approx(0.25)
    assert iou(true > 2, true > 2, weights) == 1, "nothing was found where nothing is"


@pytest.mark.parametrize("stops", [[1], [4], [2, 1]])
def test_a_stopped_training_ends_as_one_that_was_not(train: Train, tmp_path: Path, stops: list[int]) -> None:
    for steps in stops:
        with pytest.raises(Cancelled):
            train(StopAfter(steps))
    assert int(newest(tmp_path / "model")["number"]) == sum(stops)
    reporter = StopAfter()
    result = train(reporter)
    assert result["iterations"] == STEPS
    assert (result["painted"], result["unpainted"], result["held_out"]) == (3, 5, 0)
    assert read_picture(reporter.previews[-1]).shape == (3 * SIZE, 3 * SIZE, 3)
    train(model=tmp_path / "calm")
    assert newest(tmp_path / "model") == newest(tmp_path / "calm")


def test_a_trained_model_is_left_alone(train: Train, tmp_path: Path) -> None:
    train()
    before = {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "model").rglob("*"))}
    assert train()["iterations"] == STEPS
    assert {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "model").rglob("*"))} == before


def test_one_training_at_a_time_fills_a_mask_model(train: Train, tmp_path: Path) -> None:
    train(iterations=1)
    before = newest(tmp_path / "model")
    being_written = tmp_path / "model" / "checkpoints" / ".00000002.abcdefgh.part"
    being_written.mkdir()
    with hold(tmp_path / "model" / LOCK, ""), pytest.raises(BackendError, match="another training of this model runs"):
        train(iterations=2)
    assert newest(tmp_path / "model") == before
    assert being_written.is_dir(), "the other one still writes it"
    assert train(iterations=2)["iterations"] == 2
    assert not being_written.exists()


def test_with_many_masks_some_are_kept_for_measuring(
    train: Train, facesets: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml_backend.training.masks.train.HELD_OUT_FROM", 8)
    folder = Path(shutil.copytree(facesets["identity_B"], tmp_path / "all painted"))
    paint(folder, tmp_path / "more paint", 8)
    result = train(facesets=[folder])
    assert (result["painted"], result["held_out"]) == (8, 1)
    assert 0 <= result["iou_covered"] <= 1
    assert 0 <= result["iou_seen"] <= 1
    kept = load(list_checkpoints(tmp_path / "model")[-1]).info.held_out
    assert kept == [f"all painted/{Faceset.open(folder).faces()[4].path.name}"]
    assert train(facesets=[folder], iterations=STEPS + 1)["held_out"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 80}, "works on 64 pixels"),
        ({"settings": {"nonsense": "1"}}, "no mask training setting nonsense"),
        ({"settings": {"batch_size": "0"}}, "batch_size=0"),
    ],
)
def test_wrong_wishes_leave_the_model_alone(train: Train, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    train(iterations=1)
    before = newest(tmp_path / "model")
    with pytest.raises(UsageError, match=words):
        train(**{"iterations": 2} | changes)
    assert newest(tmp_path / "model") == before


def test_without_paint_it_says_how_to_paint_and_can_be_told_that_all_is_seen(
    train: Train, facesets: dict[str, Path], tmp_path: Path
) -> None:
    clean = facesets["identity_B"]
    with pytest.raises(UsageError, match=r"import-masks.*unpainted=seen"):
        train(facesets=[clean])
    assert not (tmp_path / "model").exists()
    assert train(facesets=[clean], iterations=2, settings=QUICK | {"unpainted": "seen"})["iterations"] == 2


def test_a_damaged_checkpoint_is_named(train: Train, tmp_path: Path) -> None:
    train(iterations=1)
    file = list_checkpoints(tmp_path / "model")[-1] / "ema.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    for use in (train, lambda: open_mask_model(tmp_path / "model", CPU)):
        with pytest.raises(BackendError, match=str(file)):
            use()


def test_other_models_are_no_mask_models(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="model of faces, not of masks"):
        open_mask_model(tiny_model, CPU)
    with pytest.raises(UsageError, match="holds no mask model"):
        open_mask_model(tmp_path, CPU)


def test_a_model_predicts_crops_of_every_kind(train: Train, tmp_path: Path) -> None:
    train()
    model = open_mask_model(tmp_path / "model", CPU)
    assert (model.size, model.framing.side) == (SIZE, VIEW.side)
    assert len(model.sha256) == 64
    deep = np.random.default_rng(1).integers(0, 256, (3, SIZE, SIZE, 3)).astype(np.uint8)
    seen = model.predict(deep)
    assert seen.shape == (3, SIZE, SIZE)
    assert seen.dtype == np.float32
    assert 0 <= seen.min() < seen.max() <= 1
    np.testing.assert_allclose(model.predict(deep.astype(np.uint16) * 257), seen, atol=1e-4)
    np.testing.assert_allclose(model.predict(deep / 255), seen, atol=1e-4)
    np.testing.assert_allclose(model.predict(deep[1:2]), seen[1:2], atol=1e-4)
    assert model.predict(np.zeros((2, 100, 100, 3), np.uint8)).shape == (2, 100, 100)
    assert model.predict(deep[:0]).shape == (0, SIZE, SIZE)
    with pytest.raises(ValueError, match="N×S×S×3"):
        model.predict(deep[0])


def test_masks_are_applied_once_and_again_only_where_needed(train: Train, faceset: Path, tmp_path: Path) -> None:
    train(iterations=2)
    stored = Faceset.open(faceset)
    gone, out = stored.faces()[6:]
    gone.path.unlink()
    with stored.index() as index, index:
        index.execute("INSERT INTO left_out VALUES (?, ?)", (out.path.name, "blurred"))

    def apply(reporter: SilentReporter | None = None) -> int:
        request = ApplyMasksRequest(faceset=faceset, mask_model=tmp_path / "model")
        return int(run_apply_masks(request, reporter or SilentReporter())["masks_made"])

    assert apply() == 7
    face = stored.faces()[0]
    mask = read_mask(predicted_file(face))
    assert mask.shape == (stored.info.size, stored.info.size)
    assert (mask[0] == 255).all(), "where the network does not look nothing is taken away"
    assert predicted_file(out).is_file()
    assert apply() == 0
    predicted_file(face).unlink()
    face.path.touch()  # a crop that was cut anew
    stored.faces()[1].path.touch()
    assert apply() == 2
    train(iterations=3)
    with pytest.raises(Cancelled):
        apply(StopAfter(1))
    assert apply() == 0, "the one batch was done before it stopped"
    told = json.loads((faceset / "masks" / "predicted" / "model.json").read_text())
    assert told["sha256"] == open_mask_model(tmp_path / "model", CPU).sha256
