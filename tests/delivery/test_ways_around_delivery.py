"""Ways to get a delivery past the gate, or to make `verify` say of something else that it is valid.

The table in docs/gate.md names the tests.
"""

import hashlib
import json
import re
import shutil
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import ml_backend.delivery.verify
from ml_backend.cli import main
from ml_backend.delivery.deliver import Delivery, run_deliver
from ml_backend.delivery.sign import sign_deliveries
from ml_backend.delivery.verify import verify
from ml_backend.errors import BackendError
from ml_backend.progress import SilentReporter
from ml_backend.provenance.audit import entries
from ml_backend.provenance.consent import ConsentRefused, find_record
from ml_backend.provenance.credentials import Facts, read, sign_file
from ml_backend.provenance.credentials.files import sidecar_of
from ml_backend.provenance.home import audit_file
from ml_backend.provenance.revocation import revoke

from ..provenance.records import NOW, give
from .described_swap import described_swap

FACTS = Facts("a film", {"b": "0" * 64}, "2" * 64)
Picture = np.ndarray


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


# --- what was made under a consent that was withdrawn -----------------------------------------------------------------


def delivers(swap: Path, film: Path, out: Path) -> dict[str, Any]:
    return run_deliver(Delivery(film, [swap], out), SilentReporter())


@pytest.mark.parametrize("renewed", [False, True], ids=["the record itself", "its successor"])
def test_a_swap_is_delivered_after_the_consent_was_revoked(
    home: Path, tmp_path: Path, footage: Path, renewed: bool
) -> None:
    record = give(home, "identity_B")
    swap = described_swap(tmp_path / "swap", "identity_B", record.sha256(), footage)
    delivers(swap, footage / "plate_A.mp4", tmp_path / "before.mp4")
    present = give(home, "identity_B", replaces=(record.sha256(),), use="scene 13") if renewed else record
    revoke(present, "agreement ended")
    other = described_swap(tmp_path / "other", "identity_C", "c" * 64, footage)
    for one, film in ((swap, footage / "plate_A.mp4"), (other, tmp_path / "before.mp4")):
        with pytest.raises(ConsentRefused) as caught:
            delivers(one, film, tmp_path / "after.mp4")
        assert (caught.value.reason, caught.value.exit_code) == ("revoked", 3)
    assert list(entries(audit_file()))[-1]["facts"] == {"action": "deliver", "reason": "revoked"}
    assert not (tmp_path / "after.mp4").exists()


def test_it_is_revoked_while_the_film_is_encoded(home: Path, tmp_path: Path, footage: Path) -> None:
    record = give(home, "identity_B")
    swap = described_swap(tmp_path / "swap", "identity_B", record.sha256(), footage)

    class Withdrawing(SilentReporter):
        def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
            revoke(record, "just now")

    with pytest.raises(ConsentRefused, match="was revoked on"):
        run_deliver(Delivery(footage / "plate_A.mp4", [swap], tmp_path / "out.mp4"), Withdrawing())
    assert not list(tmp_path.glob("*out.mp4*"))


def test_it_was_revoked_beside_the_records_of_the_studio(tmp_path: Path, footage: Path) -> None:
    share, film = tmp_path / "share", footage / "plate_A.mp4"
    assert main(["consent", "new", "identity_B", "--basis", "self", "--out", str(share)]) == 0
    record = find_record("identity_B", share)[0]
    swap = described_swap(tmp_path / "swap", "identity_B", record.sha256(), footage)
    revoke(record, "withdrawn", share)
    (tmp_path / "home" / "keys" / "revoked.json").unlink()
    command = ["deliver", str(film), "--swap", str(swap), "--out", str(tmp_path / "out.mp4")]
    assert main([*command, "--consent", str(share)]) == 3
    assert not (tmp_path / "out.mp4").exists()
    assert main([*command, "--consent", str(tmp_path / "nothing")]) == 2


def test_a_record_that_ran_out_lets_what_was_made_be_shown(home: Path, tmp_path: Path, footage: Path) -> None:
    record = give(home, "identity_B", valid_from=NOW - timedelta(days=9), expires=NOW - timedelta(days=1))
    swap = described_swap(tmp_path / "swap", "identity_B", record.sha256(), footage)
    assert delivers(swap, footage / "plate_A.mp4", tmp_path / "out.mp4")["frames"] > 0


# --- somebody vouches for a film who was not signed -------------------------------------------------------------------


def test_a_manifest_is_laid_beside_what_was_signed(tmp_path: Path, footage: Path) -> None:
    """A delivered folder is validly signed; a manifest that names other people is none of its files."""
    swap = described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)
    folder, film = tmp_path / "stills", Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    folder.mkdir()
    assert cv2.imwrite(str(folder / "1.png"), np.full((128, 128, 3), 90, np.uint8))
    sign_deliveries([folder], [swap], None, None, SilentReporter())
    forged = (swap / "manifest.json").read_text().replace("identity_B", "somebody")
    (folder / "manifest.json").write_text(forged)
    before = film.read_bytes()
    with pytest.raises(BackendError, match=r"manifest\.json is not in its signed list"):
        sign_deliveries([film], [folder], None, None, SilentReporter())
    assert film.read_bytes() == before


