"""The gate: what it lets pass, and every reason to refuse, each from real files."""

import json
import shlex
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.atomic import write_json
from ml_backend.errors import BackendError, RefusedError, UsageError
from ml_backend.provenance.consent import ConsentRefused, read_record
from ml_backend.provenance.gate import Purpose, require
from ml_backend.provenance.keys import public_pem, signing_key, trust_key
from ml_backend.provenance.record import ConsentRecord, sign
from ml_backend.provenance.revocation import BESIDE_RECORDS, revoke

from .records import NOW, put, terms

DEMO = Path(__file__).parents[2] / "demo" / "consent"

Edit = Callable[[dict[str, Any]], None]


def require_consent(identity: str, action: Any, extra: Path | None, project: str = "film") -> ConsentRecord:
    return require([identity], Purpose(action, extra, project)).records[identity]


def refusal(identity: str = "Anna", action: Any = "swap", extra: Path | None = None) -> ConsentRefused:
    with pytest.raises(ConsentRefused) as caught:
        require_consent(identity, action, extra)
    error = caught.value
    assert error.exit_code == 3
    assert isinstance(error, RefusedError)
    assert identity in error.message
    assert "ml-backend consent" in error.fix
    command = error.fix[error.fix.index("ml-backend") :]
    assert shlex.split(command)[:2] == ["ml-backend", "consent"], "the line can be pasted"
    return error


def test_a_valid_record_passes_and_is_returned(home: Path) -> None:
    record = sign(terms(), signing_key())
    put(home, record)
    assert require_consent("Anna", "train", None) == record
    assert require_consent("Anna", "swap", None).sha256() == record.sha256()


def test_missing() -> None:
    error = refusal()
    assert error.reason == "missing"
    assert "ml-backend consent new Anna --basis performer" in error.fix


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b"x" * 100_000, b'{"version": 2}'])
def test_unreadable(home: Path, content: bytes) -> None:
    path = put(home, sign(terms(), signing_key()))
    path.write_bytes(content)
    assert refusal().reason == "unreadable"


def test_unreadable_because_it_is_a_folder_or_a_dangling_link(home: Path) -> None:
    (home / "consent" / "Anna.json").mkdir(parents=True)
    assert refusal().reason == "unreadable"
    (home / "consent" / "Anna.json").rmdir()
    (home / "consent" / "Anna.json").symlink_to(home / "nowhere")
    assert refusal().reason == "unreadable"


def test_expired_and_not_yet_valid(home: Path) -> None:
    put(home, sign(terms(expires=NOW - timedelta(seconds=1)), signing_key()))
    assert refusal().reason == "expired"
    put(home, sign(terms(valid_from=NOW + timedelta(days=1)), signing_key()))
    assert refusal().reason == "not-yet-valid"


def test_wrong_action(home: Path) -> None:
    put(home, sign(terms(actions=("swap",)), signing_key()))
    assert require_consent("Anna", "swap", None)
    error = refusal(action="train")
    assert error.reason == "wrong-action"
    assert "--actions swap,train" in error.fix


def test_revoked_also_in_another_folder_and_after_signing_the_same_again(home: Path, tmp_path: Path) -> None:
    agreed = terms()
    path = put(home, sign(agreed, signing_key()))
    revoke(sign(agreed, signing_key()), "she changed her mind")
    error = refusal()
    assert error.reason == "revoked"
    assert "she changed her mind" in error.message
    shutil.copytree(path.parent, tmp_path / "copy")
    assert refusal(extra=tmp_path / "copy").reason == "revoked"
    put(home, sign(terms(), signing_key()))
    assert require_consent("Anna", "swap", None), "a new agreement has a new nonce"


def revoked_beside(home: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A folder of records whose own list alone says that Anna's is revoked, as on another machine; and the record."""
    share = tmp_path / "share"
    share.mkdir()
    record = put(home, sign(terms(), signing_key())).rename(share / "Anna.json")
    sha256 = read_record(record, "Anna").sha256()
    write_json(
        share / BESIDE_RECORDS, [{"record_sha256": sha256, "identity": "Anna", "revoked": "2026-01-01T00:00:00Z"}]
    )
    assert refusal(extra=share).reason == "revoked"
    return share, record


def test_what_a_given_folder_revokes_is_revoked_in_the_users_own_folder_too(home: Path, tmp_path: Path) -> None:
    share, record = revoked_beside(home, tmp_path)
    shutil.copy(record, home / "consent" / "Anna.json")
    assert refusal(extra=share).reason == "revoked"
    assert refusal(extra=record).reason == "revoked"
    record.unlink()
    assert refusal(extra=share).reason == "revoked"


def test_a_link_to_a_record_is_revoked_by_the_list_beside_the_record(home: Path, tmp_path: Path) -> None:
    _, record = revoked_beside(home, tmp_path)
    links = tmp_path / "links"
    links.mkdir()
    (links / "Anna.json").symlink_to(record)
    assert refusal(extra=links).reason == "revoked"


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-01", "2026-01-01T00:00:00", "9999-99-99T00:00:00Z", ""])
def test_a_list_with_an_impossible_moment_is_a_damaged_one(home: Path, tmp_path: Path, moment: str) -> None:
    put(home, sign(terms(), signing_key()))
    write_json(tmp_path / BESIDE_RECORDS, [{"record_sha256": "a" * 64, "identity": "Other", "revoked": moment}])
    with pytest.raises(RefusedError, match="cannot be read"):
        require_consent("Anna", "swap", tmp_path)


def test_a_damaged_revocation_list_refuses_everything(home: Path) -> None:
    put(home, sign(terms(), signing_key()))
    (home / "keys" / "revoked.json").write_text("[{}]")
    with pytest.raises(RefusedError, match="revoked"):
        require_consent("Anna", "swap", None)


EDITS: dict[str, Edit] = {
    "project": lambda r: r.update(project="another film"),
    "expires": lambda r: r.update(expires=(NOW + timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%SZ")),
    "basis": lambda r: r.update(basis="estate"),
    "actions": lambda r: r["actions"].append("export-model"),
    "nonce": lambda r: r.update(nonce="0" * 32),
    "use": lambda r: r.update(use="scene 12 "),
    "witness": lambda r: r.update(witness="W"),
    "rider": lambda r: r.update(rider_sha256="0" * 64),
    "shots": lambda r: r.update(shots=["*", "x"]),
    "signature": lambda r: r["signature"].update(value="0" * 128),
    "key": lambda r: r["signature"].update(key="0" * 64),
    "other key": lambda r: r["signature"].update(
        key=Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    ),
}


@pytest.mark.parametrize("field", EDITS)
def test_altered(home: Path, field: str) -> None:
    path = put(home, sign(terms(), signing_key()))
    content = json.loads(path.read_text())
    EDITS[field](content)
    path.write_text(json.dumps(content))
    assert refusal().reason == "altered"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_of_any_byte_passes_unless_it_means_the_same(home: Path, data: st.DataObject) -> None:
    record = sign(terms(use="Szene zwölf"), signing_key())
    path = put(home, record)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        passed = require_consent("Anna", "swap", None)
    except ConsentRefused:
        return
    assert passed == record


def test_layout_of_the_file_does_not_matter(home: Path) -> None:
    record = sign(terms(), signing_key())
    path = put(home, record)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items())), ensure_ascii=True, separators=(" , ", " : ")))
    assert require_consent("Anna", "swap", None).sha256() == record.sha256()


