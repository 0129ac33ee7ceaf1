"""Ways to pass by the gate with models, facesets and functions that do the work, called as a Python caller would.

The table in docs/gate.md names the tests.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ml_backend.cli import main
from ml_backend.facesets.extract import run_extract
from ml_backend.facesets.merge import run_merge
from ml_backend.facesets.store import Faceset
from ml_backend.progress import SilentReporter
from ml_backend.provenance import audit
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.provenance.gate import Granted, check_bound
from ml_backend.provenance.home import audit_file
from ml_backend.requests import ExtractRequest, PreviewRequest, SwapRequest, TrainRequest
from ml_backend.swapping.permission import true_footage
from ml_backend.swapping.previews.previewer import Previewer
from ml_backend.swapping.swap import run_swap
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.models.export import export_model
from ml_backend.training.models.onnx_export import export_onnx
from ml_backend.training.train import run_train

from .asking import Listener, ask, reason
from .records import give

DEMO = Path(__file__).parents[2] / "demo"
CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("no_project_named")


# --- models and facesets that come from elsewhere ---------------------------------------------------------------------


def bound_reason(bound: dict[str, str], granted: Granted, identities: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConsentRefused) as caught:
        check_bound(bound, granted, identities)
    assert "--succeeds" in caught.value.fix
    return caught.value.reason


def test_a_model_of_another_person_of_the_same_name(home: Path) -> None:
    first = give(home, "Anna")
    check_bound({"Anna": first.sha256(), "Ben": "0" * 64}, ask())
    give(home, "Anna")
    assert bound_reason({"Anna": first.sha256()}, ask()) == "other-record"
    give(home, "Anna", replaces=(first.sha256(),))
    check_bound({"Anna": first.sha256()}, ask())


def test_a_model_that_says_nothing_of_consent(home: Path) -> None:
    give(home, "Anna")
    assert bound_reason({}, ask(), ("Anna", "Ben")) == "other-record"
    assert bound_reason({"Anna": ""}, ask(), ("Anna", "Ben")) == "other-record"


def copied(model: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    copy = Path(shutil.copytree(model, tmp_path / "model"))
    for folder in list_checkpoints(copy):
        info = json.loads((folder / "checkpoint.json").read_text())
        change(info)
        (folder / "checkpoint.json").write_text(json.dumps(info))
    return copy


def preview(model: Path, tmp_path: Path, **changes: Any) -> dict[str, Any]:
    request = {
        "plate": str(DEMO / "footage" / "plate_A.mp4"),
        "model": model,
        "identity": "identity_B",
        "frame": 2,
        "out": tmp_path / "shown.png",
        "project": "demo",
    }
    return Previewer(CPU).render(PreviewRequest(**request | changes))


def test_a_preview_called_from_python(tiny_model: Path, home: Path, tmp_path: Path) -> None:
    assert reason(lambda: preview(tiny_model, tmp_path)) == "missing"
    shutil.copytree(DEMO / "consent", home / "consent")
    assert reason(lambda: preview(tiny_model, tmp_path, project=None)) == "wrong-project"
    (home / "consent" / "performer_A.json").unlink()
    assert reason(lambda: preview(tiny_model, tmp_path)) == "missing"
    for faces, why in (("largest", "missing"), ("all", "performer-unknown")):
        assert reason(lambda: preview(tiny_model, tmp_path, settings={"faces": faces})) == why  # noqa: B023
    named = {"faces": "all", "performer": "performer_A,somebody"}
    assert reason(lambda: preview(tiny_model, tmp_path, settings=named)) == "missing"
    assert not (tmp_path / "shown.png").exists()


def swap(model: Path, tmp_path: Path, **changes: Any) -> dict[str, Any]:
    request = {
        "plate": str(DEMO / "footage" / "plate_A.mp4"),
        "model": model,
        "identity": "identity_B",
        "out": tmp_path / "swap",
        "frames": "3-4",
        "project": "demo",
    }
    return run_swap(SwapRequest(**request | changes), SilentReporter())


def test_a_piece_of_a_swap_called_from_python(tiny_model: Path, home: Path, tmp_path: Path) -> None:
    """What each worker of a farm calls, whatever range it has."""
    assert reason(lambda: swap(tiny_model, tmp_path)) == "missing"
    shutil.copytree(DEMO / "consent", home / "consent")
    assert reason(lambda: swap(tiny_model, tmp_path, project="another")) == "wrong-project"
    model = copied(tiny_model, tmp_path, lambda info: info["consent"].update(identity_B="1" * 64))
    assert reason(lambda: swap(model, tmp_path)) == "other-record"
    (home / "consent" / "performer_A.json").unlink()
    assert reason(lambda: swap(tiny_model, tmp_path)) == "missing"
    assert not (tmp_path / "swap").exists()


def test_a_plate_file_is_named_like_another_shot(tiny_model: Path, home: Path, tmp_path: Path) -> None:
    """The shot is what the plate file leads to, not how it is called."""
    shutil.copytree(DEMO / "consent", home / "consent")
    give(home, "performer_A", shots=("sc12_*",), project="demo")
    named = tmp_path / "sc12_010.json"
    named.write_text(json.dumps({"source": str(DEMO / "footage" / "plate_A.mp4")}))
    assert reason(lambda: preview(tiny_model, tmp_path, plate=str(named))) == "wrong-shot"
    assert true_footage(str(named)) == str(DEMO / "footage" / "plate_A.mp4")


def test_an_imported_model_is_previewed(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    model = copied(tiny_model, tmp_path, lambda info: info["consent"].update(identity_B="1" * 64))
    assert reason(lambda: preview(model, tmp_path)) == "other-record"
    shutil.rmtree(model)
    model = copied(tiny_model, tmp_path, lambda info: info["consent"].pop("performer_A"))
    assert reason(lambda: preview(model, tmp_path)) == "other-record"


def test_an_imported_model_goes_on_learning(
    tiny_model: Path, facesets: dict[str, Path], demo_home: Path, tmp_path: Path
) -> None:
    model = copied(tiny_model, tmp_path, lambda info: info["consent"].update(identity_B="1" * 64))
    request = TrainRequest(model=model, facesets=facesets, iterations=31, project="demo")
    assert reason(lambda: run_train(request, SilentReporter())) == "other-record"


def test_models_are_exported_from_python(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert reason(lambda: export_model(tiny_model, out / "a.safetensors", project="demo")) == "wrong-action"
    assert reason(lambda: export_onnx(tiny_model, "identity_B", out / "a.onnx", project="demo")) == "wrong-action"
    assert not out.exists()


def test_a_model_of_another_record_is_exported(tiny_model: Path, home: Path, tmp_path: Path) -> None:
    for name in ("performer_A", "identity_B"):
        give(home, name, actions=("export-model",))
    out = tmp_path / "a.safetensors"
    assert reason(lambda: export_model(tiny_model, out, project="film")) == "other-record"
    assert reason(lambda: export_onnx(tiny_model, "identity_B", tmp_path / "a.onnx", project="film")) == "other-record"


def train(facesets: dict[str, Path], model: Path, reporter: SilentReporter | None = None, **more: Any) -> Any:
    request = TrainRequest(model=model, facesets=facesets, preset="tiny", iterations=1, **{"project": "demo", **more})
    return run_train(request, reporter or SilentReporter())


def test_a_training_called_from_python(facesets: dict[str, Path], tmp_path: Path) -> None:
    assert reason(lambda: train(facesets, tmp_path / "model")) == "missing"
    assert not (tmp_path / "model").exists()


def test_the_faceset_of_somebody_is_given_another_name(
    facesets: dict[str, Path], demo_home: Path, tmp_path: Path
) -> None:
    give(demo_home, "Carl", project="demo")
    swapped = {"performer_A": facesets["identity_B"], "identity_B": facesets["performer_A"]}
    assert reason(lambda: train(swapped, tmp_path / "model")) == "renamed"
    named = {"performer_A": facesets["performer_A"], "Carl": facesets["identity_B"]}
    assert reason(lambda: train(named, tmp_path / "model")) == "renamed"


def test_faces_stored_under_the_record_of_another_person_of_the_same_name(
    facesets: dict[str, Path], home: Path, tmp_path: Path
) -> None:
    for name in facesets:
        give(home, name, project="demo")
    assert reason(lambda: train(facesets, tmp_path / "model")) == "other-record"
    faces = Path(shutil.copytree(facesets["identity_B"], tmp_path / "faces"))
    assert reason(lambda: extract(faces, identity="identity_B")) == "other-record"


def test_facesets_of_two_people_of_the_same_name_are_merged(
    demo_home: Path, facesets: dict[str, Path], tmp_path: Path
) -> None:
    """The merged one is bound to the records of both, and nobody's present record succeeds the other's."""
    other = Path(shutil.copytree(facesets["identity_B"], tmp_path / "other"))
    known = json.loads((other / "faceset.json").read_text())
    for consent in ("1" * 64, None):
        (other / "faceset.json").write_text(json.dumps(known | {"consent": consent}))
        merged = tmp_path / f"merged {consent}"
        run_merge([facesets["identity_B"], other], merged, SilentReporter())
        kept = Faceset.open(merged).info.consent
        assert kept is not None
        assert kept.split() == sorted(record for record in (known["consent"], consent) if record)
    both = {**facesets, "identity_B": tmp_path / f"merged {'1' * 64}"}
    assert reason(lambda: train(both, tmp_path / "model")) == "other-record"
    assert reason(lambda: extract(both["identity_B"], identity="identity_B")) == "other-record"


def test_faces_of_nobody_are_learned_as_somebodys(demo_home: Path, facesets: dict[str, Path], tmp_path: Path) -> None:
    faces = Path(shutil.copytree(facesets["identity_B"], tmp_path / "faces"))
    unnamed = json.loads((faces / "faceset.json").read_text()) | {"identity": None, "consent": None}
    (faces / "faceset.json").write_text(json.dumps(unnamed))
    assert reason(lambda: train({**facesets, "Dora": faces}, tmp_path / "model")) == "missing"


def test_the_pictures_of_a_faceset_are_exchanged(demo_home: Path, facesets: dict[str, Path], tmp_path: Path) -> None:
    """It is told and entered, and not refused: light, age or a mask can make anybody look like somebody else."""
    train(facesets, tmp_path / "model")  # what the two look like is known from here on
    one, other = (Path(shutil.copytree(facesets[name], tmp_path / name)) for name in ("performer_A", "identity_B"))
    description = (one / "faceset.json").read_bytes()
    shutil.rmtree(one)
    shutil.copytree(other, one)
    (one / "faceset.json").write_bytes(description)
    listener = Listener()
    train({"performer_A": one, "identity_B": other}, tmp_path / "model 2", listener)
    assert any("do not look like performer_A" in text for text in listener.messages)
    unlike = [entry for entry in audit.entries(audit_file()) if entry["action"] == "unlike"]
    assert [list(entry["people"]) for entry in unlike] == [["performer_A"]]
    assert main(["audit", "verify"]) == 0


def extract(faceset: Path, reporter: SilentReporter | None = None, **more: Any) -> dict[str, Any]:
    source = str(DEMO / "footage" / "identity_B_take1.mp4")
    request = {"sources": [source], "faceset": faceset, "frames": "1-4", "size": 96, "project": "demo"}
    return run_extract(ExtractRequest(**request | more), reporter or SilentReporter())


def test_faces_are_extracted_from_python(home: Path, tmp_path: Path) -> None:
    assert reason(lambda: extract(tmp_path / "faces", identity="identity_B")) == "missing"
    give(home, "identity_B", actions=("swap",), project="demo")
    assert reason(lambda: extract(tmp_path / "faces", identity="identity_B")) == "wrong-action"
    assert not (tmp_path / "faces").exists()


def test_more_faces_are_added_without_saying_whose(home: Path, facesets: dict[str, Path], tmp_path: Path) -> None:
    faces = Path(shutil.copytree(facesets["identity_B"], tmp_path / "faces"))
    assert reason(lambda: extract(faces)) == "missing"


def test_the_faces_of_somebody_else_are_extracted_under_the_name(demo_home: Path, tmp_path: Path) -> None:
    extract(tmp_path / "first", identity="identity_B")
    listener, other = Listener(), str(DEMO / "footage" / "plate_A.mp4")
    extract(tmp_path / "second", listener, identity="identity_B", sources=[other])
    assert any("do not look like identity_B" in text for text in listener.messages)
    actions = [entry["action"] for entry in audit.entries(audit_file())]
    assert actions == ["extract", "extract", "unlike"]


# --- the doors --------------------------------------------------------------------------------------------------------


def test_a_job_is_written_into_the_store(home: Path, facesets: dict[str, Path], tmp_path: Path) -> None:
    """The worker runs the same function: what is in the store has not passed any check before."""
    from ml_backend.jobs import JOB_KINDS

    asked = {"model": tmp_path / "model", "facesets": facesets, "preset": "tiny", "iterations": 1}
    kind = JOB_KINDS["train"]
    assert reason(lambda: kind.run(kind.request.model_validate(asked), SilentReporter())) == "missing"


def test_every_command_says_3(home: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plate = DEMO / "footage" / "plate_A.mp4"
    commands: list[tuple[Any, ...]] = [
        ("extract", plate, "--faceset", tmp_path / "faces", "--identity", "nobody"),
        ("preview", plate, "--model", tiny_model, "--identity", "nobody", "--frame", 1, "--out", tmp_path / "a.png"),
        ("model", "export", tiny_model, "--out", tmp_path / "a.safetensors"),
        ("model", "onnx", tiny_model, "--identity", "identity_B", "--out", tmp_path / "a.onnx"),
    ]
    for command in commands:
        assert main([str(word) for word in command]) == 3
        assert "ml-backend consent new" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [home]


def test_the_audit_cannot_be_written(home: Path, facesets: dict[str, Path], demo_home: Path, tmp_path: Path) -> None:
    """What cannot be entered is not done."""
    (home / "audit").write_text("a file where the folder should be")
    with pytest.raises(Exception, match="ML_BACKEND_AUDIT"):
        train(facesets, tmp_path / "model")
    assert not list(tmp_path.rglob("checkpoint.json"))
