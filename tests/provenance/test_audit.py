"""The audit: a chain that holds, is kept by many processes at once, and survives kills visibly."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ml_backend.cli import main
from ml_backend.errors import BackendError
from ml_backend.provenance import audit
from ml_backend.provenance.audit_verify import verify
from ml_backend.provenance.home import audit_file

ROOT = Path(__file__).parents[2]


def fill(count: int) -> list[str]:
    return [audit.enter("train", {"Anna": "a" * 64}, {"model": f"m{number}"}) for number in range(count)]


def test_entries_follow_one_another(home: Path) -> None:
    assert audit.head() == audit.BEGINNING
    assert verify(audit_file()).holds
    heads = fill(3)
    assert audit.head() == heads[-1]
    entries = list(audit.entries(audit_file()))
    assert [entry["n"] for entry in entries] == [1, 2, 3]
    assert [entry["previous"] for entry in entries] == [audit.BEGINNING, *heads[:2]]
    assert [entry["sha256"] for entry in entries] == heads
    verdict = verify(audit_file())
    assert (verdict.holds, verdict.entries, verdict.head) == (True, 3, heads[-1])
    assert audit_file().stat().st_mode & 0o077 == 0


def test_every_single_changed_byte_is_found(home: Path) -> None:
    fill(4)
    content = audit_file().read_bytes()
    ends = [n for n, byte in enumerate(content) if byte == ord("\n")]
    for place in range(0, len(content), 7):
        audit_file().write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        verdict = verify(audit_file())
        line = 1 + sum(end < place for end in ends)
        assert not verdict.holds, place
        assert verdict.bad_line in (line, line + 1), "the line, or where it has lost its end"
    audit_file().write_bytes(content)
    assert verify(audit_file()).holds


def test_many_processes_make_one_chain(home: Path) -> None:
    program = "import sys; from ml_backend.provenance import audit\n"
    program += "for n in range(10): audit.enter('train', {'P' + sys.argv[1]: ''}, {'n': n})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen([sys.executable, "-c", program, str(n)], env=environment) for n in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    verdict = verify(audit_file())
    assert (verdict.holds, verdict.entries, verdict.cut_short) == (True, 40, 0)


@pytest.mark.parametrize("keep", [1, 60, -2])
def test_a_line_that_a_kill_cut_short_stays_and_is_told(home: Path, keep: int) -> None:
    fill(2)
    head = audit.head_file(audit_file()).read_bytes()
    whole = audit_file().read_bytes()
    fill(1)
    line = audit_file().read_bytes()[len(whole) :]
    audit_file().write_bytes(whole + line[:keep])
    audit.head_file(audit_file()).write_bytes(head)
    assert verify(audit_file()).holds
    assert "cut short" in verify(audit_file()).what
    fill(1)
    assert line[:keep] in audit_file().read_bytes()
    actions = [entry["action"] for entry in audit.entries(audit_file())]
    assert actions[2:] == [audit.CUT_SHORT, "train"]
    verdict = verify(audit_file())
    assert (verdict.holds, verdict.cut_short) == (True, 1)


def test_only_the_end_of_the_line_is_missing(home: Path) -> None:
    fill(2)
    head = audit.head_file(audit_file()).read_bytes()
    fill(1)
    audit_file().write_bytes(audit_file().read_bytes()[:-1])
    audit.head_file(audit_file()).write_bytes(head)
    fill(1)
    verdict = verify(audit_file())
    assert (verdict.holds, verdict.entries, verdict.cut_short) == (True, 4, 0)


def test_a_kill_between_the_entry_and_the_head(home: Path) -> None:
    fill(2)
    before = audit.head_file(audit_file()).read_bytes()
    fill(1)
    audit.head_file(audit_file()).write_bytes(before)
    fill(1)
    assert (verify(audit_file()).holds, verify(audit_file()).entries) == (True, 4)


def test_a_kill_between_the_end_of_the_line_and_the_next_entry(home: Path) -> None:
    fill(2)
    with audit_file().open("ab") as file:
        file.write(b'{"action":"tr\n')
    fill(1)
    assert (verify(audit_file()).holds, verify(audit_file()).cut_short) == (True, 1)


def shorten(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def change_last(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"m2"', b'"m9"'))


@pytest.mark.parametrize("damage", [shorten, change_last, os.unlink])
def test_nothing_is_entered_after_a_damage_until_it_is_set_aside(
    home: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    heads = fill(3)
    damage(audit_file())
    with pytest.raises(BackendError, match=r"damaged.*audit rotate"):
        fill(1)
    assert main(["audit", "rotate", "--reason", "restored from nowhere", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["old"] is None) == (damage is os.unlink)
    first = next(audit.entries(audit_file()))
    assert (first["action"], first["facts"]["head"], first["facts"]["entries"]) == ("rotate", heads[-1], 3)
    fill(2)
    assert verify(audit_file()).holds
    assert main(["audit", "verify"]) == 0


def test_the_studios_share(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "share" / "film.jsonl"
    monkeypatch.setenv("ML_BACKEND_AUDIT", str(shared))
    fill(1)
    assert verify(shared).entries == 1
    assert not home.exists()


def test_the_studios_share_is_written_by_all_whom_the_umask_lets(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "share" / "film.jsonl"
    monkeypatch.setenv("ML_BACKEND_AUDIT", str(shared))
    before = os.umask(0o002)
    try:
        fill(1)
    finally:
        os.umask(before)
    files = [shared.parent, shared, audit.head_file(shared), shared.with_name("film.jsonl.lock")]
    assert [file.stat().st_mode & 0o060 for file in files if os.name != "nt"] == [0o060] * 4


def test_show(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(3)
    audit.enter("swap", {"Ben": "b" * 64}, {})
    capsys.readouterr()
    assert main(["audit", "show", "--name", "Ben", "--json"]) == 0
    assert [entry["n"] for entry in json.loads(capsys.readouterr().out)["entries"]] == [4]
    assert main(["audit", "show", "--last", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["audit", "verify", "--file", str(home / "nowhere")]) == 2


def test_a_folder_that_cannot_be_written(home: Path) -> None:
    home.mkdir()
    (home / "audit").write_text("")
    with pytest.raises(BackendError, match="ML_BACKEND_AUDIT"):
        fill(1)


@pytest.mark.parametrize("length", [100_000, 1_100_000])
def test_a_long_entry_hides_neither_the_time_nor_the_head(home: Path, length: int) -> None:
    newest = audit.enter("refused", {"Anna": ""}, {"shot": "x" * length})
    assert audit.head() == newest
    assert audit.newest_time() is not None, "the clock is compared with it"
    audit.enter("swap", {}, {})
    assert verify(audit_file()).entries == 2


def test_a_name_that_is_not_unicode_is_spelt_out(home: Path) -> None:
    audit.enter("swap", {}, {"plate": os.fsdecode(b"shot\xff")})
    assert next(audit.entries(audit_file()))["facts"]["plate"] == "shot\\udcff"
    assert verify(audit_file()).holds


BAD: dict[str, object] = {"time": "yesterday", "people": 5, "facts": {"a": float("nan")}, "action": "\ud800", "n": "2"}


@pytest.mark.parametrize("field", BAD)
def test_a_forged_line_of_another_form_is_found_and_breaks_nothing(home: Path, field: str) -> None:
    audit.enter("swap", {}, {})
    good = next(audit.entries(audit_file()))
    with audit_file().open("a") as file:
        file.write(json.dumps(good | {field: BAD[field]}) + "\n" + json.dumps(good) + "\n")
    assert verify(audit_file()).bad_line == 2
    with pytest.raises(BackendError, match="damaged: line 2"):
        audit.enter("swap", {}, {})
    assert audit.newest_time() == good["time"]


@pytest.mark.parametrize("head", ['{"lines": "x", "size": "y", "n": 1}', '{"size": -5}', "[]", "null", "[" * 9999, ""])
def test_a_head_of_another_form_is_a_damage(home: Path, head: str) -> None:
    audit.enter("swap", {}, {})
    audit.head_file(audit_file()).write_text(head)
    assert not verify(audit_file()).holds
    with pytest.raises(BackendError, match="is damaged"):
        audit.enter("swap", {}, {})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_what_keeps_nothing_is_no_audit(home: Path) -> None:
    audit_file().parent.mkdir(parents=True)
    os.mkfifo(audit_file())
    for act in (lambda: audit.enter("swap", {}, {}), lambda: audit.rotate("why")):
        with pytest.raises(BackendError, match="is no file"):
            act()
