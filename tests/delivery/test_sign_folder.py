"""Every picture of a folder has its own credential, and the whole has one list."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import c2pa
import cv2
import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.delivery.plates import plate_at
from ml_backend.delivery.sign import sign_deliveries
from ml_backend.delivery.verify import verify
from ml_backend.errors import BackendError, Cancelled
from ml_backend.media.source import open_source
from ml_backend.progress import SilentReporter
from ml_backend.provenance.credentials import Plate, read, read_list
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE

from .described_swap import HASH, described_swap

KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".tif": "image/tiff"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))


@pytest.fixture
def swap(tmp_path: Path, footage: Path) -> Path:
    return described_swap(tmp_path / "swap", "identity_B", "b" * 64, footage)


@pytest.fixture
def rendered(tmp_path: Path, footage: Path) -> Path:
    folder = tmp_path / "rendered"
    folder.mkdir()
    for frame in open_source(footage / "plate_A.mp4", "1-3").frames():
        for suffix in KINDS:
            assert cv2.imwrite(str(folder / f"{frame.number:04d}{suffix}"), frame.image[..., ::-1])
    (folder / "0001.exr").write_bytes(b"\x76\x2f\x31\x01 not looked into")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_each_picture_and_the_whole(swap: Path, rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file.name: cv2.imread(str(file)) for file in rendered.iterdir() if file.suffix in KINDS}
    exr = (rendered / "0001.exr").read_bytes()
    assert main(["sign", str(rendered), "--swap", str(swap)]) == 0
    assert (rendered / "0001.exr").read_bytes() == exr, "it cannot hold a credential: the list names it"
    for name, picture in before.items():
        file = rendered / name
        found = read(file)
        assert (found.state, found.title, found.ingredients) == ("valid", name, ("plate_A.mp4",))
        assert found.actions == ("c2pa.opened", "c2pa.edited")
        assert found.facts["people"] == {"identity_B": "b" * 64, "performer_A": "a" * 64}
        assert found.facts["plate_sha256"] == HASH
        assert np.array_equal(cv2.imread(str(file)), picture)
        with file.open("rb") as stream, c2pa.Reader(KINDS[file.suffix], stream) as reader:  # as anybody else reads it
            told = json.loads(reader.json())
        (plate,) = told["manifests"][told["active_manifest"]]["ingredients"]
        assert (plate["instance_id"], plate["relationship"]) == (f"sha256:{HASH}", "parentOf")
        assert {one["code"] for one in told["validation_status"]} == {"signingCredential.untrusted"}
    assert set(read_list(rendered).frames) == {*before, "0001.exr"}
    found = verify(rendered)
    assert (found.state, found.files, found.credentials.ingredients) == ("valid", 10, ("plate_A.mp4",))
    assert main(["verify", str(rendered)]) == 0
    assert len(capsys.readouterr().out.splitlines()) < 20
    assert not list(rendered.glob(".*"))


def test_pictures_that_leave_the_folder_prove_themselves(swap: Path, rendered: Path, tmp_path: Path) -> None:
    main(["sign", str(rendered), "--swap", str(swap)])
    alone = Path(shutil.copy(rendered / "0002.jpg", tmp_path / "0002.jpg"))
    assert verify(alone).state == "valid"
    (rendered / LIST).unlink()
    (rendered / SIGNATURE).unlink()
    (rendered / "0001.exr").unlink()
    assert (verify(rendered).state, verify(rendered).files) == ("valid", 9)
    (rendered / "0002.png").write_bytes((rendered / "0002.png").read_bytes()[:-40] + bytes(40))
    assert verify(rendered).changed == ("0002.png",)


def test_a_frame_in_the_place_of_another_is_found(swap: Path, rendered: Path) -> None:
    """Each is validly signed: the list knows which is which."""
    main(["sign", str(rendered), "--swap", str(swap)])
    shutil.copy(rendered / "0001.png", rendered / "0002.png")
    assert read(rendered / "0002.png").state == "valid"
    assert verify(rendered).changed == ("0002.png",)
    assert (verify(rendered / "0002.png").state, verify(rendered / "0003.png").state) == ("changed", "valid")


def test_a_damaged_picture_leaves_all_as_it_was(swap: Path, rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rendered / "0003.png").write_bytes((rendered / "0003.png").read_bytes()[:200])
    before = content(rendered)
    assert main(["sign", str(rendered), "--swap", str(swap)]) == 1
    assert f"{rendered / '0003.png'} cannot be signed" in capsys.readouterr().err
    assert content(rendered) == before


class Stops(SilentReporter):
    def __init__(self, after: int) -> None:
        self.left = after

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_stop_leaves_all_as_it_was(swap: Path, rendered: Path) -> None:
    before = content(rendered)
    with pytest.raises(Cancelled):
        sign_deliveries([rendered], [swap], None, None, Stops(4))
    assert content(rendered) == before
    (rendered / ".signing.0123abcd.part").mkdir()  # as a killed process leaves it
    sign_deliveries([rendered], [swap], None, None, SilentReporter())
    assert not list(rendered.glob(".*"))


def test_a_plate_is_named_by_its_hash_also_when_it_is_gone(
    rendered: Path, tmp_path: Path, footage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swap = described_swap(tmp_path / "moved", "identity_B", "b" * 64, tmp_path / "nowhere")
    main(["sign", str(rendered), "--swap", str(swap), "--json"])
    assert read(rendered / "0001.png").facts["plate_sha256"] == HASH
    assert verify(rendered).credentials.facts["plate_sha256"] == HASH


def test_two_swaps_one_after_the_other(swap: Path, rendered: Path, tmp_path: Path, footage: Path) -> None:
    """What was signed for one swap and is signed again for another names both, their people and their models."""
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    other = described_swap(tmp_path / "other", "identity_C", "c" * 64, footage)
    for path in (film, rendered, rendered / "0002.jpg"):
        for one in (swap, other):
            assert main(["sign", str(path), "--swap", str(one)]) == 0
        facts = verify(path).credentials.facts
        assert set(facts["people"]) == {"identity_B", "identity_C", "performer_A"}
        assert (len(facts["swaps"]), len(facts["models"])) == (2, 2)
    assert verify(film).credentials.history[0]["people"].keys() == {"identity_B", "performer_A"}


def test_two_records_of_one_person(tmp_path: Path, footage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    swaps = [described_swap(tmp_path / f"of {n}", "identity_B", n * 64, footage) for n in "12"]
    assert main(["sign", str(film), *(word for one in swaps for word in ("--swap", str(one)))]) == 0
    assert verify(film).credentials.facts["people"]["identity_B"] == f"{'1' * 64} {'2' * 64}"
    assert main(["verify", str(film)]) == 0
    assert "unknown here; unknown here" in capsys.readouterr().out


def test_what_strangers_say_is_history_only(
    swap: Path, tmp_path: Path, footage: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    assert main(["sign", str(film), "--swap", str(swap)]) == 0
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "another machine"))
    other = described_swap(tmp_path / "other", "identity_C", "c" * 64, footage)
    assert main(["sign", str(film), "--swap", str(other)]) == 0
    found = verify(film).credentials
    assert set(found.facts["people"]) == {"identity_C", "performer_A"}
    assert [set(facts["people"]) for facts in found.history] == [{"identity_B", "performer_A"}]
    capsys.readouterr()
    main(["verify", str(film)])
    told = capsys.readouterr().out
    assert "swaps: 2, models: 2" in told
    assert "identity_B" in told


def test_a_plate_of_many_pictures_has_one_hash(tmp_path: Path) -> None:
    plate = tmp_path / "plate"
    plate.mkdir()
    for number in (2, 10, 1):
        (plate / f"a.{number:04d}.png").write_bytes(b"%d" % number)
    command = "sha256sum *.png | sha256sum"
    said = subprocess.run(command, shell=True, cwd=plate, capture_output=True, text=True, check=True).stdout.split()[0]
    assert plate_at(plate) == Plate("plate", said)
    assert plate_at(plate / "a.####.png") == Plate("a.####.png", said)


def test_a_name_that_no_list_can_hold_is_found_before_anything_is_changed(swap: Path, rendered: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(rendered) + b"/\xff\xfe.png"))
    shutil.copy(rendered / "0001.png", odd)
    before = content(rendered)
    with pytest.raises(BackendError, match="not Unicode"):
        sign_deliveries([rendered], [swap], None, None, SilentReporter())
    assert content(rendered) == before
