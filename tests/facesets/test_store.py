import json
import random
import shutil
import sqlite3

import numpy as np
import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.recognition import distance
from ml_backend.facesets.describe import stats
from ml_backend.facesets.store import Faceset, mean_embedding


def test_faces_come_back_in_order_with_their_data(eight_faces):
    faceset = Faceset.open(eight_faces)
    faces = faceset.faces()
    assert [face.frame for face in faces] == list(range(1, 9))
    assert {face.track for face in faces} == {0}
    assert faceset.info.identity == "performer_A"
    for face in faces:
        assert face.path.name == f"plate_A_{face.frame:06d}_0.png"
        assert face.source.name == "plate_A.mp4"
        assert face.landmarks.shape == (478, 3)
        assert face.matrix.shape == (2, 3)
        assert face.embedding.shape == (128,)
        crop = face.read_crop()
        assert crop.shape == (64, 64, 3)
        assert crop.dtype == np.uint8
        assert np.abs(face.crop_landmarks.mean(0) - 31.5).max() < 10  # the face is in the middle of its crop
    assert max(distance(face.embedding, mean_embedding(faces)) for face in faces) < 0.55


def test_a_deleted_picture_is_a_face_gone(eight_faces):
    for name in ("plate_A_000003_0.png", "plate_A_000008_0.png"):
        (eight_faces / "faces" / name).unlink()
    faceset = Faceset.open(eight_faces)
    assert [face.frame for face in faceset.faces()] == [1, 2, 4, 5, 6, 7]
    assert (stats(faceset)["faces"], stats(faceset)["deleted"], stats(faceset)["frames"]) == (6, 2, 8)
    assert stats(faceset)["sources"][0]["faces"] == 6


@pytest.mark.parametrize("everything", [True, False])
def test_all_pictures_deleted(everything, eight_faces):
    shutil.rmtree(eight_faces / "faces")
    if not everything:
        (eight_faces / "faces").mkdir()
    faceset = Faceset.open(eight_faces)
    assert faceset.faces() == []
    assert stats(faceset)["faces"] == 0
    assert stats(faceset)["pose"] == {"yaw": None, "pitch": None, "roll": None}


def test_other_files_among_the_pictures_do_not_matter(eight_faces):
    (eight_faces / "faces" / "Thumbs.db").write_bytes(b"x")
    (eight_faces / "faces" / "my own.png").write_bytes(b"x")
    assert len(Faceset.open(eight_faces).faces()) == 8


def test_a_damaged_picture_is_named(eight_faces):
    file = eight_faces / "faces" / "plate_A_000002_0.png"
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(BackendError, match="plate_A_000002_0"):
        Faceset.open(eight_faces).faces()[1].read_crop()


@pytest.mark.parametrize("damage", ["noise", "cut", "empty tables"])
def test_a_damaged_index_is_named(damage, eight_faces):
    file = eight_faces / "index.sqlite"
    if damage == "noise":
        file.write_bytes(random.Random(3).randbytes(5000))
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:6000])
    else:
        file.unlink()
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE other (x)")
    with pytest.raises(BackendError, match="The index"):
        Faceset.open(eight_faces).faces()


@pytest.mark.parametrize("seed", range(25))
def test_random_damage_to_the_index_is_a_clear_error_or_harmless(seed, eight_faces):
    file = eight_faces / "index.sqlite"
    whole = Faceset.open(eight_faces).faces()
    chance = random.Random(seed)
    data = bytearray(file.read_bytes())
    for _ in range(chance.choice([1, 5, 40])):
        place = chance.randrange(len(data) - 50)
        data[place : place + 50] = chance.randbytes(50)
    file.write_bytes(data)
    faceset = Faceset.open(eight_faces)
    told = ""
    try:
        assert len(faceset.faces()) <= len(whole)
        stats(faceset)
    except BackendError as error:
        told = error.message
    assert told == "" or "index.sqlite" in told


@pytest.mark.parametrize("column", ["landmarks", "matrix", "embedding"])
@pytest.mark.parametrize("value", [b"", b"123", np.full(2000, np.nan).tobytes()[:5736], None])
def test_damaged_rows_are_named(column, value, eight_faces):
    with sqlite3.connect(eight_faces / "index.sqlite") as connection:
        if value is None:
            connection.execute(f"UPDATE face SET {column} = 'text' WHERE number = 4")
        else:
            connection.execute(f"UPDATE face SET {column} = ? WHERE number = 4", (value,))
    connection.close()
    with pytest.raises(BackendError, match="The index"):
        Faceset.open(eight_faces).faces()


def test_a_missing_index_is_named(eight_faces):
    (eight_faces / "index.sqlite").unlink()
    with pytest.raises(BackendError, match="is missing"):
        Faceset.open(eight_faces).faces()
    assert not (eight_faces / "index.sqlite").exists()


def test_a_kill_before_the_first_face_leaves_an_empty_faceset(eight_faces):
    shutil.rmtree(eight_faces / "faces")
    (eight_faces / "index.sqlite").unlink()
    assert Faceset.open(eight_faces).faces() == []
    (eight_faces / "index.sqlite").touch()
    assert Faceset.open(eight_faces).faces() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00\xff", '{"size": "much"}', "null"])
def test_a_damaged_description_is_named(text, eight_faces):
    (eight_faces / "faceset.json").write_text(text, encoding="latin-1")
    with pytest.raises(BackendError, match="faceset"):
        Faceset.open(eight_faces)


@pytest.mark.parametrize(("key", "value"), [("version", 1), ("landmark_model", "other9")])
def test_a_faceset_of_another_kind_is_refused(key, value, eight_faces):
    file = eight_faces / "faceset.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
    with pytest.raises(BackendError, match=key):
        Faceset.open(eight_faces)


def test_what_is_no_faceset(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(UsageError, match="is not a faceset"):
            Faceset.open(place)
