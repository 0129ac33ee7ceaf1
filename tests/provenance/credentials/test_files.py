"""Every kind of file, signed and read by the library's own reader."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import c2pa
import cv2
import pytest

from ml_backend.delivery.plates import plate_at
from ml_backend.errors import BackendError
from ml_backend.provenance.credentials import read, sign_file, sign_sidecar
from ml_backend.provenance.credentials.files import EMBEDDED, sidecar_of

from .conftest import FACTS

KINDS = (".png", ".jpg", ".tif", ".webp", ".mp4", ".mov")
MakeFile = Callable[[str], Path]


@pytest.mark.parametrize("suffix", KINDS)
def test_a_signed_file_says_what_was_done_and_a_flipped_bit_is_found(
    file: MakeFile, footage: Path, tmp_path: Path, suffix: str
) -> None:
    plain, signed = file(suffix), tmp_path / f"signed{suffix}"
    assert read(plain).state == "absent"
    sign_file(plain, signed, FACTS, plate_at(footage / "plate_A.mp4"))
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


@pytest.mark.parametrize("suffix", KINDS)
def test_no_bit_that_is_seen_can_be_flipped(file: MakeFile, tmp_path: Path, suffix: str) -> None:
    """What C2PA leaves out of its hash are the credential's own reserve and headers, in which nothing is seen."""
    plain, signed = file(suffix), tmp_path / f"signed{suffix}"
    sign_file(plain, signed, FACTS)
    whole, seen = signed.read_bytes(), decoded(signed)
    passed = []
    for at in range(3, len(whole), len(whole) // 60):
        signed.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        if read(signed).state == "valid":
            passed.append(at)
            assert decoded(signed) == seen, f"byte {at} of {len(whole)}"
    added = len(whole) - plain.stat().st_size
    assert len(passed) <= 60 * added / len(whole) + 2, "only the credential's own bytes pass"


def test_no_bit_beside_a_file_can_be_flipped_that_says_anything(tmp_path: Path) -> None:
    """But for headers of the container, in which nothing is said: C2PA does not sign these."""
    picture = tmp_path / "a.exr"
    picture.write_bytes(b"not looked into" * 1000)
    sign_sidecar(picture, FACTS)
    beside, whole, said = sidecar_of(picture), sidecar_of(picture).read_bytes(), read(picture)
    passed = []
    for at in range(0, len(whole), 29):
        beside.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found = read(picture)
        assert found.state == "changed" or found == said, f"byte {at} of {len(whole)}"
        passed += [at] if found.state == "valid" else []
    assert len(passed) < 10, passed
    beside.write_bytes(whole)
    for at in range(0, picture.stat().st_size, 500):
        data = picture.read_bytes()
        picture.write_bytes(data[:at] + bytes([data[at] ^ 128]) + data[at + 1 :])
        assert read(picture).state == "changed", f"byte {at} of the picture"
        picture.write_bytes(data)


def decoded(path: Path) -> str:
    digest = hashlib.sha256()
    if path.suffix in (".mp4", ".mov"):
        with av.open(str(path)) as film:
            for frame in film.decode(video=0):
                digest.update(frame.to_ndarray().tobytes())
    else:
        digest.update(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).tobytes())
    return digest.hexdigest()


def test_in_its_own_place(file: MakeFile) -> None:
    film = file(".mp4")
    sign_file(film, film, FACTS)
    assert read(film).state == "valid"
    assert read(film).actions == ("c2pa.created",)
    assert not list(film.parent.glob("*.part"))


def test_what_is_signed_again_keeps_its_history(file: MakeFile, footage: Path, tmp_path: Path) -> None:
    film, again = file(".mp4"), tmp_path / "again.mp4"
    sign_file(film, film, FACTS)
    sign_file(film, again, FACTS, plate_at(footage / "plate_A.mp4"))
    found = read(again)
    assert found.state == "valid"
    assert found.ingredients == (FACTS.title, "plate_A.mp4")


def test_the_plates_of_several_swaps_were_placed(file: MakeFile, footage: Path) -> None:
    film, plates = file(".mp4"), [footage / "plate_A.mp4", footage / "identity_B_take1.mp4"]
    sign_file(film, film, FACTS, placed=[plate_at(plate) for plate in plates])
    found = read(film)
    assert (found.state, found.problems) == ("valid", ())
    assert found.actions == ("c2pa.created", "c2pa.placed")
    assert found.ingredients == tuple(plate.name for plate in plates)


def test_a_plate_that_cannot_be_read_is_named(file: MakeFile, tmp_path: Path) -> None:
    picture, plate = file(".png"), tmp_path / "odd.mp4"
    plate.write_bytes(b"no film")
    sign_file(picture, picture, FACTS, plate_at(plate))
    assert (read(picture).state, read(picture).ingredients) == ("valid", ("odd.mp4",))


def test_a_history_that_was_changed_stays_known(file: MakeFile) -> None:
    picture = file(".png")
    sign_file(picture, picture, FACTS)
    data = bytearray(picture.read_bytes())
    data[len(data) // 2] ^= 1
    picture.write_bytes(data)
    sign_file(picture, picture, FACTS)
    found = read(picture)
    assert (found.state, found.changed_ingredients) == ("valid", (FACTS.title,))


def test_what_is_in_the_file_counts_more_than_what_lies_beside_it(file: MakeFile) -> None:
    picture = file(".png")
    sidecar_of(picture).write_bytes(b"left from another time")
    sign_file(picture, picture, FACTS)
    assert read(picture).state == "valid"


def test_a_plate_that_is_a_folder_is_named(file: MakeFile, footage: Path) -> None:
    picture = file(".png")
    sign_file(picture, picture, FACTS, plate_at(footage))
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
