import json

import pytest

from ml_backend.cli import main
from ml_backend.errors import Cancelled
from ml_backend.facesets.choices import KEYS
from ml_backend.facesets.order import run_sort
from ml_backend.facesets.store import Faceset
from ml_backend.media.write import read_picture
from ml_backend.progress import SilentReporter


@pytest.mark.parametrize("key", KEYS)
def test_every_key(key, eight_faces, capsys):
    before = {file.name: file.read_bytes() for file in (eight_faces / "faces").iterdir()}
    assert main(["faceset", "sort", str(eight_faces), "--by", key, "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    shown = [one["value"] for one in values["order"]]
    assert shown == sorted(shown)
    assert sorted(one["file"] for one in values["order"]) == sorted(before)
    assert {file.name: file.read_bytes() for file in (eight_faces / "faces").iterdir()} == before
    assert read_picture(eight_faces / f"sorted_by_{key}.png").shape[1] > 1000


def test_numbered_copies(eight_faces, tmp_path, capsys):
    out = tmp_path / "copies"
    command = ["faceset", "sort", str(eight_faces), "--by", "yaw", "--descending", "--out", str(out)]
    assert main([*command, "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert str(out) in capsys.readouterr().out
    names = sorted(file.name for file in out.iterdir())
    assert [name.split("_")[0] for name in names] == [f"{n:05d}" for n in range(1, 9)]
    values = [float(name.split("_")[1]) for name in names]
    assert values == sorted(values, reverse=True)
    original = eight_faces / "faces" / names[0].split("_", 2)[2]
    assert (out / names[0]).read_bytes() == original.read_bytes()
    assert (tmp_path / "sheet.png").is_file()
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err


def test_stopped_copying_leaves_nothing(eight_faces, tmp_path):
    class StopAtCopies(SilentReporter):
        def __init__(self):
            self._copying = False

        def progress(self, stage, done, total, figures=None):
            self._copying = stage == "copy" and done == 3

        def stop_requested(self):
            return self._copying

    with pytest.raises(Cancelled):
        run_sort(
            Faceset.open(eight_faces), "source", tmp_path / "sheet.png", StopAtCopies(), out=tmp_path / "folder" / "out"
        )
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_place_that_cannot_be_written(eight_faces, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    for option in ("--out", "--sheet"):
        command = ["faceset", "sort", str(eight_faces), "--by", "yaw", option, str(tmp_path / "file" / "below")]
        assert main(command) == 1
        assert "below" in capsys.readouterr().err
