"""Consent as the panel shows it: states in words, arguments of a new record, records that are attached."""

import json
from pathlib import Path

import pytest

from blender_deepfake.core import consent_records
from blender_deepfake.core.errors import UsageError

DEMO = Path(__file__).parents[2] / "demo" / "consent" / "identity_B.json"


def answer(project: str = "film") -> dict[str, object]:
    record = {"basis": "performer", "project": project, "expires": "2030-01-02T00:00:00Z"}
    return {"valid": True, "path": "/r/anna.json", "record": record}


def test_states() -> None:
    assert consent_records.of_answer(answer(), "film").text == "Consent valid until 2030-01-02 (performer)"
    assert consent_records.of_answer(answer(project="unnamed")).valid
    other = consent_records.of_answer(answer())
    assert (other.state, other.valid) == ("no-project", False)
    assert "film" in other.text
    assert "film" in other.fix
    refused = {"valid": False, "error": {"code": "revoked", "message": "It was revoked.", "fix": "Ask again."}}
    state = consent_records.of_answer(refused)
    assert (state.state, state.text, state.detail, state.fix) == (
        "revoked",
        "Consent was revoked",
        "It was revoked.",
        "Ask again.",
    )
    assert consent_records.of_answer({"valid": False, "error": {"code": "new-rule"}}).text == "New rule"
    assert not consent_records.of_answer({}).valid


def test_check_arguments() -> None:
    assert consent_records.check_arguments("anna", Path("/c"), "x")[-3:] == ["--consent", "/c", "--project=x"]


def test_attach(tmp_path: Path) -> None:
    renamed = tmp_path / "from production.json"
    renamed.write_bytes(DEMO.read_bytes())
    assert consent_records.attach(renamed, tmp_path / "consent") == "identity_B"
    kept = tmp_path / "consent" / "identity_B.json"
    assert kept.read_bytes() == DEMO.read_bytes(), "not a byte may change: it is signed"
    assert consent_records.attach(kept, tmp_path / "consent") == "identity_B"
    for content in ("", "[]", '{"identity": "a"}', json.dumps({"identity": "../a", "signature": 1}), "x" * 70000):
        renamed.write_text(content)
        with pytest.raises(UsageError, match="no consent record"):
            consent_records.attach(renamed, tmp_path / "consent")
    assert [file.name for file in (tmp_path / "consent").iterdir()] == ["identity_B.json"]
