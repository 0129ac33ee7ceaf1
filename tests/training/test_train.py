"""The train job on real faces: it learns, it can be stopped at any step, and it refuses what is wrong."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ml_backend.errors import BackendError, Cancelled, RefusedError, UsageError
from ml_backend.media.write import read_picture
from ml_backend.progress import SilentReporter
from ml_backend.requests import TrainRequest
from ml_backend.training.models.checkpoints import list_checkpoints, load_checkpoint
from ml_backend.training.train import run_train

from .outcome import Listener

FIGHT = {"loss.adversarial": "0.1", "recipe": '[{"until": 0.3, "adversarial": 0}, {"until": 1}]'}
STEPS = 10
Train = Callable[..., dict[str, Any]]


class StopAfter(SilentReporter):
    """Asks to stop after some steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def stop_requested(self) -> bool:
        self._left -= 1
        return self._left <= 0


def newest(model: Path) -> Mapping[str, bytes]:
    """The tensors' files of the newest checkpoint, byte for byte, and its average loss."""
    folder = list_checkpoints(model)[-1]
    files = {file.name: file.read_bytes() for file in folder.glob("*.safetensors")}
    return files | {"loss": repr(load_checkpoint(folder).info.loss).encode()}


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module", params=[{}, FIGHT], ids=["alone", "against the discriminator"])
def undisturbed(
    request: pytest.FixtureRequest, facesets: dict[str, Path], consent: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], Mapping[str, bytes]]:
    """Settings, and what a training with them comes to."""
    model = tmp_path_factory.mktemp("undisturbed") / "model"
    asked = TrainRequest(
        model=model, facesets=facesets, preset="tiny", iterations=STEPS, settings=request.param, consent=consent
    )
    run_train(asked, SilentReporter())
    return request.param, newest(model)


@pytest.mark.parametrize("stops", [[1], [5], [9], [2, 1, 4]])
def test_a_stopped_training_ends_as_one_that_was_not(
    train: Train, tmp_path: Path, undisturbed: tuple[dict[str, str], Mapping[str, bytes]], stops: list[int]
) -> None:
    settings, expected = undisturbed
    assert ("discriminator.safetensors" in expected) == bool(settings)
    for steps in stops:
        with pytest.raises(Cancelled):
            train(StopAfter(steps), settings=settings)
    assert int(list_checkpoints(tmp_path / "model")[-1].name) == sum(stops)
    result = train(settings=settings)
    assert result["iterations"] == STEPS
    assert result["images"] == (STEPS - sum(stops)) * 2 * 4
    assert newest(tmp_path / "model") == expected


def test_the_loss_falls(train: Train) -> None:
    first = train(iterations=3)["loss"]
    assert train(iterations=80)["loss"] < 0.8 * first


def test_a_trained_model_is_left_alone(train: Train, tmp_path: Path) -> None:
    result = train()
    before = state_of(tmp_path)
    for folder in ("checkpoints", "portraits"):  # a kill left half a file, in the one with somebody's pictures
        left = tmp_path / "model" / folder / ".half.safetensors.1a2b3c4d.part"
        left.write_bytes(b"half")
    again = train()
    assert {file: state for file, state in state_of(tmp_path).items() if not Path(file).is_dir()} == {
        file: state for file, state in before.items() if not Path(file).is_dir()
    }
    assert (again["iterations"], again["images"], again["loss"]) == (STEPS, 0, result["loss"])


def test_a_time_budget_counts_all_runs(train: Train, tmp_path: Path) -> None:
    first = train(iterations=None, minutes=0.01)
    assert first["iterations"] >= 1
    before = state_of(tmp_path)
    listener = Listener()
    assert train(listener, iterations=None, minutes=0.01)["images"] == 0
    assert any("for as long as was asked" in text and "A larger --iterations" in text for text in listener.messages)
    assert state_of(tmp_path) == before
    more = train(iterations=None, minutes=0.02)
    assert more["iterations"] > first["iterations"]
    assert load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info.seconds >= 0.02 * 60


def test_a_preview_shows_every_face_as_everybody(train: Train, tmp_path: Path) -> None:
    train(iterations=1)
    folder = tmp_path / "model" / "previews"
    preview = read_picture(folder / "00000001.png")
    height, width = preview.shape[:2]
    assert height == 2 * (1 + 2) * 32
    words, faces = np.hsplit(preview, [width - 6 * 32])
    assert np.ptp(words, axis=(1, 2)).reshape(6, 32).max(1).min() > 100, "each row says what it shows"
    assert np.ptp(faces) > 100
    assert np.array_equal(read_picture(folder / "latest.png"), preview)
    events = EventAccumulator(str(tmp_path / "model" / "tensorboard"), {"images": 0}).Reload()
    (shown,) = events.Images("preview")
    assert (shown.step, shown.width, shown.height) == (1, width, height)