def test_the_list_is_exchanged_between_two_looks(
    tmp_path: Path, footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compared is what the signature fits, not what lies there a moment later."""
    swap = described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)
    (swap / "added.png").write_bytes(b"added")
    file, added = swap / "credentials.json", hashlib.sha256(b"added").hexdigest()
    forged = json.loads(file.read_bytes())
    forged["frames"]["added.png"] = added
    look = ml_backend.delivery.verify.read_detached

    def slowly(*arguments: Any) -> Any:
        found = look(*arguments)
        file.write_text(json.dumps(forged))
        return found

    monkeypatch.setattr("ml_backend.delivery.verify.read_detached", slowly)
    assert verify(swap).added == ("added.png",)
    assert verify(swap).state == "changed"


# --- another picture with somebody's valid credential -----------------------------------------------------------------


def real_and_forged(footage: Path) -> tuple[Picture, Picture]:
    real = cv2.VideoCapture(str(footage / "plate_A.mp4")).read()[1]
    forged = np.zeros_like(real)
    cv2.putText(forged, "FORGED", (20, 200), 0, 3, (0, 0, 255), 5)
    return real, forged


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filled(chunk: Callable[[bytes], bytes], data: bytes, room: int) -> bytes:
    """The chunk of the data and as many zeros as it takes."""
    return chunk(data + bytes(room - len(chunk(data))))


def without_reserve(store: bytes) -> bytes:
    """The same manifest store without its reserve, which no signature covers."""
    pad = list(re.finditer(rb"\x63pad\x59(..)", store, re.DOTALL))[-1]
    start, end = pad.start() + 4, pad.end() + int.from_bytes(pad[1], "big")
    less, made, box, inside = end - start - 1, bytearray(store), 0, len(store)
    while box < inside:
        size = int.from_bytes(store[box : box + 4], "big")
        if not box < start < box + size:
            box += size
            continue
        made[box : box + 4] = struct.pack(">I", size - less)
        if store[box + 4 : box + 8] != b"jumb":
            break
        box, inside = box + 8, box + size
    return bytes(made[:start]) + b"\x40" + bytes(made[end:])


def test_a_picture_in_the_place_of_the_credential(tmp_path: Path, footage: Path) -> None:
    """What a signature leaves out is its own place: an attacker who moves it has room for another PNG."""
    real, forged = real_and_forged(footage)
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), real)
    sign_file(file, file, FACTS)
    data = file.read_bytes()
    at = data.index(b"caBX") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    store, rest, room = data[at + 8 : at + 8 + size], data[at + 12 + size :], size + 12
    shown = zlib.compress(b"".join(b"\0" + row.tobytes() for row in forged[..., ::-1]), 9)

    def idat(content: bytes) -> bytes:
        return png_chunk(b"IDAT", content)

    small = png_chunk(b"caBX", without_reserve(store))
    for name, place in {
        "beside": filled(idat, shown, room),
        "before": filled(idat, shown, room - len(small)) + small,
        "behind": small + filled(idat, shown, room - len(small)),
    }.items():
        file.write_bytes(data[:at] + place + rest)
        sidecar_of(file).unlink(missing_ok=True)
        if name == "beside":
            sidecar_of(file).write_bytes(store)
        assert len(file.read_bytes()) == len(data)
        assert np.array_equal(cv2.imread(str(file)), forged), "a viewer shows the other picture"
        assert read(file).state == "changed", name


def test_a_credential_goes_to_another_picture(tmp_path: Path, footage: Path) -> None:
    real, forged = real_and_forged(footage)
    signed, other = tmp_path / "a.png", tmp_path / "b.png"
    cv2.imwrite(str(signed), real)
    cv2.imwrite(str(other), forged)
    sign_file(signed, signed, FACTS)
    data, plain = signed.read_bytes(), other.read_bytes()
    at = data.index(b"caBX") - 4
    chunk = data[at : at + 12 + int.from_bytes(data[at : at + 4], "big")]
    other.write_bytes(plain[:33] + chunk + plain[33:])
    assert read(other).state == "changed"


def test_pictures_of_a_kind_that_nobody_signs_are_added(tmp_path: Path, footage: Path) -> None:
    swap = described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)
    names = ("2.bmp", "3.tga", "4.jp2", "5.avif", "6.jfif", "7.PPM", "8.psd", "9.heif")
    for name in names:
        (swap / name).write_bytes(b"added")
    assert verify(swap).added == names
    assert main(["verify", str(swap)]) == 1
