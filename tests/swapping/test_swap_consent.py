"""What a swap asks of the people in it, and what it says of them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_backend.cli import main
from ml_backend.errors import RefusedError
from ml_backend.swapping.manifest import read_manifest

Swap = Callable[..., dict[str, Any]]


def pictures(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.png")}


def test_without_consent_nothing_is_written(swap: Swap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    with pytest.raises(RefusedError, match="ml-backend consent new identity_B"):
        swap(consent=None)
    assert not (tmp_path / "swap").exists()


def new_record(consent: Path, folder: Path, basis: str, succeeds: str) -> None:
    """A record of identity_B in `folder`, beside that of the demo's performer."""
    folder.mkdir()
    shutil.copy(consent / "performer_A.json", folder)
    asked = [
        "consent",
        "new",
        "identity_B",
        "--basis",
        basis,
        "--project",
        "demo",
        "--granted-by",
        "n",
        "--use",
        "test",
    ]
    assert main([*asked, "--succeeds", succeeds, "--out", str(folder)]) == 0


def test_a_replaced_record_of_consent_reaches_the_manifest(
    swap: Swap, consent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swap()
    before = read_manifest(tmp_path / "swap").consent
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    new_record(consent, tmp_path / "records", "synthetic", before.record_sha256)
    assert swap(consent=tmp_path / "records")["frames_made"] == 0
    now = read_manifest(tmp_path / "swap").consent
    assert now.record_sha256 != before.record_sha256
    assert now.people == {"identity_B": now.record_sha256, "performer_A": before.people["performer_A"]}


def test_a_person_who_may_be_tried_only_is_marked(
    swap: Swap, consent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swap()
    before, plain = read_manifest(tmp_path / "swap").consent, pictures(tmp_path / "swap")
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    new_record(consent, tmp_path / "records", "test", before.record_sha256)
    assert swap(consent=tmp_path / "records")["frames_made"] == 3
    marked = pictures(tmp_path / "swap")
    assert all(marked[name] != plain[name] for name in plain)


def test_the_person_who_is_filmed_must_agree_too(swap: Swap, consent: Path, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    shutil.copy(consent / "identity_B.json", tmp_path / "records")
    with pytest.raises(RefusedError, match="no consent record for performer_A"):
        swap(consent=tmp_path / "records")
    assert not (tmp_path / "swap").exists()
