"""`ml-backend consent …` as the command line runs it, each call in its own process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = """
import argparse, sys
from ml_backend.errors import BackendError
from ml_backend.provenance.commands import add_consent_parser
parser = argparse.ArgumentParser()
add_consent_parser(parser.add_subparsers())
args = parser.parse_args()
try:
    sys.exit(args.handler(args))
except BackendError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROGRAM, "consent", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment)


def run(*arguments: str) -> tuple[int, str, str]:
    process = start(*arguments)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def as_json(*arguments: str, code: int = 0) -> dict[str, Any]:
    ended, out, err = run(*arguments, "--json")
    assert ended == code, err
    value: dict[str, Any] = json.loads(out.splitlines()[-1])
    return value


def test_new_show_check_list_revoke(home: Path) -> None:
    made = as_json("new", "Anna", "--basis", "performer", "--project", "film", "--granted-by", "the agent of Ä",
                   "--use", "scene 12", "--days", "30", "--shots", "sc12_*,sc13_*")  # fmt: skip
    assert made["path"] == str(home / "consent" / "Anna.json")
    assert made["record"]["actions"] == ["swap", "train"]
    assert made["record"]["shots"] == ["sc12_*", "sc13_*"]
    assert made["record"]["intimate"] is False
    assert (home / "keys" / "signing.pem").stat().st_mode & 0o777 == 0o600
    assert as_json("check", "Anna", "--action", "train")["valid"] is True
    assert as_json("check", "Anna", "--action", "export-model", code=3)["error"]["code"] == "wrong-action"
    assert as_json("show", "Anna")["sha256"] == made["sha256"]
    assert "the agent of Ä" in run("show", "Anna")[1]
    assert [row["state"] for row in as_json("list")["records"]] == ["valid"]
    revoked = as_json("revoke", "Anna", "--reason", "withdrawn")
    assert revoked["revocation"]["record_sha256"] == made["sha256"]
    assert as_json("check", "Anna", code=3)["error"]["code"] == "revoked"
    code, _, err = run("check", "Anna")
    assert code == 3
    assert "withdrawn" in err
    assert [row["state"] for row in as_json("list")["records"]] == ["revoked"]


def test_the_line_of_a_refusal_mends_it() -> None:
    error = as_json("check", "Anna", code=3)["error"]
    assert error["code"] == "missing"
    line = error["fix"].removeprefix("If consent was given, make one: ").partition(" (other")[0]
    folder = subprocess.run(["sh", "-c", f'printf "%s\\n" {line}'], capture_output=True, text=True, check=True)
    assert run(*folder.stdout.splitlines()[2:])[0] == 0
    assert as_json("check", "Anna")["valid"] is True
    code, _, err = run(*folder.stdout.splitlines()[2:])
    assert code == 2
    assert "--replace" in err
    assert run(*folder.stdout.splitlines()[2:], "--replace")[0] == 0


@pytest.mark.parametrize("basis", ["synthetic", "self", "test"])
def test_a_basis_that_needs_nobody_else_needs_no_more_words(basis: str) -> None:
    record = as_json("new", "B", "--basis", basis)["record"]
    assert record["basis"] == basis
    assert as_json("check", "B", "--action", "swap")["valid"] is True


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("A", "--basis", "performer"), "--granted-by"),
        (("A", "--basis", "test", "--days", "15"), "14 days"),
        (("A", "--basis", "self", "--days", "0"), "3653 days"),
        (("A", "--basis", "self", "--actions", "dance"), "actions"),
        (("A", "--basis", "self", "--actions", ","), "actions"),
        (("A", "--basis", "test", "--actions", "export-model"), "export-model"),
        (("../A", "--basis", "self"), "../A"),
        (("A", "--basis", "self", "--rider", "nowhere.pdf"), "nowhere.pdf"),
        (("A", "--basis", "friend"), "friend"),
        (("A", "--basis", "performer", "--project", "unnamed", "--granted-by", "x", "--use", "y"), "every project"),
        (("A", "--basis", "performer", "--project", " ", "--granted-by", "x", "--use", "y"), "--project"),
    ],
)
def test_wrong_usage(home: Path, arguments: tuple[str, ...], word: str) -> None:
    code, _, err = run("new", *arguments)
    assert code == 2
    assert word in err
    assert "Traceback" not in err
    assert not (home / "consent").exists()


def test_a_record_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = run("new", "A", "--basis", "self", "--out", str(tmp_path / "file"))
    assert (code, "Traceback" in err) == (2, False)
    assert "cannot be written" in err


def test_listing_a_folder_that_is_not_there_is_no_empty_list(tmp_path: Path) -> None:
    code, _, err = run("list", "--consent", str(tmp_path / "nowhere"))
    assert code == 2
    assert "nowhere" in err


def test_a_rider_is_kept_as_its_hash_only(tmp_path: Path) -> None:
    rider = tmp_path / "signed.pdf"
    rider.write_bytes(b"abc")
    made = as_json("new", "A", "--basis", "self", "--rider", str(rider), "--out", str(tmp_path / "records"))
    assert made["record"]["rider_sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert made["path"] == str(tmp_path / "records" / "A.json")
    assert as_json("check", "A", "--consent", str(tmp_path / "records"))["valid"] is True


def test_records_of_another_machine_count_once_its_key_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = str(tmp_path / "records")
    as_json("new", "A", "--basis", "self", "--out", records)
    public = Path(os.environ["ML_BACKEND_HOME"]) / "keys" / "signing.pub.pem"
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "other machine"))
    assert as_json("check", "A", "--consent", records, code=3)["error"]["code"] == "untrusted"
    code, _, err = run("trust", str(public.with_name("signing.pem")))
    assert code == 2
    assert "private" in err
    trusted = as_json("trust", str(public))
    assert Path(trusted["path"]).is_file()
    assert as_json("check", "A", "--consent", records)["valid"] is True


def test_first_use_by_many_at_once_makes_one_key(home: Path) -> None:
    processes = [start("new", f"N{number}", "--basis", "self") for number in range(4)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert [row["state"] for row in as_json("list")["records"]] == ["valid"] * 4
    assert sorted(path.name for path in (home / "keys").iterdir()) == ["signing.pem", "signing.pub.pem"]
