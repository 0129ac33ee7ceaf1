import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.facesets.coverage import find_gaps
from ml_backend.facesets.coverage_picture import CELL, GUTTER, TOP, draw_coverage
from ml_backend.facesets.drawing import ALARM
from ml_backend.facesets.poses import pose_in_words, sort_into_cells
from ml_backend.facesets.store import Faceset
from ml_backend.facesets.table import read_table
from ml_backend.media.write import read_picture
from ml_backend.progress import SilentReporter


def table_of(folder):
    return read_table(Faceset.open(folder), SilentReporter())


def test_poses_in_words():
    assert pose_in_words(3, 2) == "looking straight ahead"
    assert pose_in_words(1, 3) == "looking down and left"
    assert pose_in_words(6, 2) == "looking far right"
    assert pose_in_words(3, 0) == "looking far up"


def test_cells_follow_the_signs_of_the_pose(two_people):
    table = table_of(two_people["performer_A"])
    table["yaw"][:4] = [-60, 0, 30, 12]
    table["pitch"][:4] = [-30, 0, 10, 30]
    cells = sort_into_cells(table)
    words = [pose_in_words(cells.column[n], cells.row[n]) for n in range(4)]
    assert words == [
        "looking far up and far left",
        "looking straight ahead",
        "looking down and right",
        "looking far down and slightly right",
    ]


def test_nobody_lacks_what_is_their_own(two_people):
    table = table_of(two_people["performer_A"])
    assert find_gaps(table, table) == []


def test_a_pose_that_is_missing_is_told_once(two_people):
    table = table_of(two_people["performer_A"])
    performer = table.take(np.arange(24))
    performer["yaw"][:6] = 60
    performer["pitch"][:6] = 0
    performer["mouth"][:3] = 0.3
    gaps = find_gaps(table, performer)
    assert [(gap.words, gap.faces, gap.near) for gap in gaps[:1]] == [("looking far right", 6, 0)]
    assert gaps[0].sentence == "no frames looking far right"
    assert set(gaps[0].examples) <= set(range(6))
    assert not any("far right" in gap.words for gap in gaps[1:])


def test_expressions_that_are_missing(two_people):
    table = table_of(two_people["performer_A"])
    identity, performer = table.take(np.arange(24)), table.take(np.arange(24))
    for name, pose in (("yaw", -30.0), ("pitch", 12.0)):
        identity[name][:] = performer[name][:] = pose
    identity["mouth"][:], performer["mouth"][:] = 0.02, 0.02
    performer["mouth"][:5] = 0.3
    assert [gap.sentence for gap in find_gaps(identity, performer)] == ["no frames with open mouth"]
    identity["yaw"][20:] = 0
    identity["mouth"][20:] = 0.3  # now it opens its mouth, and not where the performer does
    (gap,) = find_gaps(identity, performer)
    assert gap.sentence == "no frames looking down and left with open mouth"


def test_the_worst_comes_first(two_people):
    table = table_of(two_people["performer_A"])
    performer = table.take(np.arange(24))
    performer["yaw"][:2] = 80
    performer["yaw"][2:12] = -80
    performer["pitch"][:12] = 0
    gaps = find_gaps(table, performer)
    assert [(gap.words, gap.faces) for gap in gaps[:2]] == [("looking far left", 10), ("looking far right", 2)]


def test_an_empty_side(two_people):
    performer = table_of(two_people["performer_A"])
    nobody = performer.take(np.zeros(0, np.int64))
    assert sum(gap.faces for gap in find_gaps(nobody, performer)) == 24
    assert find_gaps(performer, nobody) == []
    picture = draw_coverage(performer, nobody, ("a", "b"), find_gaps(nobody, performer))
    assert picture.shape[2] == 3


def test_the_command_names_and_draws_what_is_missing(two_people, tmp_path, capsys):
    few = tmp_path / "few"
    shutil.copytree(two_people["identity_B"], few)
    for face in Faceset.open(few).faces()[4:]:
        face.path.unlink()
    picture = tmp_path / "new" / "coverage.png"
    command = ["faceset", "stats", str(few), "--against", str(two_people["performer_A"]), "--picture", str(picture)]
    assert main([*command, "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values["faces"] == 4
    worst = values["missing"][0]
    assert worst["missing"].startswith(("no frames ", "only "))
    assert worst["performer_faces"] >= len(worst["examples"]) >= 1
    assert {"source", "frame", "file"} <= worst["examples"][0].keys()
    assert sum(kind["faces"] for kind in values["coverage"]) == 4
    assert {"sharpness", "yaw", "mouth", "similarity", "duplicates"} <= values["scores"].keys()
    drawn = read_picture(picture)
    assert drawn.shape[1] > 1000
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 500  # there are faces in it
    assert main(command) == 0
    assert worst["missing"] in capsys.readouterr().out


def test_a_cell_is_framed_where_the_list_names_it_and_not_where_faces_are_close_by(two_people):
    table = table_of(two_people["performer_A"])
    performer, identity = table.take(np.arange(8)), table.take(np.arange(8))
    performer.columns["yaw"][:], identity.columns["yaw"][:] = 24.0, 26.0  # two cells, two degrees apart
    for away, framed in ((0.0, False), (-60.0, True)):
        identity.columns["yaw"][:] = 26.0 + away
        gaps = find_gaps(identity, performer)
        assert bool(gaps) == framed
        assert sorted(n for gap in gaps for n in gap.members) == (list(range(8)) if framed else [])
        drawn = draw_coverage(performer, identity, ("a", "b"), gaps)[: TOP + 5 * (CELL + GUTTER)]
        assert (drawn == ALARM).all(2).any() == framed
    few = [replace(gap, members=gap.members[:1]) for gap in gaps]  # most have a face close by
    drawn = draw_coverage(performer, identity, ("a", "b"), few)[: TOP + 5 * (CELL + GUTTER)]
    assert not (drawn == ALARM).all(2).any()


def test_a_picture_needs_two_facesets(eight_faces, tmp_path, capsys):
    assert main(["faceset", "stats", str(eight_faces), "--picture", str(tmp_path / "x.png")]) == 2
    assert "--against" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Zoë 人", "x" * 90])
def test_any_name_can_be_drawn(name, two_people):
    table = table_of(two_people["identity_B"])
    assert draw_coverage(table, table, (name, name), []).shape == draw_coverage(table, table, ("a", "b"), []).shape
