"""Every kind of file, signed and read by the library's own reader."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import c2pa
import pytest

from ml_backend.errors import BackendError
from ml_backend.provenance.credentials import read, sign_file, sign_sidecar
from ml_backend.provenance.credentials.files import EMBEDDED, sidecar_of

from .conftest import FACTS

KINDS = (".png", ".jpg", ".tif", ".mp4", ".mov")
MakeFile = Callable[[str], Path]


@pytest.mark.parametrize("suffix", KINDS)
def test_a_signed_file_says_what_was_done_and_a_flipped_bit_is_found(
    file: MakeFile, footage: Path, tmp_path: Path, suffix: str
) -> None:
    plain, signed = file(suffix), tmp_path / f"signed{suffix}"
    assert read(plain).state == "absent"
    sign_file(plain, signed, FACTS, footage / "plate_A.mp4")
    found = read(signed)
    assert (found.state, found.problems) == ("valid", ())
    assert found.self_issued
    assert found.actions == ("c2pa.opened", "c2pa.edited")
    assert found.ingredients == ("plate_A.mp4",)
    assert found.facts["people"] == dict(FACTS.people)
    assert (found.facts["audit_head"], found.facts["models"]) == (FACTS.audit_head, list(FACTS.models))

    with signed.open("rb") as stream, c2pa.Reader(EMBEDDED[suffix], stream) as reader:  # as anybody else reads it
        told = reader.json()
    assert "compositeWithTrainedAlgorithmicMedia" in told
    assert "signingCredential.untrusted" in told, "nobody else knows this machine"

    data = bytearray(signed.read_bytes())
    data[len(data) // 2] ^= 1
    signed.write_bytes(data)
    assert read(signed).state == "changed"


def test_in_its_own_place(file: MakeFile) -> None:
    film = file(".mp4")
    sign_file(film, film, FACTS)
    assert read(film).state == "valid"
    assert read(film).actions == ("c2pa.created",)
    assert not list(film.parent.glob("*.part"))


def test_what_is_signed_again_keeps_its_history(file: MakeFile, footage: Path, tmp_path: Path) -> None:
    film, again = file(".mp4"), tmp_path / "again.mp4"
    sign_file(film, film, FACTS)
    sign_file(film, again, FACTS, footage / "plate_A.mp4")
    found = read(again)
    assert found.state == "valid"
    assert found.ingredients == (FACTS.title, "plate_A.mp4")


def test_a_plate_that_is_a_folder_is_named(file: MakeFile, footage: Path) -> None:
    picture = file(".png")
    sign_file(picture, picture, FACTS, footage)
    assert read(picture).ingredients == (footage.name,)


def test_an_exr_has_its_credential_beside_it(tmp_path: Path) -> None:
    picture = tmp_path / "a.exr"
    picture.write_bytes(b"\x76\x2f\x31\x01 not looked into")
    assert read(picture).state == "absent"
    sign_sidecar(picture, FACTS)
    assert read(picture).state == "valid"
    picture.write_bytes(picture.read_bytes() + b" ")
    assert read(picture).state == "changed"
    sidecar_of(picture).write_bytes(b"nonsense")
    assert read(picture).state == "changed"


@pytest.mark.parametrize("suffix", KINDS)
def test_damaged_files_are_named_and_left_alone(file: MakeFile, suffix: str) -> None:
    damaged = file(suffix)
    damaged.write_bytes(damaged.read_bytes()[: 0 if suffix in (".mov", ".mp4") else 200])
    before = damaged.read_bytes()
    with pytest.raises(BackendError, match=f"a file{suffix} cannot be signed"):
        sign_file(damaged, damaged, FACTS)
    assert damaged.read_bytes() == before
    assert not list(damaged.parent.glob(".*"))


def test_two_processes_at_once_make_one_certificate(home: Path) -> None:
    program = "from ml_backend.provenance.credentials import load_signing; print(load_signing().name())"
    both = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    names = {process.communicate()[0] for process in both}
    assert len(names) == 1
    assert all(process.returncode == 0 for process in both)
    key = home / "keys" / "credentials" / "key.pem"
    assert key.stat().st_mode & 0o077 == 0
    assert not list((home / "keys").glob(".*"))
