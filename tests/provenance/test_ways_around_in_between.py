"""Ways to pass by the gate between what is checked and what is done, and by what is beside the work itself.

The table in docs/gate.md names the tests.
"""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch

from ml_backend.cli import main
from ml_backend.errors import Cancelled
from ml_backend.facesets.extract import run_extract
from ml_backend.progress import SilentReporter
from ml_backend.provenance import audit
from ml_backend.provenance.consent import ConsentRefused, find_record
from ml_backend.provenance.credentials import read
from ml_backend.provenance.gate import Purpose, require, require_still
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.revocation import revoke
from ml_backend.requests import ExtractRequest, PreviewRequest, SwapRequest, TrainMaskRequest, TrainRequest
from ml_backend.swapping.previews.previewer import Previewer
from ml_backend.swapping.swap import run_swap
from ml_backend.training.masks.train import run_train_mask
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.models.portraits import portraits_file
from ml_backend.training.train import run_train

from .asking import Listener, reason, set_clock
from .records import give

PLATE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"
WHOM = {"plate": str(PLATE), "identity": "identity_B", "project": "demo"}
PEOPLE = ("identity_B", "performer_A")


class Waiting(SilentReporter):
    """The time of everybody's consent ends as soon as the work has begun."""

    def __init__(self, stage: str, patch: pytest.MonkeyPatch) -> None:
        self._stage, self._patch = stage, patch

    def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
        if stage == self._stage:
            set_clock(self._patch, max(find_record(name, None)[0].expires for name in PEOPLE))


class Withdrawing(SilentReporter):
    """Somebody withdraws as soon as the work has begun."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
        if stage == self._stage:
            revoke(find_record("identity_B", None)[0], "just now")


def swap(model: Path, out: Path, reporter: SilentReporter) -> dict[str, Any]:
    return run_swap(SwapRequest.model_validate({**WHOM, "model": model, "out": out, "frames": "3-6"}), reporter)


def test_it_is_revoked_while_it_is_swapped(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    assert reason(lambda: swap(tiny_model, tmp_path / "swap", Withdrawing("swap"))) == "revoked"
    assert not list((tmp_path / "swap").glob("*.json")), "neither a manifest nor credentials"


def test_it_is_revoked_while_it_is_learned(facesets: dict[str, Path], demo_home: Path, tmp_path: Path) -> None:
    request = TrainRequest(model=tmp_path / "model", facesets=facesets, preset="tiny", iterations=2, project="demo")
    with pytest.raises(ConsentRefused, match="was revoked on"):
        run_train(request, Withdrawing("train"))
    assert not list(tmp_path.rglob("checkpoint.json"))


def test_it_runs_out_while_it_is_swapped(
    tiny_model: Path, demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reason(lambda: swap(tiny_model, tmp_path / "swap", Waiting("swap", monkeypatch))) == "expired"
    assert not list((tmp_path / "swap").glob("*.json")), "neither a manifest nor credentials"


def test_it_runs_out_while_it_is_learned(
    facesets: dict[str, Path], demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last checkpoint from before stays."""
    request = TrainRequest(model=tmp_path / "model", facesets=facesets, preset="tiny", iterations=1, project="demo")
    run_train(request, SilentReporter())
    more = request.model_copy(update={"iterations": 3})
    assert reason(lambda: run_train(more, Waiting("train", monkeypatch))) == "expired"
    assert [folder.name for folder in list_checkpoints(tmp_path / "model")] == ["00000001"]


def test_it_runs_out_and_was_renewed_meanwhile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that succeeds the one that ran out goes on; one that does not may be another person's."""
    first, purpose = give(home, "Anna"), Purpose("train", project="film")
    granted = require(["Anna"], purpose)
    later = {"expires": first.expires + timedelta(days=30)}
    give(home, "Anna", **later, replaces=(first.sha256(),))
    set_clock(monkeypatch, first.expires)
    require_still(granted, purpose)
    give(home, "Anna", **later)
    assert reason(lambda: require_still(granted, purpose)) == "other-record"


