"""Ways to pass by the gate, by accident or by a simple trick, and that they lead nowhere.

docs has the table; each row names its test. The functions that do the work are called as a Python caller would.
"""

import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ml_backend.atomic import write_json
from ml_backend.cli import main
from ml_backend.errors import RefusedError, UsageError
from ml_backend.facesets.extract import run_extract
from ml_backend.progress import SilentReporter
from ml_backend.provenance import audit
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.provenance.gate import Granted, Purpose, check_bound, people_of_swap, require
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.keys import signing_key
from ml_backend.provenance.record import sign
from ml_backend.provenance.revocation import revoke, revoke_key
from ml_backend.requests import ExtractRequest, PreviewRequest, SwapRequest, TrainRequest
from ml_backend.swapping.previews.previewer import Previewer
from ml_backend.swapping.swap import run_swap
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.models.export import export_model
from ml_backend.training.models.onnx_export import export_onnx
from ml_backend.training.train import run_train

from .records import NOW, give, put, terms

DEMO = Path(__file__).parents[2] / "demo"
CPU = torch.device("cpu")


class Listener(SilentReporter):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture(autouse=True)
def _no_project_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ML_BACKEND_PROJECT", raising=False)
    monkeypatch.delenv("ML_BACKEND_SHOT", raising=False)


def reason(asked: Callable[[], Any]) -> str:
    """Why it is refused; the refusal has a mend, and is in the audit."""
    with pytest.raises(ConsentRefused) as caught:
        asked()
    assert caught.value.exit_code == 3
    assert len(caught.value.fix) > 20
    last = list(audit.entries(audit_file()))[-1]
    assert (last["action"], last["facts"]["reason"]) == ("refused", caught.value.reason)
    return caught.value.reason


def ask(*people: str, action: Any = "swap", **purpose: Any) -> Granted:
    return require(people or ["Anna"], Purpose(action, **{"project": "film", **purpose}))


# --- the record -------------------------------------------------------------------------------------------------------


def test_nobody_agreed() -> None:
    assert reason(ask) == "missing"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"expires": NOW - timedelta(seconds=1)}, "expired"),
        ({"valid_from": NOW + timedelta(hours=1)}, "not-yet-valid"),
        ({"actions": ("train",)}, "wrong-action"),
        ({"project": "the other film"}, "wrong-project"),
        ({"project": "Film"}, "wrong-project"),
        ({"project": "film 2"}, "wrong-project"),
        ({"shots": ("sc13_*",)}, "wrong-shot"),
        ({"shots": ("SC12_*",)}, "wrong-shot"),
        ({"shots": ("sc12",)}, "wrong-shot"),
    ],
)
def test_it_does_not_cover_this(home: Path, changes: dict[str, Any], why: str) -> None:
    give(home, "Anna", **changes)
    assert reason(lambda: ask(shot="sc12_010")) == why


def test_the_project_is_simply_not_said(home: Path) -> None:
    give(home, "Anna")
    assert reason(lambda: ask(project=None)) == "wrong-project"
    assert reason(lambda: ask(project="")) == "wrong-project"


