"""Ways to pass by the gate, by accident or by a simple trick, and that they lead nowhere.

docs has the table; each row names its test. The functions that do the work are called as a Python caller would.
"""

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ml_backend.atomic import write_json
from ml_backend.cli import main
from ml_backend.errors import RefusedError, UsageError
from ml_backend.media.picture import FLOAT_SUFFIXES, PICTURE_SUFFIXES
from ml_backend.provenance import audit
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.provenance.gate import check_bound, check_crowd, people_of_swap
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.keys import signing_key
from ml_backend.provenance.record import sign
from ml_backend.provenance.revocation import revoke, revoke_key
from ml_backend.provenance.shot_name import PICTURES

from .asking import ask, reason, set_clock
from .records import NOW, give, put, terms

DEMO = Path(__file__).parents[2] / "demo"
CPU = torch.device("cpu")


pytestmark = pytest.mark.usefixtures("no_project_named")


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


def test_the_shot_is_the_whole_name_of_the_footage(home: Path, tmp_path: Path) -> None:
    """An ending that no footage has, and whatever a folder is called, is a part of the name."""
    give(home, "Anna", shots=("sc12_010",))
    for name in ("sc12_010.sc99_secret", "sc12_010.mov", "sc12.010"):
        (tmp_path / name).mkdir()
    assert reason(lambda: ask(footage=f"{tmp_path}/sc12_010.sc99_secret/")) == "wrong-shot"
    assert reason(lambda: ask(footage=f"{tmp_path}/sc12_010.mov")) == "wrong-shot", "it is a folder"
    assert reason(lambda: ask(footage="/plates/sc12_010.sc99_secret")) == "wrong-shot"
    assert reason(lambda: ask(footage="/plates/sc12_010.0001.mov")) == "wrong-shot", "a movie has no number"
    assert ask(footage="/plates/sc12_010.MOV")
    assert ask(footage="/plates/sc12_010.####")
    assert ask(footage="/plates/sc12_010.%04d.exr")
    assert ask(footage="/plates/sc12_010.0001.png")
    assert reason(lambda: ask(footage="/plates/sc12_010_0001.png")) == "wrong-shot"
    give(home, "Anna", shots=("sc12.*",))
    assert ask(footage=str(tmp_path / "sc12.010"))


def test_pictures_of_every_kind_that_is_read_have_a_known_ending() -> None:
    assert PICTURE_SUFFIXES | FLOAT_SUFFIXES == PICTURES


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


@pytest.mark.parametrize("named", [None, "", " , "])
def test_everybody_is_changed_and_nobody_named(named: str | None) -> None:
    """Also where the model knows one other person: who else is on the plate it cannot know."""
    with pytest.raises(ConsentRefused, match="--set performer=NAME,NAME") as caught:
        people_of_swap(["Anna", "Ben"], "Anna", named, everybody=True)
    assert caught.value.reason == "performer-unknown"


def test_everybody_who_is_named_must_have_agreed(home: Path) -> None:
    give(home, "Anna")
    give(home, "Ben")
    assert reason(lambda: ask(*people_of_swap(["Anna"], "Anna", "Ben, Carl", everybody=True))) == "missing"
    give(home, "Carl")
    assert set(ask(*people_of_swap(["Anna"], "Anna", "Ben,Carl", everybody=True)).records) == {"Anna", "Ben", "Carl"}


def test_more_faces_than_people_were_named() -> None:
    check_crowd("Ben,Carl", 2, 7)
    with pytest.raises(ConsentRefused, match="Frame 7 shows 3 faces") as caught:
        check_crowd("Ben, Carl,Ben", 3, 7)
    assert caught.value.reason == "performer-unknown"


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
