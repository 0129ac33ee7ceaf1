"""Ways to pass by the gate while a model learns: whom its previews paint, and consent that ends meanwhile.

The table in docs/gate.md names the tests.
"""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml_backend.faces.alignment import FACE
from ml_backend.facesets.store import Faceset
from ml_backend.media.picture import read_picture
from ml_backend.progress import SilentReporter
from ml_backend.provenance import audit
from ml_backend.provenance.consent import find_record
from ml_backend.provenance.gate import Granted
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.record import ConsentRecord
from ml_backend.provenance.revocation import revoke
from ml_backend.requests import TrainRequest
from ml_backend.training.data import load_faces
from ml_backend.training.models.checkpoints import load_for_swap
from ml_backend.training.preview import preview_grid
from ml_backend.training.train import run_train

from .records import NOW, give

SIDE = 32  # of the tiny network
CPU = torch.device("cpu")
SOON = NOW + timedelta(days=7)


def faces_of(name: str, like: Path, to: Path) -> Path:
    """A copy of a faceset as that of `name`, of whom no record is known yet."""
    folder = Path(shutil.copytree(like, to / name))
    info = folder / "faceset.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"identity": name, "consent": None}))
    return folder


def preview(model: Path, facesets: dict[str, Path]) -> NDArray[np.uint8]:
    """The faces of the newest one, once these have learned for a step."""
    request = TrainRequest(model=model, facesets=facesets, preset="tiny", iterations=1, project="demo")
    run_train(request, SilentReporter())
    return np.asarray(read_picture(model / "previews" / "latest.png"))[:, -6 * SIDE :]


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    shutil.rmtree(copy / "previews")
    return copy


@pytest.fixture
def carl(facesets: dict[str, Path], home: Path, tmp_path: Path) -> dict[str, Path]:
    """Somebody who joins the model, and agrees to be painted."""
    give(home, "carl", project="demo")
    return {"carl": faces_of("carl", facesets["identity_B"], tmp_path)}


def test_previews_of_a_training_paint_nobody_without_a_record(model: Path, carl: dict[str, Path]) -> None:
    assert preview(model, carl).shape == (2 * SIDE, 6 * SIDE, 3), "their own faces, and these rebuilt"


def test_previews_of_a_training_paint_nobody_who_has_withdrawn(
    model: Path, demo_home: Path, carl: dict[str, Path]
) -> None:
    revoke(find_record("performer_A", None)[0], "just now")
    assert preview(model, carl).shape == (3 * SIDE, 6 * SIDE, 3)
    entered = [set(entry["people"]) for entry in audit.entries(audit_file()) if entry["action"] == "preview"]
    assert entered == [{"carl", "identity_B"}]


def test_previews_of_a_training_paint_nobody_else_of_the_same_name(
    model: Path, home: Path, carl: dict[str, Path]
) -> None:
    give(home, "performer_A", project="demo")
    assert preview(model, carl).shape == (2 * SIDE, 6 * SIDE, 3)


def test_who_agreed_to_be_learned_only_is_not_painted_as_another(
    home: Path, facesets: dict[str, Path], tmp_path: Path
) -> None:
    people = {name: faces_of(name, folder, tmp_path) for name, folder in facesets.items()}
    for name in people:
        give(home, name, project="demo", shots=("sc12_*",))
    assert preview(tmp_path / "both", people).shape == (2 * 3 * SIDE, 6 * SIDE, 3), "no shot is named, so none counts"
    give(home, "identity_B", project="demo", actions=("train",))
    assert preview(tmp_path / "one", people).shape == (2 * 2 * SIDE, 6 * SIDE, 3)


def test_previews_of_a_training_carry_the_slate_of_a_test(
    home: Path, tiny_model: Path, facesets: dict[str, Path]
) -> None:
    network = load_for_swap(tiny_model, CPU).network
    faces = {name: load_faces(Faceset.open(folder), SIDE, FACE.side, CPU) for name, folder in facesets.items()}

    def rows(**bases: str) -> NDArray[np.uint8]:
        records: dict[str, ConsentRecord] = {
            name: give(home, name, basis=basis, expires=SOON) for name, basis in bases.items()
        }
        return preview_grid(network, faces, Granted(records))[:, -6 * SIDE :].reshape(6, SIDE, 6 * SIDE, 3)

    plain = rows(performer_A="performer", identity_B="performer")
    slated = rows(performer_A="performer", identity_B="test")
    across = [2, 5]  # each is filmed, rebuilt, and as the other one
    assert [at for at in range(6) if not np.array_equal(plain[at], slated[at])] == across
    for at in across:
        assert slated[at].min() < 10, "the outline of the word"
