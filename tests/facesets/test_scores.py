import json
import os
import sqlite3
import time
from dataclasses import astuple

import numpy as np
import pytest

from ml_backend.errors import BackendError, Cancelled
from ml_backend.facesets import scores
from ml_backend.facesets.scores import measured
from ml_backend.facesets.store import Faceset
from ml_backend.facesets.table import read_table
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter

OLD_TABLES = {"source", "frame", "face"}


def all_of(folder):
    return list(measured(Faceset.open(folder), SilentReporter()))


def count_measuring(monkeypatch):
    """How many faces are measured from now on."""
    counted = []
    measure = scores.measure
    monkeypatch.setattr(scores, "measure", lambda *given: counted.append(given) or measure(*given))
    return counted


def as_before_curation(folder):
    """The index as it was before there was curation."""
    with sqlite3.connect(folder / "index.sqlite") as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for table in tables - OLD_TABLES:
            connection.execute(f"DROP TABLE {table}")
    connection.close()


def test_an_older_faceset_gets_scores_and_nothing_else_changes(eight_faces, extract, content):
    as_before_curation(eight_faces)
    before = content(eight_faces)
    assert len(Faceset.open(eight_faces).faces()) == 8
    assert Faceset.open(eight_faces).left_out() == {}
    found = all_of(eight_faces)
    assert len(found) == 8
    for one in found:
        assert np.isfinite(astuple(one.scores)).all()
        assert one.look.shape == (184,)
    assert content(eight_faces) == before
    extract(eight_faces, before["source"][0][1], frames="1-8")
    assert content(eight_faces) == before


def test_scored_and_extended_is_as_extended(eight_faces, tmp_path, extract, content):
    all_of(eight_faces)
    source = Faceset.open(eight_faces).faces()[0].source
    extract(eight_faces, source, frames="9-12")
    extract(tmp_path / "at once", source, frames="1-12", identity="performer_A")
    assert content(eight_faces) == content(tmp_path / "at once")
    assert len(all_of(eight_faces)) == 12


def test_each_face_is_measured_once(eight_faces, monkeypatch):
    counted = count_measuring(monkeypatch)
    first, again = all_of(eight_faces), all_of(eight_faces)
    assert len(counted) == 8
    assert [astuple(one.scores) for one in again] == [astuple(one.scores) for one in first]
    assert all((a.look == b.look).all() for a, b in zip(first, again, strict=True))


def test_a_painted_picture_is_measured_again(eight_faces, monkeypatch):
    first = all_of(eight_faces)
    write_rgb(first[2].face.path, np.full((64, 64, 3), 200, np.uint8))
    counted = count_measuring(monkeypatch)
    assert all_of(eight_faces)[2].scores.skin == pytest.approx(200 / 255, abs=0.01)
    assert len(counted) == 1


def test_scores_of_another_version_are_replaced(eight_faces, monkeypatch):
    all_of(eight_faces)
    monkeypatch.setattr(scores, "VERSION", scores.VERSION + 1)
    counted = count_measuring(monkeypatch)
    all_of(eight_faces)
    all_of(eight_faces)
    assert len(counted) == 8


def test_stopped_measuring_goes_on(two_people, monkeypatch):
    class StopAtOnce(SilentReporter):
        def stop_requested(self):
            return True

    monkeypatch.setattr(scores, "_CHUNK", 5)
    counted = count_measuring(monkeypatch)
    with pytest.raises(Cancelled):
        list(measured(Faceset.open(two_people["identity_B"]), StopAtOnce()))
    assert len(counted) == 5
    assert len(all_of(two_people["identity_B"])) == 24
    assert len(counted) == 24


def test_a_faceset_that_cannot_be_written_is_measured_all_the_same(eight_faces, monkeypatch):
    as_before_curation(eight_faces)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    before = (eight_faces / "index.sqlite").read_bytes()
    assert len(all_of(eight_faces)) == 8
    assert (eight_faces / "index.sqlite").read_bytes() == before


def test_damaged_pictures_are_named(eight_faces):
    file = eight_faces / "faces" / "plate_A_000003_0.png"
    write_rgb(file, np.zeros((32, 64, 3), np.uint8))
    with pytest.raises(BackendError, match=r"plate_A_000003_0.*64×64"):
        all_of(eight_faces)
    file.write_bytes(b"\x89PNG")
    with pytest.raises(BackendError, match="plate_A_000003_0"):
        all_of(eight_faces)


@pytest.mark.parametrize(
    ("column", "value"),
    [("scores", "{"), ("scores", "{}"), ("scores", '{"yaw": NaN}'), ("look", b"12"), ("look", None)],
)
def test_damaged_scores_are_named(column, value, eight_faces):
    all_of(eight_faces)
    with sqlite3.connect(eight_faces / "index.sqlite") as connection:
        given = "text" if value is None else value
        connection.execute(f"UPDATE measured SET {column} = ? WHERE file LIKE '%4_0.png'", (given,))
    connection.close()
    with pytest.raises(BackendError, match=r"index\.sqlite"):
        all_of(eight_faces)


def test_left_out_faces_are_not_used_and_survive(eight_faces, extract):
    faceset = Faceset.open(eight_faces)
    whole = faceset.faces()
    with faceset.index() as index, index:
        index.execute("INSERT INTO left_out VALUES (?, 'blurred')", (whole[3].path.name,))
    assert [face.frame for face in faceset.faces()] == [1, 2, 3, 5, 6, 7, 8]
    assert [face.frame for face in faceset.faces(left_out=True)] == list(range(1, 9))
    result = extract(eight_faces, whole[0].source, frames="1-9")
    assert result["faces"] == 8
    assert [face.frame for face in faceset.faces()] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert whole[3].path.exists()


def test_reading_goes_on_while_others_write(two_people):
    """A reader that holds on to the index would keep an extraction waiting."""
    faceset = Faceset.open(two_people["identity_B"])
    faces = faceset.stream()
    next(faces)
    started = time.monotonic()
    with faceset.index() as index, index:
        index.execute("INSERT INTO left_out VALUES ('x.png', 'blurred')")
    assert time.monotonic() - started < 5
    assert len(list(faces)) == 23


def test_columns_of_the_table(two_people):
    table = read_table(Faceset.open(two_people["identity_B"]), SilentReporter())
    assert len(table) == 24
    for name in ("yaw", "mouth", "score", "size", "eyes", "similarity", "duplicates"):
        assert table[name].shape == (24,)
        assert np.isfinite(table[name]).all()
    assert (table["size"] > 150).all()  # of the face in a frame of 384
    assert (table["similarity"] > 0.5).all()
    some = table.take(np.array([3, 1]))
    assert some.files == [table.files[3], table.files[1]]
    assert some["yaw"].tolist() == table["yaw"][[3, 1]].tolist()


def test_empty_facesets_have_empty_tables(eight_faces):
    for file in (eight_faces / "faces").iterdir():
        file.unlink()
    table = read_table(Faceset.open(eight_faces), SilentReporter())
    assert len(table) == 0
    for name in ("yaw", "eyes", "similarity", "duplicates"):
        assert table[name].shape == (0,)


def test_scores_are_plain_json(eight_faces):
    all_of(eight_faces)
    connection = sqlite3.connect(eight_faces / "index.sqlite")
    (text,) = connection.execute("SELECT scores FROM measured").fetchone()
    connection.close()
    assert {"sharpness", "skin", "yaw", "mouth"} <= json.loads(text).keys()
