import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.errors import Cancelled
from ml_backend.facesets.choices import KEYS, ORDERS
from ml_backend.facesets.order import put_in_order, run_sort
from ml_backend.facesets.store import Faceset
from ml_backend.facesets.table import Table, read_table
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.progress import SilentReporter


@pytest.mark.parametrize("key", KEYS)
def test_every_key(key, eight_faces, capsys):
    before = {file.name: file.read_bytes() for file in (eight_faces / "faces").iterdir()}
    assert main(["faceset", "sort", str(eight_faces), "--by", key, "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    shown = [one["value"] for one in values["order"]]
    if key not in ORDERS:
        assert shown == sorted(shown)
    assert sorted(one["file"] for one in values["order"]) == sorted(before)
    assert {file.name: file.read_bytes() for file in (eight_faces / "faces").iterdir()} == before
    assert read_picture(eight_faces / f"sorted_by_{key}.png").shape[1] > 1000


@pytest.fixture
def mixed(two_people: dict[str, Path], add_face: Callable[..., None]) -> Table:
    """24 faces of one actor, and six of another one among them."""
    folder = two_people["identity_B"]
    for face in Faceset.open(two_people["performer_A"]).faces()[::4]:
        add_face(folder, face, f"other_{face.frame:06d}_0.png")
    return read_table(Faceset.open(folder), SilentReporter())


def test_alike_puts_each_face_beside_the_most_similar_one(mixed: Table) -> None:
    order, steps = put_in_order(mixed, "alike")
    assert sorted(order) == list(range(30))
    looks = mixed.looks.astype(float)
    for n in range(1, 30):
        away = np.linalg.norm(looks[order[n:]] - looks[order[n - 1]], axis=1)
        assert steps[n] == pytest.approx(away[0], abs=0.01)
        assert away[0] == pytest.approx(away.min(), abs=0.01)
    backwards, _ = put_in_order(mixed, "alike", descending=True)
    assert backwards.tolist() == order[::-1].tolist()


def test_different_shows_everybody_early_and_the_repeated_last(mixed: Table) -> None:
    order, steps = put_in_order(mixed, "different")
    assert sorted(order) == list(range(30))
    assert (np.diff(steps[1:]) < 1e-5).all()
    assert {mixed.files[row].startswith("other") for row in order[:3]} == {True, False}


def test_hue_parts_warm_light_from_cold_light_and_shape_finds_misplaced_landmarks(eight_faces: Path) -> None:
    faces = Faceset.open(eight_faces).faces()
    for face, gain in ((faces[2], (0.5, 0.8, 1.2)), (faces[5], (1.1, 0.8, 0.4))):
        write_rgb(face.path, np.clip(face.read_crop() * np.array(gain), 0, 255).astype(np.uint8))
    squeezed = faces[4].landmarks * [1, 0.6, 1]
    with closing(sqlite3.connect(eight_faces / "index.sqlite")) as connection, connection:
        data = squeezed.astype("<f4").tobytes()
        connection.execute("UPDATE face SET landmarks = ? WHERE file = ?", (data, faces[4].path.name))
    table = read_table(Faceset.open(eight_faces), SilentReporter())
    by_hue, hues = put_in_order(table, "hue")
    assert [n for n, hue in zip(by_hue, hues, strict=True) if not 0 < hue < 50] == [2]
    assert by_hue[-1] == 5
    assert put_in_order(table, "shape", descending=True)[0][0] == 4
    assert table["shape"][4] > 12 > np.delete(table["shape"], 4).max()


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