def test_portraits_are_exchanged_before_a_swap_and_a_preview(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    shutil.copy(portraits_file(model, "performer_A"), portraits_file(model, "identity_B"))
    shown = PreviewRequest.model_validate({**WHOM, "model": model, "frame": 3, "out": tmp_path / "a.png"})
    assert reason(lambda: swap(model, tmp_path / "swap", SilentReporter())) == "renamed"
    assert reason(lambda: Previewer(torch.device("cpu")).render(shown)) == "renamed"
    assert not (tmp_path / "swap").exists()
    assert not (tmp_path / "a.png").exists()


def test_a_film_is_made_of_previews(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    """It is no way around the credentials: each preview has one."""
    out = tmp_path / "a.png"
    request = PreviewRequest.model_validate({**WHOM, "model": tiny_model, "frame": 3, "out": out})
    Previewer(torch.device("cpu")).render(request)
    for file in (out, out.with_name("a.layer.png")):
        found = read(file)
        assert (found.state, found.generated) == ("valid", True)
        assert found.facts["people"].keys() == {"identity_B", "performer_A"}
        assert found.facts["plate_name"] == PLATE.name


def test_everybody_on_the_footage_is_extracted_under_one_name(
    demo_home: Path, facesets: dict[str, Path], tmp_path: Path
) -> None:
    """Half the faces are somebody else's: the middle of them all is still the person's own."""
    footage, listener = PLATE.parent, Listener()
    request = ExtractRequest(
        sources=[str(PLATE), str(footage / "identity_B_take1.mp4")],
        faceset=tmp_path / "faces",
        identity="performer_A",
        person="all",
        frames="1-6",
        size=96,
        project="demo",
    )
    run_extract(request, listener)
    assert any("holds 2 persons, with 6 and 6 faces" in text for text in listener.messages)
    last = list(audit.entries(audit_file()))[-1]
    assert (last["action"], last["facts"]["others"]) == ("unlike", 6)


def test_the_pictures_of_a_faceset_are_exchanged_and_nothing_else(
    facesets: dict[str, Path], demo_home: Path, tmp_path: Path
) -> None:
    """What is stored of each face still says whose it was."""
    copies = {name: Path(shutil.copytree(folder, tmp_path / name)) for name, folder in facesets.items()}
    pictures = {name: sorted((folder / "faces").glob("*.png")) for name, folder in copies.items()}
    for mine, other in zip(pictures["identity_B"], pictures["performer_A"], strict=True):
        shutil.copyfile(other, mine)
    listener = Listener()
    request = TrainRequest(model=tmp_path / "model", facesets=copies, preset="tiny", iterations=1, project="demo")
    run_train(request, listener)
    assert [text for text in listener.messages if "are not those that were stored as faces of identity_B" in text]
    unlike = [entry for entry in audit.entries(audit_file()) if entry["action"] == "unlike"]
    assert [list(entry["people"]) for entry in unlike] == [["identity_B"]]


def test_faces_of_who_withdrew_are_exported_or_teach_masks(
    facesets: dict[str, Path], demo_home: Path, tmp_path: Path
) -> None:
    faces, out = facesets["identity_B"], tmp_path / "faces.jsonl"
    assert main(["faceset", "export", str(faces), "--out", str(out)]) == 0
    last = list(audit.entries(audit_file()))[-1]
    assert (last["action"], list(last["people"])) == ("faceset export", ["identity_B"])
    out.unlink()
    revoke(find_record("identity_B", None)[0], "just now")
    request = TrainMaskRequest(model=tmp_path / "masks", facesets=[faces], settings={"unpainted": "seen"}, iterations=1)
    assert reason(lambda: run_train_mask(request, SilentReporter())) == "revoked"
    assert main(["faceset", "export", str(faces), "--out", str(out)]) == 3
    assert not (tmp_path / "masks").exists()
    assert not out.exists()


def test_a_warm_preview_goes_on_after_a_revocation(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    request = PreviewRequest.model_validate({**WHOM, "model": tiny_model, "frame": 3, "out": out})
    previewer = Previewer(torch.device("cpu"))
    previewer.render(request)
    out.unlink()
    revoke(find_record("performer_A", None)[0], "just now")
    assert reason(lambda: previewer.render(request)) == "revoked"
    assert not out.exists()


def test_a_rate_is_looked_for_with_somebodys_faces(facesets: dict[str, Path], demo_home: Path, tmp_path: Path) -> None:
    """Nothing is kept of it, but it is a use of their faces."""
    request = TrainRequest(model=tmp_path / "model", facesets=facesets, preset="tiny", find_rate=True, project="demo")

    class Stopping(SilentReporter):
        def stop_requested(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        run_train(request, Stopping())
    assert [entry["action"] for entry in audit.entries(audit_file())] == ["find rate"]