def test_the_environment_names_project_and_shot(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(home, "Anna", shots=("sc12_*",))
    monkeypatch.setenv("ML_BACKEND_PROJECT", "film")
    monkeypatch.setenv("ML_BACKEND_SHOT", "sc12_010")
    assert ask(project=None)
    monkeypatch.setenv("ML_BACKEND_PROJECT", "another")
    assert reason(lambda: ask(project=None)) == "wrong-project"
    assert ask(project="film"), "what the request says goes before"


def test_the_shot_is_simply_not_said(home: Path) -> None:
    give(home, "Anna", shots=("sc12_*",))
    assert reason(ask) == "wrong-shot"
    assert reason(lambda: ask(action="swap", footage="/plates/sc13_010.####.exr")) == "wrong-shot"
    assert ask(footage="/plates/sc12_010.####.exr")
    assert ask(footage="/plates/sc12_010")
    assert ask(footage="/plates/sc12_010.mov")
    assert ask(action="train"), "what somebody is learned from is not the shot"
    assert reason(lambda: ask(action="train", shot="sc13_010")) == "wrong-shot"


EDITS: dict[str, dict[str, Any]] = {
    "a longer time": {"expires": (NOW + timedelta(days=300)).strftime("%Y-%m-%dT%H:%M:%SZ")},
    "another project": {"project": "another"},
    "more actions": {"actions": ["train", "swap", "export-model"]},
    "all shots": {"shots": ["*"]},
    "another basis": {"basis": "self"},
    "a predecessor": {"replaces": ["0" * 64]},
}


@pytest.mark.parametrize("edit", EDITS)
def test_the_record_is_edited(home: Path, edit: str) -> None:
    path = put(home, sign(terms(shots=("sc12_*",)), signing_key()))
    path.write_text(json.dumps(json.loads(path.read_text()) | EDITS[edit]))
    assert reason(lambda: ask(shot="sc12_010", project=EDITS[edit].get("project", "film"))) == "altered"


def test_the_record_of_somebody_else_is_copied(home: Path) -> None:
    give(home, "Anna")
    shutil.copyfile(home / "consent" / "Anna.json", home / "consent" / "Berta.json")
    assert reason(lambda: ask("Berta")) == "name-differs"
    path = home / "consent" / "Berta.json"
    path.write_text(path.read_text().replace('"Anna"', '"Berta"'))
    assert reason(lambda: ask("Berta")) == "altered"


def test_one_file_is_given_for_two_people(home: Path) -> None:
    give(home, "Anna")
    assert reason(lambda: ask("Anna", "Berta", consent=home / "consent" / "Anna.json")) == "name-differs"


def test_the_record_is_signed_with_a_key_made_for_it(home: Path) -> None:
    put(home, sign(terms(), Ed25519PrivateKey.generate()))
    assert reason(ask) == "untrusted"


def test_the_demo_records_are_used_for_another_person(home: Path) -> None:
    content = json.loads((DEMO / "consent" / "identity_B.json").read_text())
    write_json(home / "consent" / "Anna.json", content | {"identity": "Anna"})
    assert reason(lambda: ask(project="demo")) == "altered"


@pytest.mark.parametrize("name", ["../Anna", "/etc/passwd", "", "Anna/", "a" * 65])
def test_a_name_that_leads_elsewhere(name: str) -> None:
    with pytest.raises(UsageError):
        ask(name)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\x00" * 70_000])
def test_the_record_is_broken(home: Path, content: bytes) -> None:
    give(home, "Anna")
    (home / "consent" / "Anna.json").write_bytes(content)
    assert reason(ask) == "unreadable"


def test_a_test_lasts_two_weeks(home: Path) -> None:
    give(home, "Anna", basis="test", valid_from=NOW - timedelta(days=14, seconds=5), expires=NOW - timedelta(seconds=5))
    assert reason(ask) == "expired"
    with pytest.raises(ValueError, match="14 days"):
        terms(basis="test", valid_from=NOW, expires=NOW + timedelta(days=15))
    give(home, "Anna", basis="test", valid_from=NOW, expires=NOW + timedelta(days=14))
    assert ask().slate
    assert reason(lambda: ask(action="export-model")) == "wrong-action"


def test_for_intimate_pictures_there_is_no_record(home: Path) -> None:
    path = put(home, sign(terms(), signing_key()))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"intimate": True}))
    assert reason(ask) == "unreadable"


# --- revoked ----------------------------------------------------------------------------------------------------------


def test_a_revoked_record_is_used_from_elsewhere(home: Path, tmp_path: Path) -> None:
    record = give(home, "Anna")
    shutil.copytree(home / "consent", tmp_path / "copy")
    revoke(record, "withdrawn")
    (home / "consent" / "Anna.json").unlink()
    assert reason(lambda: ask(consent=tmp_path / "copy")) == "revoked"
    assert reason(lambda: ask(consent=tmp_path / "copy" / "Anna.json")) == "revoked"


def test_the_revocation_came_from_another_machine(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "share"
    new = ["consent", "new", "Anna", "--basis", "self", "--out", str(shared)]
    assert main(new) == 0
    assert ask(consent=shared)
    keys = shutil.copytree(home / "keys", tmp_path / "farm" / "keys")
    assert main(["consent", "revoke", "Anna", "--consent", str(shared)]) == 0
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "farm"))
    assert not (keys / "revoked.json").exists()
    assert reason(lambda: ask(consent=shared)) == "revoked"
    assert main(["consent", "list", "--consent", str(shared)]) == 0


def test_the_list_of_what_is_revoked_is_broken(home: Path) -> None:
    record = give(home, "Anna")
    revoke(record, "withdrawn")
    (home / "keys" / "revoked.json").write_text("")
    with pytest.raises(RefusedError, match="might be revoked"):
        ask()


def test_the_key_was_lost(home: Path) -> None:
    record = give(home, "Anna")
    revoke_key(record.signature.key, "stolen laptop")
    assert reason(ask) == "revoked-key"


def test_a_new_record_does_not_bring_back_what_was_revoked(home: Path) -> None:
    words = ["--basis", "performer", "--project", "film", "--granted-by", "agent", "--use", "scene"]
    assert main(["consent", "new", "Anna", *words]) == 0
    old = ask().hashes()
    assert main(["consent", "revoke", "Anna"]) == 0
    assert main(["consent", "new", "Anna", *words, "--replace"]) == 0
    with pytest.raises(ConsentRefused) as caught:
        check_bound(old, ask())
    assert caught.value.reason == "other-record"
    assert main(["consent", "new", "Anna", *words, "--replace", "--succeeds", old["Anna"]]) == 0
    check_bound(old, ask())


