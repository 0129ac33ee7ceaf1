import json
import os
import random
import shutil
import sqlite3

import cv2
import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.faces.recognition import distance
from ml_backend.faces.regions import eye_distance
from ml_backend.facesets.check import run_check
from ml_backend.facesets.scores import measured
from ml_backend.facesets.store import Faceset
from ml_backend.progress import SilentReporter

THIRD = "plate_A_000003_0.png"


def check(folder):
    return run_check(folder, SilentReporter())


def change(folder, statement, *values):
    with sqlite3.connect(folder / "index.sqlite") as connection:
        connection.execute(statement, values)
    connection.close()


def test_a_whole_faceset(eight_faces, capsys):
    before = {file: file.read_bytes() for file in eight_faces.rglob("*") if file.is_file()}
    assert main(["faceset", "check", str(eight_faces), "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (values["ok"], values["faces"], values["broken"], values["doubtful"]) == (True, 8, [], [])
    assert {file: file.read_bytes() for file in eight_faces.rglob("*") if file.is_file()} == before


def cut(folder):
    file = folder / "faces" / THIRD
    file.write_bytes(file.read_bytes()[:500])


def empty(folder):
    (folder / "faces" / THIRD).write_bytes(b"")


def resized(folder):
    cv2.imwrite(str(folder / "faces" / THIRD), np.zeros((64, 32, 3), np.uint8))


def bits(folder):
    """As a failing disk does: other bytes, the same time."""
    list(measured(Faceset.open(folder), SilentReporter()))
    file = folder / "faces" / THIRD
    stat = file.stat()
    shutil.copy2(folder / "faces" / "plate_A_000004_0.png", file)
    data = file.read_bytes()
    file.write_bytes((data + b"\0" * stat.st_size)[: stat.st_size])
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def landmarks_away(folder):
    change(folder, "UPDATE face SET landmarks = ? WHERE file = ?", np.full((478, 3), 9e3, "<f4").tobytes(), THIRD)


def landmarks_shifted(folder):
    face = Faceset.open(folder).faces()[2]
    moved = (face.landmarks + np.array([9, 0, 0])).astype("<f4").tobytes()
    change(folder, "UPDATE face SET landmarks = ? WHERE file = ?", moved, THIRD)


def landmarks_none(folder):
    change(folder, "UPDATE face SET landmarks = x'00' WHERE file = ?", THIRD)


def matrix_flat(folder):
    change(folder, "UPDATE face SET matrix = ? WHERE file = ?", np.zeros((2, 3)).tobytes(), THIRD)


def source_gone(folder):
    change(folder, "UPDATE face SET source = 77 WHERE file = ?", THIRD)


@pytest.mark.parametrize(
    "spoil",
    [cut, empty, resized, bits, landmarks_away, landmarks_shifted, landmarks_none, matrix_flat, source_gone],
    ids=lambda function: function.__name__,
)
def test_a_damaged_face_is_named_with_what_to_do(spoil, eight_faces, capsys):
    spoil(eight_faces)
    assert main(["faceset", "check", str(eight_faces)]) == 1
    told = capsys.readouterr().out
    assert THIRD in told
    result = check(eight_faces)
    assert not result["ok"]
    assert {finding["where"] for finding in result["broken"] if finding["where"].endswith("png")} == {THIRD}
    assert all(finding["fix"] for finding in result["broken"])
    assert result["faces"] == 8
    (eight_faces / "faces" / THIRD).unlink()  # what it says to do
    again = check(eight_faces)
    assert [finding for finding in again["broken"] if "frame" not in finding["where"]] == []


def test_a_frame_that_was_never_looked_at(eight_faces):
    change(eight_faces, "DELETE FROM frame WHERE number = 5")
    assert [finding["where"] for finding in check(eight_faces)["broken"]] == ["frame 5"]


def test_more_faces_than_were_found(eight_faces):
    change(eight_faces, "UPDATE frame SET faces = 0 WHERE number = 5")
    assert "0 that were found" in check(eight_faces)["broken"][0]["problem"]


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_to_the_index_is_told_or_harmless(seed, eight_faces):
    before = Faceset.open(eight_faces).faces()
    file = eight_faces / "index.sqlite"
    chance = random.Random(seed)
    data = bytearray(file.read_bytes())
    for _ in range(20):
        place = chance.randrange(len(data) - 50)
        data[place : place + 50] = chance.randbytes(50)
    file.write_bytes(data)
    result = check(eight_faces)
    assert all(finding["fix"] for finding in result["broken"])
    if result["ok"]:
        after = Faceset.open(eight_faces).faces()
        assert len(after) == len(before)
        for a, b in zip(before, after, strict=True):
            assert np.abs(a.landmarks - b.landmarks).max() < 1.5 * eye_distance(a.landmarks)
            assert distance(a.embedding, b.embedding) < 1.5


def test_damaged_observations(eight_faces):
    file = eight_faces / "observations.sqlite"
    file.write_bytes(file.read_bytes()[:5000])
    (finding,) = check(eight_faces)["broken"]
    assert "observations" in finding["where"]


def test_no_index_and_no_description(eight_faces, tmp_path, capsys):
    (eight_faces / "index.sqlite").unlink()
    assert "is missing" in check(eight_faces)["broken"][0]["problem"]
    (eight_faces / "faceset.json").write_text("{")
    assert main(["faceset", "check", str(eight_faces)]) == 1
    assert "faceset.json" in capsys.readouterr().out
    assert main(["faceset", "check", str(tmp_path)]) == 2


def test_landmarks_of_another_model(eight_faces):
    file = eight_faces / "faceset.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"landmark_model": "other9"}))
    assert "landmark_model" in check(eight_faces)["broken"][0]["problem"]


def test_what_is_odd_and_can_be_used(eight_faces, add_face):
    list(measured(Faceset.open(eight_faces), SilentReporter()))
    faces = Faceset.open(eight_faces).faces()
    cv2.imwrite(str(faces[1].path), np.zeros((64, 64, 3), np.uint8))
    shutil.copy(faces[4].path, eight_faces / "faces" / "my own.png")
    add_face(eight_faces, faces[5], "again.png")
    (eight_faces / "faces" / ".plate.0a1b2c3d.part").write_bytes(b"x")
    result = check(eight_faces)
    assert result["ok"]
    assert [finding["where"] for finding in result["doubtful"]] == [
        faces[1].path.name,
        "my own.png",
        ".plate.0a1b2c3d.part",
        "again.png",
    ]


def test_two_persons_are_told(two_people, add_face):
    folder = two_people["identity_B"]
    for face in Faceset.open(two_people["performer_A"]).faces()[:6]:
        add_face(folder, face, f"other_{face.frame:06d}_0.png", source="/elsewhere/other.mp4")
    (finding,) = check(folder)["doubtful"]
    assert "2 persons, with 24, 6 faces" in finding["problem"]
    assert "split --by person" in finding["fix"]


def test_deleted_and_left_out_faces_are_all_right(eight_faces):
    (eight_faces / "faces" / THIRD).unlink()
    faceset = Faceset.open(eight_faces)
    with faceset.index() as index, index:
        index.execute("INSERT INTO left_out VALUES ('plate_A_000004_0.png', 'blurred')")
    result = check(eight_faces)
    assert (result["faces"], result["broken"], result["doubtful"]) == (7, [], [])
