"""One signature for all pictures of a folder."""

import hashlib
from pathlib import Path

import pytest

from ml_backend.errors import BackendError
from ml_backend.provenance.credentials import is_signed, read_list, sign_sequence
from ml_backend.provenance.credentials.reading import read_detached
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE

from .conftest import FACTS


@pytest.fixture
def frames(tmp_path: Path) -> list[tuple[str, str]]:
    (tmp_path / "manifest.json").write_text("{}")
    return [(f"{n:06d}.png", hashlib.sha256(str(n).encode()).hexdigest()) for n in range(1, 200)]


def test_the_list_names_every_picture_and_is_signed_once(tmp_path: Path, frames: list[tuple[str, str]]) -> None:
    assert not is_signed(tmp_path, frames, FACTS, ["manifest.json"])
    sign_sequence(tmp_path, frames, FACTS, ["manifest.json"])
    listed = read_list(tmp_path)
    assert listed.frames == dict(frames)
    assert listed.others == {"manifest.json": hashlib.sha256(b"{}").hexdigest()}
    assert read_detached((tmp_path / LIST).read_bytes(), (tmp_path / SIGNATURE).read_bytes()).state == "valid"
    assert is_signed(tmp_path, frames, FACTS, ["manifest.json"])
    assert str(tmp_path) not in (tmp_path / LIST).read_text(), "it holds also where the folder was moved"


def test_any_change_has_to_be_signed_anew(tmp_path: Path, frames: list[tuple[str, str]]) -> None:
    sign_sequence(tmp_path, frames, FACTS, ["manifest.json"])
    assert not is_signed(tmp_path, frames[1:], FACTS, ["manifest.json"])
    (tmp_path / "manifest.json").write_text("{ }")
    assert not is_signed(tmp_path, frames, FACTS, ["manifest.json"])
    sign_sequence(tmp_path, frames, FACTS, ["manifest.json"])
    signature = (tmp_path / SIGNATURE).read_bytes()
    told = signature.index(b"audit_head")  # what the credential tells
    for name, places in ((LIST, range(0, 10_000, 250)), (SIGNATURE, range(told, told + 400, 10))):
        whole = (tmp_path / name).read_bytes()
        for at in places:
            (tmp_path / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert not is_signed(tmp_path, frames, FACTS, ["manifest.json"]), f"byte {at} of {name}"
        (tmp_path / name).write_bytes(whole)
    assert is_signed(tmp_path, frames, FACTS, ["manifest.json"])


@pytest.mark.parametrize("name", ["../manifest.json", "/etc/hostname", "a/b.png", ""])
def test_a_list_names_nothing_outside_its_folder(tmp_path: Path, frames: list[tuple[str, str]], name: str) -> None:
    sign_sequence(tmp_path, [*frames, (name, "0" * 64)], FACTS)
    with pytest.raises(BackendError, match="is no name of a file"):
        read_list(tmp_path)