# --- the clock --------------------------------------------------------------------------------------------------------


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """What a changed system clock does to the parts that look at it."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls.fromtimestamp(moment.timestamp(), tz)

    for room in ("gate", "consent", "audit"):
        monkeypatch.setattr(f"ml_backend.provenance.{room}.datetime", Clock)


def test_the_clock_is_set_back_to_before_the_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(home, "Anna", valid_from=NOW - timedelta(days=30), expires=NOW - timedelta(days=10))
    assert reason(ask) == "expired"
    set_clock(monkeypatch, NOW - timedelta(days=20))
    assert reason(ask) == "clock"
    times = [entry["time"] for entry in audit.entries(audit_file())]
    assert times == sorted(times)


def test_the_clock_is_set_back_to_before_a_revocation(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    revoke(give(home, "Berta"), "withdrawn")
    give(home, "Anna", valid_from=NOW - timedelta(days=5))
    assert ask()
    set_clock(monkeypatch, NOW - timedelta(days=2))
    assert reason(ask) == "clock"


def test_the_audit_of_a_clock_that_ran_ahead_can_be_set_aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(home, "Anna")
    with monkeypatch.context() as ahead:
        set_clock(ahead, NOW + timedelta(days=20))
        audit.enter("train", {}, {})
    assert reason(ask) == "clock"
    assert main(["audit", "rotate", "--reason", "the clock of ws3 was wrong"]) == 0
    assert ask()
    assert main(["audit", "verify"]) == 0


# --- the people of a swap ---------------------------------------------------------------------------------------------


def test_the_performer_did_not_agree(home: Path) -> None:
    give(home, "Anna")
    assert reason(lambda: ask(*people_of_swap(["Anna", "Ben"], "Anna", None))) == "missing"
    give(home, "Ben")
    assert set(ask(*people_of_swap(["Anna", "Ben"], "Anna", None)).records) == {"Anna", "Ben"}


@pytest.mark.parametrize("known", [["Anna"], ["Anna", "Ben", "Carl"]])
def test_who_is_filmed_is_not_said(known: list[str]) -> None:
    with pytest.raises(ConsentRefused, match="--set performer=NAME") as caught:
        people_of_swap(known, "Anna", None)
    assert caught.value.reason == "performer-unknown"


def test_the_performer_is_said_to_be_somebody_unknown(home: Path) -> None:
    give(home, "Anna")
    assert reason(lambda: ask(*people_of_swap(["Anna"], "Anna", "stranger"))) == "missing"
    with pytest.raises(UsageError):
        ask(*people_of_swap(["Anna"], "Anna", "../Anna"))


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


@pytest.fixture
def demo_home(home: Path) -> Path:
    """The demo's records as the user's own."""
    shutil.copytree(DEMO / "consent", home / "consent")
    return home


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
    for faces in ("largest", "all"):
        assert reason(lambda: preview(tiny_model, tmp_path, settings={"faces": faces})) == "missing"  # noqa: B023
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


# --- the audit --------------------------------------------------------------------------------------------------------


def entered(count: int = 5) -> Path:
    for number in range(count):
        audit.enter("train", {"Anna": "0" * 64}, {"model": f"m{number}"})
    return audit_file()


def cut(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))


def forget_one(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))


def turn_round(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))


def rename(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"m2"', b'"mX"'))


def cut_with_its_head(path: Path) -> None:
    cut(path)
    path.with_name(path.name + ".head").unlink()


@pytest.mark.parametrize("trick", [cut, forget_one, turn_round, rename, cut_with_its_head, os.unlink])
def test_an_entry_is_taken_out_of_the_audit(trick: Callable[[Path], None], capsys: pytest.CaptureFixture[str]) -> None:
    path = entered()
    assert main(["audit", "verify"]) == 0
    trick(path)
    capsys.readouterr()
    assert main(["audit", "verify", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["bad_line"] == {forget_one: 3, turn_round: 2, rename: 3}.get(
        trick, 5 if trick is not os.unlink else 1
    )


def test_the_audit_cannot_be_written(home: Path, facesets: dict[str, Path], demo_home: Path, tmp_path: Path) -> None:
    """What cannot be entered is not done."""
    (home / "audit").write_text("a file where the folder should be")
    with pytest.raises(Exception, match="ML_BACKEND_AUDIT"):
        train(facesets, tmp_path / "model")
    assert not list(tmp_path.rglob("checkpoint.json"))


def test_names_of_the_audit_are_pseudonyms(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--basis", "performer", "--project", "film", "--granted-by", "Petra Muster", "--use", "the scene of Petra"]
    assert main(["consent", "new", "Anna", *words, "--witness", "Paul Muster"]) == 0
    assert ask()
    text = audit_file().read_text()
    assert "Anna" in text
    assert "Muster" not in text
    assert "Petra" not in text


def test_what_is_done_with_records_is_entered_too(home: Path) -> None:
    assert main(["consent", "new", "Anna", "--basis", "self"]) == 0
    assert main(["consent", "revoke", "Anna"]) == 0
    assert main(["consent", "trust", str(home / "keys" / "signing.pub.pem")]) == 0
    assert main(["consent", "distrust", str(home / "keys" / "signing.pub.pem")]) == 0
    actions = [entry["action"] for entry in audit.entries(audit_file())]
    assert actions == ["consent new", "consent revoke", "consent trust", "consent distrust"]
