"""The record's form: what is signed stays what it was, and the published schema is the program's own."""

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ml_backend.cli import main
from ml_backend.provenance.consent import find_record, valid_record
from ml_backend.provenance.keys import public_pem, signing_key, trust_key
from ml_backend.provenance.record import ConsentRecord, canonical_json, sign, succeeds

from .records import terms

ROOT = Path(__file__).parents[2]
WORDS = ["--basis", "performer", "--project", "film", "--granted-by", "agent", "--use", "scene 12"]


@pytest.mark.parametrize("name", ["performer_A", "identity_B"])
def test_records_of_before_keep_their_bytes(name: str) -> None:
    content = json.loads((ROOT / "demo" / "consent" / f"{name}.json").read_text())
    record = ConsentRecord.model_validate_json(json.dumps(content))
    assert record.signature_holds()
    assert record.signed_bytes() == canonical_json({k: v for k, v in content.items() if k != "signature"})
    assert record.model_dump(mode="json") == content


def test_predecessors_are_signed(home: Path) -> None:
    first = sign(terms(), signing_key())
    second = sign(terms(replaces=(first.sha256(),)), signing_key())
    assert b"replaces" not in first.signed_bytes()
    assert first.sha256().encode() in second.signed_bytes()
    assert second.signature_holds()
    assert succeeds(second, first.sha256())
    assert succeeds(second, second.sha256())
    assert not succeeds(first, second.sha256())


def test_a_replaced_record_is_succeeded_with_all_before_it(home: Path) -> None:
    hashes = []
    for _ in range(3):
        assert main(["consent", "new", "Anna", *WORDS, *(["--replace"] if hashes else [])]) == 0
        hashes.append(find_record("Anna", None)[0].sha256())
    assert find_record("Anna", None)[0].replaces == (hashes[1], hashes[0])
    assert main(["consent", "new", "Anna", *WORDS, "--replace", "--succeeds", "no hash"]) == 2


def test_an_altered_record_has_no_successor(home: Path) -> None:
    assert main(["consent", "new", "Anna", *WORDS]) == 0
    path = home / "consent" / "Anna.json"
    path.write_text(path.read_text().replace("scene 12", "scene 13"))
    assert main(["consent", "new", "Anna", *WORDS, "--replace"]) == 0
    assert find_record("Anna", None)[0].replaces == ()


def test_the_published_schema_is_this_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Written by: ml-backend consent schema > docs/consent.schema.json"""
    assert main(["consent", "schema"]) == 0
    printed = capsys.readouterr().out
    assert (ROOT / "docs" / "consent.schema.json").read_text("utf-8") == printed
    schema = json.loads(printed)
    record = json.loads((ROOT / "demo" / "consent" / "identity_B.json").read_text())
    assert record.keys() <= schema["properties"].keys()
    assert set(schema["required"]) <= record.keys()
    assert schema["additionalProperties"] is False


def test_a_studio_signs_with_its_own_key(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studio = Ed25519PrivateKey.generate()
    pem, public = tmp_path / "studio.pem", tmp_path / "studio.pub.pem"
    pem.write_bytes(studio.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(public_pem(studio.public_key()))
    new = ["consent", "new", "Anna", *WORDS, "--key", str(pem)]
    pem.chmod(0o644)
    assert main(new) == 1
    assert "chmod 600" in capsys.readouterr().err
    pem.chmod(0o600)
    assert main(new) == 0
    assert "consent trust studio.pub.pem" in capsys.readouterr().out
    assert not (home / "keys").exists(), "no key of the user's own is needed"
    assert main(["consent", "check", "Anna"]) == 3
    trust_key(public)
    assert valid_record("Anna", "swap", None)[0].signature.key == studio.public_key().public_bytes_raw().hex()
    assert main(["consent", "new", "Ben", *WORDS, "--key", str(public)]) != 0
    assert main(["consent", "new", "Ben", *WORDS, "--key", str(tmp_path / "none.pem")]) == 2


def test_check_and_list_tell_project_shots_and_days(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["consent", "new", "Anna", *WORDS, "--shots", "sc12_*", "--days", "30"]) == 0
    check = ["consent", "check", "Anna", "--action", "swap"]
    assert main([*check, "--project", "film", "--shot", "sc12_010"]) == 0
    assert main([*check, "--project", "other"]) == 3
    assert main([*check, "--shot", "sc13_010"]) == 3
    capsys.readouterr()
    for command in (check, ["consent", "list"], ["consent", "show", "Anna"]):
        assert main(command) == 0
        shown = capsys.readouterr().out
        assert all(word in shown for word in ("film", "sc12_*", "29"))
    assert main(["consent", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["records"]
    assert (row["project"], row["shots"], row["days_left"]) == ("film", ["sc12_*"], 29)


def test_a_reference_picture_is_kept_at_home_only(home: Path) -> None:
    picture = ROOT / "demo" / "footage" / "identity_B_take1.mp4"
    still = home / "still.png"
    from ml_backend.media.source import open_source
    from ml_backend.media.write import write_rgb

    write_rgb(still, next(iter(open_source(picture, "3").frames())).image)
    assert main(["consent", "new", "Anna", *WORDS, "--reference", str(still)]) == 0
    record, path = find_record("Anna", None)
    kept = home / "references" / f"{record.sha256()}.json"
    assert len(json.loads(kept.read_text())["embedding"]) == 128
    assert kept.stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert "embedding" not in path.read_text()
    write_rgb(still, next(iter(open_source(picture, "3").frames())).image[:32, :32])
    assert main(["consent", "new", "Ben", *WORDS, "--reference", str(still)]) == 2
    assert not (home / "consent" / "Ben.json").exists()
