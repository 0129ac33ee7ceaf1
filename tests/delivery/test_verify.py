"""`ml-backend verify` and `sign` on a real swap."""

import hashlib
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_backend.cli import main
from ml_backend.delivery.verify import verify
from ml_backend.progress import SilentReporter
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE
from ml_backend.requests import SwapRequest
from ml_backend.swapping.swap import run_swap


@pytest.fixture(scope="module")
def made(footage: Path, tiny_model: Path, consent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "swap"
    plate = str(footage / "plate_A.mp4")
    request = SwapRequest(plate=plate, model=tiny_model, identity="identity_B", out=out, frames="1-3", consent=consent)
    run_swap(request, SilentReporter())
    return out


@pytest.fixture
def swap(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "moved swap"))


def test_a_swap_is_signed_and_stays_so_where_it_is_moved(swap: Path) -> None:
    found = verify(swap)
    assert (found.state, found.files) == ("valid", 4)
    assert found.credentials.facts["people"].keys() == {"identity_B", "performer_A"}


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("name", ["000002.png", "manifest.json", LIST])
def test_one_flipped_bit_is_found(swap: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    flip(swap / name)
    assert main(["verify", str(swap)]) == 1
    told = capsys.readouterr().out
    assert "CHANGED since it was signed" in told
    assert name in told or name == LIST


def test_missing_and_added_pictures_are_named(swap: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (swap / "000001.png").rename(swap / "000009.png")
    assert main(["verify", str(swap), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["missing"], told["added"]) == ("changed", ["000001.png"], ["000009.png"])


def test_added_pictures_of_another_kind_are_named(swap: Path) -> None:
    for name in ("000009.PNG", "extra.exr", "extra.jpg"):
        (swap / name).write_bytes(b"added")
    (swap / "notes.txt").write_text("no picture")
    assert verify(swap).added == ("000009.PNG", "extra.exr", "extra.jpg")


def test_ten_names_and_how_many_there_are(swap: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(100, 125):
        (swap / f"{number}.png").write_bytes(b"added")
    assert main(["verify", str(swap)]) == 1
    told = capsys.readouterr().out
    assert "25 added (100.png," in told
    assert "109.png …" in told
    assert "110.png" not in told


@pytest.mark.parametrize("name", [LIST, SIGNATURE])
def test_without_half_of_its_credentials(swap: Path, name: str) -> None:
    (swap / name).unlink()
    assert verify(swap).state == "changed"


def test_without_any_credentials_it_says_so(swap: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (LIST, SIGNATURE):
        (swap / name).unlink()
    assert main(["verify", str(swap)]) == 1
    assert "no content credentials" in capsys.readouterr().out
    assert main(["verify", str(swap / "nothing")]) == 2


def test_one_picture_of_a_signed_folder(swap: Path) -> None:
    assert verify(swap / "000001.png").state == "valid"
    flip(swap / "000001.png")
    assert verify(swap / "000001.png").state == "changed"


def test_the_consent_records_of_today_are_told(
    swap: Path, consent: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["verify", str(swap), "--consent", str(consent), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["consent"] == {"identity_B": "valid", "performer_A": "valid"}
    (tmp_path / "none").mkdir()
    assert main(["verify", str(swap), "--consent", str(tmp_path / "none"), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["consent"].values()) == {"unknown here"}


def test_a_swap_that_changes_is_signed_anew(
    footage: Path, tiny_model: Path, consent: Path, tmp_path: Path, made: Path
) -> None:
    plate, out = str(footage / "plate_A.mp4"), tmp_path / "swap"
    request = SwapRequest(plate=plate, model=tiny_model, identity="identity_B", out=out, frames="1-2", consent=consent)
    run_swap(request, SilentReporter())
    before = (out / SIGNATURE).read_bytes()
    run_swap(request, SilentReporter())
    assert (out / SIGNATURE).read_bytes() == before, "what is signed already is left alone"
    (out / SIGNATURE).unlink()
    run_swap(request, SilentReporter())
    assert verify(out).state == "valid"
    run_swap(request.model_copy(update={"settings": {"feather": "0.3"}}), SilentReporter())
    assert verify(out).state == "valid"


def test_a_forged_manifest_is_not_signed(footage: Path, tiny_model: Path, consent: Path, tmp_path: Path) -> None:
    plate, out = str(footage / "plate_A.mp4"), tmp_path / "swap"
    request = SwapRequest(plate=plate, model=tiny_model, identity="identity_B", out=out, frames="1-2", consent=consent)
    run_swap(request, SilentReporter())
    before = (out / "manifest.json").read_text()
    (out / "manifest.json").write_text(before.replace('"identity": "identity_B"', '"identity": "somebody_else"'))
    run_swap(request, SilentReporter())
    assert (out / "manifest.json").read_text() == before
    assert verify(out).state == "valid"


def test_a_film_is_signed_for_its_swaps(
    swap: Path, footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, plate = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4")), str(footage / "plate_A.mp4")
    assert main(["sign", str(film), "--swap", str(swap), "--plate", plate]) == 0
    assert "self-issued" in capsys.readouterr().out
    found = verify(film)
    assert found.state == "valid"
    assert found.credentials.facts["people"].keys() == {"identity_B", "performer_A"}
    assert found.credentials.facts["models"]
    assert found.credentials.actions == ("c2pa.opened", "c2pa.edited")
    assert found.credentials.ingredients == ("plate_A.mp4",)
    assert found.credentials.facts["plate_sha256"] == hashlib.sha256(Path(plate).read_bytes()).hexdigest()
    flip(film)
    assert verify(film).state == "changed"


def test_a_plate_of_which_no_swap_was_made_is_refused(
    swap: Path, footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    before, other = film.read_bytes(), footage / "identity_B_take1.mp4"
    assert main(["sign", str(film), "--swap", str(swap), "--plate", str(other)]) == 2
    told = capsys.readouterr().err
    for plate in (other, footage / "plate_A.mp4"):
        assert str(plate) in told
        assert hashlib.sha256(plate.read_bytes()).hexdigest() in told
    assert film.read_bytes() == before


def test_a_link_and_permissions_stay(swap: Path, footage: Path, tmp_path: Path) -> None:
    real = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "real.mp4"))
    real.chmod(0o640)
    link = tmp_path / "link.mp4"
    link.symlink_to(real)
    assert main(["sign", str(link), "--swap", str(swap)]) == 0
    assert link.is_symlink()
    assert verify(real).state == "valid"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    real.chmod(0o600)
    assert main(["sign", str(real), "--swap", str(swap), "--out", str(tmp_path / "signed.mp4")]) == 0
    assert stat.S_IMODE((tmp_path / "signed.mp4").stat().st_mode) == 0o600
    rendered = tmp_path / "rendered"
    rendered.mkdir()
    picture = Path(shutil.copy(swap / "000001.png", rendered))
    picture.chmod(0o600)
    assert main(["sign", str(rendered), "--swap", str(swap)]) == 0
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600


def test_a_link_into_a_swap_is_refused(swap: Path, tmp_path: Path) -> None:
    link, before = tmp_path / "link.png", (swap / "000001.png").read_bytes()
    link.symlink_to(swap / "000001.png")
    assert main(["sign", str(link), "--swap", str(swap)]) == 2
    assert (swap / "000001.png").read_bytes() == before


def test_the_plate_of_the_swap_is_what_was_opened(swap: Path, footage: Path, tmp_path: Path) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    assert main(["sign", str(film), "--swap", str(swap)]) == 0
    assert verify(film).credentials.ingredients == ("plate_A.mp4",)


def test_a_film_that_cannot_hold_them_has_credentials_beside_it(swap: Path, footage: Path, tmp_path: Path) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mkv"))
    assert main(["sign", str(film), "--swap", str(swap)]) == 0
    found = verify(film)
    assert (found.state, found.credentials.ingredients) == ("valid", ("plate_A.mp4",))
    flip(tmp_path / "film.mkv.c2pa")
    assert verify(film).state == "changed"
    assert main(["sign", str(film), "--swap", str(swap)]) == 0
    flip(film)
    assert verify(film).state == "changed"


def test_several_pictures_at_once_and_a_folder_of_them(
    swap: Path, footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stills = tmp_path / "stills"
    stills.mkdir()
    files = [Path(shutil.copy(swap / "000001.png", stills / name)) for name in ("a.png", "b.png", "c.png")]
    assert main(["sign", *map(str, files), "--swap", str(swap), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["signed"] == list(map(str, files))
    found = verify(stills)
    assert (found.state, found.files) == ("valid", 3)
    shutil.copy(swap / "000001.png", stills / "d.png")
    assert main(["verify", str(stills)]) == 1
    assert "1 of 4 files (d.png)" in capsys.readouterr().out
    flip(files[1])
    found = verify(stills)
    assert (found.state, found.changed, found.unsigned) == ("changed", ("b.png",), ("d.png",))


@pytest.mark.parametrize("place", ["", "000001.png", "credentials.json"])
def test_a_swap_itself_is_signed_by_the_swap_alone(swap: Path, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file.name: file.read_bytes() for file in swap.iterdir() if file.is_file()}
    assert main(["sign", str(swap / place), "--swap", str(swap)]) == 2
    assert "belongs to a swap" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in swap.iterdir() if file.is_file()} == before


def test_what_a_stranger_signed_is_said(
    swap: Path, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "another machine"))
    assert main(["verify", str(swap)]) == 1
    assert "by somebody whom this machine does not know" in capsys.readouterr().out
    assert main(["sign", str(film), "--swap", str(swap)]) == 0
    assert f"{swap} was signed by somebody whom this machine does not know" in capsys.readouterr().out
    words = ["deliver", str(film), "--swap", str(swap), "--out", str(tmp_path / "out"), "--pictures", "jpg", "--json"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert f"{swap} was signed by somebody whom this machine does not know" in told.out + told.err
    assert json.loads(told.out.splitlines()[-1])["strangers"] == [str(swap)]


def test_a_folder_of_pictures_gets_one_list(swap: Path, footage: Path, tmp_path: Path) -> None:
    rendered = tmp_path / "rendered"
    rendered.mkdir()
    for name in ("000001.png", "000002.png"):
        shutil.copy(swap / name, rendered)
    assert main(["sign", str(rendered), "--swap", str(swap)]) == 0
    assert verify(rendered).state == "valid"
    flip(rendered / "000002.png")
    assert verify(rendered).changed == ("000002.png",)


def test_a_changed_swap_vouches_for_nothing(
    swap: Path, footage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "film.mp4"))
    before = film.read_bytes()
    flip(swap / "000002.png")
    assert main(["sign", str(film), "--swap", str(swap)]) == 1
    assert "cannot vouch for film.mp4" in capsys.readouterr().err
    assert film.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.mp4"], "There is no"),
        (["{film}", "--plate", "nothing"], "There is no plate"),
        (["{swap}", "--out", "x.mp4"], "--out is for a film"),
        (["{film}", "{film}", "--out", "x.mp4"], "Sign them one by one"),
        (["{film}", "--out", "x.mkv"], "beside it"),
        (["{film}", "--out", "x.png"], "of another kind"),
        (["{film}", "--out", "{swap}/x.mp4"], "belongs to a swap"),
    ],
)
def test_wrong_wishes_are_named(
    swap: Path, footage: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places: dict[str, Any] = {"film": footage / "plate_A.mp4", "swap": swap}
    asked = [argument.format(**places) for argument in arguments]
    assert main(["sign", *asked, "--swap", str(swap)]) == 2
    assert words in capsys.readouterr().err


def test_the_certificate_is_shown(run_backend: Callable[..., Any]) -> None:
    shown = run_backend("credentials", "show", "--json")
    told = json.loads(shown.stdout.splitlines()[-1])
    assert told["self_issued"] is True
    assert len(told["fingerprint"]) == 64
    assert run_backend("credentials", "trust").returncode == 2