def test_untrusted_until_the_key_is_trusted(home: Path, tmp_path: Path) -> None:
    production = Ed25519PrivateKey.generate()
    put(home, sign(terms(), production))
    error = refusal()
    assert error.reason == "untrusted"
    assert "ml-backend consent trust" in error.fix
    pem = tmp_path / "production.pem"
    pem.write_bytes(public_pem(production.public_key()))
    trust_key(pem)
    assert require_consent("Anna", "swap", None)
    next((home / "keys" / "trusted").glob("*.pem")).write_text("broken")
    assert "cannot be read" in refusal().message


def test_the_name_in_the_file_differs(home: Path) -> None:
    put(home, sign(terms(identity="Anna"), signing_key()), name="Berta")
    assert refusal("Berta").reason == "name-differs"


@pytest.mark.parametrize("name", ["", "../Anna", "a/b", "..", ".hidden", "a b", "x" * 65, "Ünal", "a\n", "a\0"])
def test_a_name_never_leads_elsewhere(home: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name"):
        require_consent(name, "swap", None)


def test_the_given_folder_counts_and_one_bad_record_does_not_hide_a_good_one(home: Path, tmp_path: Path) -> None:
    expired = sign(terms(expires=NOW - timedelta(hours=1)), signing_key())
    write_json(tmp_path / "extra" / "Anna.json", expired.model_dump(mode="json"))
    error = refusal(extra=tmp_path / "extra")
    assert error.reason == "expired"
    assert f'--out "{tmp_path / "extra"}"' in error.fix
    put(home, sign(terms(), signing_key()))
    assert require_consent("Anna", "swap", tmp_path / "extra")
    with pytest.raises(UsageError, match="no consent records at"):
        require_consent("Anna", "swap", tmp_path / "typo")


@pytest.mark.parametrize("identity", ["performer_A", "identity_B"])
def test_the_demo_records_pass_on_a_machine_without_keys(home: Path, identity: str) -> None:
    for action in ("train", "swap"):
        record = require_consent(identity, action, DEMO, "demo")
        assert record.basis == "synthetic"
        assert record.project == "demo"
    assert require_consent(identity, "swap", DEMO / f"{identity}.json", "demo")
    assert not home.exists(), "looking leaves nothing behind"


def test_the_demo_key_counts_for_synthetic_only(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Ed25519PrivateKey.generate()
    shipped = home / "package" / "demo_key.pem"
    shipped.parent.mkdir(parents=True)
    shipped.write_bytes(public_pem(other.public_key()))
    monkeypatch.setattr("ml_backend.provenance.keys.files", lambda package: shipped.parent)
    put(home, sign(terms(basis="synthetic"), other))
    assert require_consent("Anna", "swap", None)
    put(home, sign(terms(basis="performer"), other))
    error = refusal()
    assert error.reason == "untrusted"
    assert "synthetic" in error.message


@pytest.mark.parametrize(
    ("basis", "days", "fits"),
    [
        ("test", 14, True),
        ("test", 15, False),
        ("performer", 3653, True),
        ("performer", 3654, False),
        ("self", 0, False),
    ],
)
def test_how_long_a_record_may_last(basis: str, days: int, fits: bool) -> None:
    try:
        made = terms(basis=basis, valid_from=NOW, expires=NOW + timedelta(days=days))
    except ValueError:
        made = None
    assert (made is not None) == fits


def test_a_longer_record_than_allowed_is_refused_though_well_signed(home: Path) -> None:
    path = put(home, sign(terms(), signing_key()))
    content = json.loads(path.read_text())
    content["expires"] = "2099-01-01T00:00:00Z"
    path.write_text(json.dumps(content))
    assert refusal().reason == "unreadable"


def test_intimate_use_cannot_be_granted() -> None:
    with pytest.raises(ValueError, match="intimate"):
        terms(intimate=True)


def test_a_signing_key_that_others_can_read_signs_nothing(home: Path) -> None:
    signing_key()
    path = home / "keys" / "signing.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(BackendError, match="can be read by others"):
        signing_key()