def test_without_consent_nothing_is_written(train: Train, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="ml-backend consent new"):
        train(consent=None)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_refuses_with_exit_3(
    run_backend: Callable[..., Any], facesets: dict[str, Path], tmp_path: Path
) -> None:
    given = [text for name, folder in facesets.items() for text in ("--faceset", f"{name}={folder}")]
    done = run_backend("train", "--model", tmp_path / "model", *given, "--preset", "tiny", "--iterations", 1)
    assert done.returncode == 3, done.stderr
    assert "ml-backend consent new identity_B --basis" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file", "inside a file"])
def test_a_model_folder_that_cannot_be_is_refused_before_training(train: Train, tmp_path: Path, place: str) -> None:
    file = tmp_path / "taken"
    file.write_text("x")
    with pytest.raises(UsageError, match="taken"):
        train(model=file if place == "file" else file / "model")
    assert file.read_text() == "x"


def test_too_few_faces_are_counted(train: Train, facesets: dict[str, Path], tmp_path: Path) -> None:
    few = tmp_path / "few"
    shutil.copytree(facesets["identity_B"], few)
    for picture in sorted((few / "faces").iterdir())[3:]:
        picture.unlink()
    with pytest.raises(UsageError, match=r"few has 3 faces.* 4 "):
        train(facesets=facesets | {"identity_B": few})


def test_a_faceset_of_somebody_else_is_refused(train: Train, facesets: dict[str, Path]) -> None:
    a, b = facesets["performer_A"], facesets["identity_B"]
    with pytest.raises(RefusedError, match=r"holds the faces of \w+, not of"):
        train(facesets={"performer_A": b, "identity_B": a})


def test_facesets_of_different_landmark_models_are_not_mixed(
    train: Train, facesets: dict[str, Path], tmp_path: Path
) -> None:
    other = Path(shutil.copytree(facesets["identity_B"], tmp_path / "other"))
    info = other / "faceset.json"
    info.write_text(info.read_text().replace("facemesh478", "fan68"))
    with pytest.raises(UsageError, match="landmarks of the model fan68"):
        train(facesets=facesets | {"identity_B": other})
    train(iterations=1)
    assert load_checkpoint(list_checkpoints(tmp_path / "model")[-1]).info.landmark_model == "facemesh478"
    fan = {"identity_B": other}
    for name in facesets.keys() - fan.keys():
        folder = Path(shutil.copytree(facesets[name], tmp_path / name))
        (folder / "faceset.json").write_text((folder / "faceset.json").read_text().replace("facemesh478", "fan68"))
        fan[name] = folder
    with pytest.raises(UsageError, match="are of facemesh478"):
        train(facesets=fan, iterations=2)


def test_the_order_of_facesets_does_not_matter(train: Train, facesets: dict[str, Path], tmp_path: Path) -> None:
    train(iterations=1)
    train(facesets=dict(reversed(facesets.items())))
    stored = [load_checkpoint(folder).info.identities for folder in list_checkpoints(tmp_path / "model")]
    assert stored == [list(facesets)] * 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"preset": "quick64"}, "another architecture"),
        ({"settings": {"architecture.code": "64"}}, "another architecture"),
        ({"settings": {"nonsense": "1"}}, "no training setting nonsense"),
        ({"settings": {"batch_size": "0"}}, "batch_size=0"),
        ({"preset": "enormous"}, "no preset enormous"),
    ],
)
def test_wrong_wishes_leave_the_model_alone(train: Train, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    train(iterations=1)
    before = state_of(tmp_path)
    with pytest.raises(UsageError, match=words):
        train(**changes)
    assert state_of(tmp_path) == before


def test_a_damaged_checkpoint_is_named_and_the_one_before_serves(
    train: Train, tmp_path: Path, undisturbed: tuple[dict[str, str], Mapping[str, bytes]]
) -> None:
    settings, expected = undisturbed
    for _ in range(2):
        with pytest.raises(Cancelled):
            train(StopAfter(3), settings=settings)
    newest_folder = list_checkpoints(tmp_path / "model")[-1]
    file = newest_folder / "optimizer.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BackendError) as caught:
        train(settings=settings)
    assert str(file) in caught.value.message
    assert f"Delete {newest_folder}" in caught.value.fix
    shutil.rmtree(newest_folder)
    train(settings=settings)
    assert newest(tmp_path / "model") == expected
