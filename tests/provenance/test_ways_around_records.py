"""More ways to pass by the gate: copies of earlier records, clocks and dates, and texts that lie on a terminal.

The table in docs/gate.md names the tests.
"""

import json
import shutil
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from ml_backend.cli import main
from ml_backend.provenance import audit
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.references import find_reference, keep_reference
from ml_backend.provenance.revocation import read_revoked, revoke
from ml_backend.provenance.withdrawn import check_not_withdrawn

from .asking import ask, reason
from .records import NOW, give
from .test_ways_around import set_clock

pytestmark = pytest.mark.usefixtures("no_project_named")


# --- a copy of an earlier record --------------------------------------------------------------------------------------


def test_who_withdraws_withdraws_the_earlier_records_too(home: Path, tmp_path: Path) -> None:
    """Their files may lie on a share, in a backup or on another machine."""
    first = give(home, "Anna")
    copy = Path(shutil.copytree(home / "consent", tmp_path / "copy"))
    present = give(home, "Anna", replaces=(first.sha256(),))
    revoke(present, "withdrawn")
    assert reason(lambda: ask(consent=copy)) == "revoked"
    (home / "consent" / "Anna.json").unlink()
    assert reason(lambda: ask(consent=copy)) == "revoked"
    assert set(read_revoked().records) == {first.sha256(), present.sha256()}


def test_wider_terms_that_were_replaced_are_used_from_a_copy(home: Path, tmp_path: Path) -> None:
    wide = give(home, "Anna")
    copy = Path(shutil.copytree(home / "consent", tmp_path / "copy"))
    give(home, "Anna", replaces=(wide.sha256(),), shots=("sc12_*",))
    for consent in (copy, copy / "Anna.json"):
        assert reason(partial(ask, consent=consent, shot="sc13_010")) == "replaced"
    assert ask(consent=copy, shot="sc12_010").records["Anna"].shots == ("sc12_*",), "the newer one counts"


def test_the_record_of_another_project_is_no_earlier_one(home: Path, tmp_path: Path) -> None:
    """One folder holds one record of a person: that of the next film takes the place of the last one's."""
    last = give(home, "Anna")
    share = Path(shutil.copytree(home / "consent", tmp_path / "share"))
    give(home, "Anna", replaces=(last.sha256(),), project="next film")
    assert ask(consent=share).hashes() == {"Anna": last.sha256()}


def test_somebody_forges_that_a_record_was_replaced(home: Path, tmp_path: Path) -> None:
    record = give(home, "Anna")
    forged = record.model_dump(mode="json") | {"replaces": [record.sha256()]}
    (tmp_path / "Anna.json").write_text(json.dumps(forged))
    assert ask(consent=tmp_path).hashes() == {"Anna": record.sha256()}


def test_what_somebody_looked_like_is_forgotten_when_they_withdraw(home: Path) -> None:
    first = give(home, "Anna")
    keep_reference(first, [0.0] * 128, "a.png")
    present = give(home, "Anna", replaces=(first.sha256(),))
    assert find_reference(present) is not None
    assert main(["consent", "revoke", "Anna"]) == 0
    assert list((home / "references").iterdir()) == []


# --- the clock --------------------------------------------------------------------------------------------------------


def test_the_clock_is_set_back_and_a_new_audit_begun(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the way out for a clock that was wrong before, so it is not refused, but entered, and `verify` tells it."""
    give(home, "Anna", valid_from=NOW - timedelta(days=30), expires=NOW - timedelta(days=10))
    assert reason(ask) == "expired"
    set_clock(monkeypatch, NOW - timedelta(days=20))
    assert reason(ask) == "clock"
    assert main(["audit", "rotate", "--reason", "trick"]) == 0
    ask()
    capsys.readouterr()
    assert main(["audit", "verify"]) == 0
    told = capsys.readouterr().out
    assert f"the file before it ended at {NOW:%Y-%m-%d}" in told
    assert "the clock was changed" in told
    first = next(audit.entries(audit_file()))
    assert first["facts"]["until"] > first["time"]


def test_an_audit_that_is_only_set_aside_says_nothing_of_clocks(capsys: pytest.CaptureFixture[str]) -> None:
    audit.enter("train", {}, {})
    assert main(["audit", "rotate", "--reason", "a new film"]) == 0
    assert main(["audit", "verify"]) == 0
    assert "clock" not in capsys.readouterr().out


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-13-01T00:00:00Z"])
def test_a_date_that_no_calendar_has(home: Path, moment: str) -> None:
    """Also in a folder of records that is listed."""
    give(home, "Anna")
    path = home / "consent" / "Anna.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"expires": moment}))
    assert reason(ask) == "unreadable"
    assert main(["consent", "list"]) == 0


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_time_zone_of_the_machine_does_not_count(home: Path, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    if hasattr(time, "tzset"):
        time.tzset()
    try:
        give(home, "Anna", expires=NOW - timedelta(hours=1))
        assert reason(ask) == "expired"
        give(home, "Anna", valid_from=NOW + timedelta(hours=1))
        assert reason(ask) == "not-yet-valid"
    finally:
        monkeypatch.undo()
        if hasattr(time, "tzset"):
            time.tzset()


# --- texts that steer a terminal --------------------------------------------------------------------------------------

EVIL = "film\x1b[2J\x1b[1;1H\N{RIGHT-TO-LEFT OVERRIDE}\n  state: valid\r"


def test_what_a_record_says_does_not_steer_the_terminal(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = give(home, "Anna", project=EVIL, use=EVIL, granted_by=EVIL)
    audit.enter("train", {"Anna": record.sha256()}, {"model": EVIL})
    commands = (
        ["consent", "list"],
        ["consent", "show", "Anna"],
        ["consent", "check", "Anna"],
        ["consent", "check", "Anna", "--project", "film"],
        ["audit", "show"],
    )
    for command in commands:
        main(command)
        told = "".join(capsys.readouterr())
        assert "�" in told, command
        assert not set("\x1b\r\N{RIGHT-TO-LEFT OVERRIDE}") & set(told), command
        assert not any(line.startswith("  state: valid") for line in told.splitlines()), command


# --- what was made under it is asked for again ------------------------------------------------------------------------


def test_what_was_revoked_beside_the_records_of_a_share(home: Path, tmp_path: Path) -> None:
    """Somebody else withdrew it there: this machine's own list does not know."""
    share = tmp_path / "share"
    assert main(["consent", "new", "Anna", "--basis", "self", "--out", str(share)]) == 0
    made = ask(consent=share).hashes()
    assert main(["consent", "revoke", "Anna", "--consent", str(share)]) == 0
    (home / "keys" / "revoked.json").unlink()
    check_not_withdrawn(made)
    assert reason(lambda: check_not_withdrawn(made, share)) == "revoked"
    (home / "consent").mkdir()
    (home / "consent" / "Anna.json").symlink_to(share / "Anna.json")
    assert reason(lambda: check_not_withdrawn(made)) == "revoked"


def test_what_was_made_on_a_record_of_a_stolen_key(home: Path) -> None:
    made = {"Anna": give(home, "Anna").sha256()}
    check_not_withdrawn(made)
    assert main(["consent", "distrust", str(home / "keys" / "signing.pub.pem")]) == 0
    assert reason(lambda: check_not_withdrawn(made)) == "revoked"
