"""One identity as ONNX: it computes the same without torch, and says whose face it is."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from ml_backend.cli import main
from ml_backend.errors import BackendError, UsageError
from ml_backend.provenance.consent import ConsentRefused, valid_record
from ml_backend.training.models import onnx_export
from ml_backend.training.models.checkpoints import load_for_swap
from ml_backend.training.models.export import sample_faces
from ml_backend.training.models.onnx_export import export_onnx

from .swap_models import save_model

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    assert main(["consent", "new", "ben", "--basis", "self", "--actions", "train,swap,export-model"]) == 0
    assert main(["consent", "new", "carl", "--basis", "self"]) == 0


def check(tmp_path: Path, **architecture: object) -> None:
    model, out = tmp_path / "model", tmp_path / "ben.onnx"
    save_model(model, 7, ("anna", "ben"), **architecture)  # type: ignore[arg-type]
    result = export_onnx(model, "ben", out)
    assert result["difference"] < 1e-4
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    whole = load_for_swap(model, CPU)
    for count in (1, 5):
        faces = sample_faces(whole.network.side, count)
        made = session.run(["face", "mask"], {"faces": faces.numpy()})
        with torch.no_grad():
            expected = whole.network.swap(faces, "ben")
        assert all(np.abs(a - b.numpy()).max() < 1e-4 for a, b in zip(made, expected, strict=True))
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["identity"] == "ben"
    assert properties["consent_sha256"] == valid_record("ben", None, None)[0].sha256()
    assert (properties["framing"], properties["checkpoint"]) == (whole.info.framing, "00000007")
    assert b"anna" not in out.read_bytes()
    assert out.stat().st_size == result["bytes"]
    assert {file.name for file in tmp_path.iterdir()} == {"model", "home", "ben.onnx"}


def test_it_paints_as_the_model_does(tmp_path: Path) -> None:
    check(tmp_path)


@pytest.mark.slow
def test_one_that_paints_otherwise_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(tmp_path / "model", 7, ("anna", "ben"))
    monkeypatch.setattr(onnx_export, "TOLERANCE", 0.0)
    with pytest.raises(BackendError, match="differ from torch's"):
        export_onnx(tmp_path / "model", "ben", tmp_path / "ben.onnx")
    assert not (tmp_path / "ben.onnx").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture",
    [
        {"family": "liae", "subpixel": True, "subpixel_heads": True, "mask_channels": 4},
        {"family": "progressive", "side": 12.0},
        {"family": "classic"},
        {"deep": True, "unit_code": False},
    ],
    ids=["liae", "progressive", "classic", "deep"],
)
def test_every_family_can_be_exported(tmp_path: Path, architecture: dict[str, object]) -> None:
    check(tmp_path, **architecture)


def test_what_is_not_allowed_or_not_there_is_told(tmp_path: Path) -> None:
    save_model(tmp_path / "model")
    with pytest.raises(ConsentRefused, match=r"carl allows .*not export-model"):
        export_onnx(tmp_path / "model", "carl", tmp_path / "a.onnx")
    with pytest.raises(UsageError, match="does not know dora"):
        export_onnx(tmp_path / "model", "dora", tmp_path / "a.onnx")
    with pytest.raises(UsageError, match=r"Name it a\.onnx"):
        export_onnx(tmp_path / "model", "ben", tmp_path / "a.pb")
    assert not (tmp_path / "a.onnx").exists()
