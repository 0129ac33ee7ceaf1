import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.facesets import scores
from ml_backend.facesets.check import run_check
from ml_backend.facesets.choices import Limits
from ml_backend.facesets.filter import leave_out, run_filter
from ml_backend.facesets.merge import run_merge
from ml_backend.facesets.scores import measured
from ml_backend.facesets.split import run_split
from ml_backend.facesets.store import Faceset
from ml_backend.progress import SilentReporter

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
PLATE, TAKE, OTHER_TAKE = (FOOTAGE / f"{name}.mp4" for name in ("plate_A", "identity_B_take1", "identity_B_take2"))


class StopAtOnce(SilentReporter):
    def stop_requested(self):
        return True


def merge(out, *folders):
    return run_merge(folders, out, SilentReporter())


def identity(folder, name):
    """Say whose faces they are."""
    file = folder / "faceset.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"identity": name}))


@pytest.fixture
def takes(tmp_path, extract):
    """Two facesets of one person: frames 1-6 of one take, and 4-9 of it with 1-4 of another one."""
    first, second = tmp_path / "first", tmp_path / "second"
    extract(first, TAKE, frames="1-6", identity="identity_B")
    extract(second, TAKE, frames="4-9", identity="identity_B")
    extract(second, OTHER_TAKE, frames="1-4")
    return first, second


def test_faces_of_two_people_whom_nobody_has_named_are_told(two_people, tmp_path, capsys):
    for folder in two_people.values():
        identity(folder, None)
    folders = [str(folder) for folder in two_people.values()]
    assert main(["faceset", "merge", *folders, "--out", str(tmp_path / "both"), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out.splitlines()[-1])["unlike"] == folders[1:]
    assert "do not look like" in told.err


def test_merged_sets_have_every_frame_once(takes, tmp_path):
    result = merge(tmp_path / "new" / "all", *takes)
    assert result["unlike"] == []
    merged = Faceset.open(tmp_path / "new" / "all")
    faces = merged.faces()
    assert [(face.source.name, face.frame) for face in faces] == [
        *((TAKE.name, n) for n in range(1, 10)),
        *((OTHER_TAKE.name, n) for n in range(1, 5)),
    ]
    assert [face.track for face in faces] == [0] * 6 + [1] * 3 + [0] * 4
    assert merged.info.identity == "identity_B"
    assert (result["faces"], [part["faces"] for part in result["merged"]]) == (13, [6, 7])
    assert result["merged"][1]["frames_known_already"] == 3
    assert run_check(merged.folder, SilentReporter())["broken"] == []
    originals = {(f.source, f.frame): f for folder in reversed(takes) for f in Faceset.open(folder).faces()}
    for face in faces:
        original = originals[face.source, face.frame]
        assert face.path.read_bytes() == original.path.read_bytes()
        np.testing.assert_array_equal(face.landmarks, original.landmarks)
        np.testing.assert_array_equal(face.embedding, original.embedding)


def test_merged_sets_can_be_extended(takes, tmp_path, extract):
    merge(tmp_path / "all", *takes)
    result = extract(tmp_path / "all", TAKE, frames="1-10")
    assert (result["frames"], result["faces"]) == (10, 10)
    result = extract(tmp_path / "all", OTHER_TAKE, frames="5-5")
    assert [f.track for f in Faceset.open(tmp_path / "all").faces() if f.source == OTHER_TAKE] == [0] * 5  # goes on


def test_scores_and_choices_come_along(takes, tmp_path, monkeypatch):
    for folder in takes:
        list(measured(Faceset.open(folder), SilentReporter()))
    first, _ = takes
    gone, out = (f"identity_B_take1_{n:06d}_0.png" for n in (2, 3))
    (first / "faces" / gone).unlink()
    leave_out(Faceset.open(first), {out: "blurred"})
    merge(tmp_path / "all", *takes)
    merged = Faceset.open(tmp_path / "all")
    assert merged.left_out() == {out: "blurred"}
    assert [face.frame for face in merged.faces() if face.source == TAKE] == [1, 4, 5, 6, 7, 8, 9]

    def fail(*given):
        raise AssertionError("measured again")

    monkeypatch.setattr(scores, "measure", fail)
    assert len(list(measured(merged, SilentReporter()))) == 11


def test_merging_is_the_same_every_time(takes, tmp_path, content):
    for name in ("one", "two"):
        merge(tmp_path / name, *takes)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_sources_of_one_label_stay_apart(tmp_path, extract):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        extract(tmp_path / f"faces {name}", shutil.copy(TAKE, tmp_path / name / "shot.mp4"), frames="1-2")
    merge(tmp_path / "all", tmp_path / "faces a", tmp_path / "faces b")
    names = [face.path.name for face in Faceset.open(tmp_path / "all").faces()]
    assert names == ["shot_000001_0.png", "shot_000002_0.png", "shot-2_000001_0.png", "shot-2_000002_0.png"]


def test_a_label_cannot_lead_out_of_the_folder(eight_faces, tmp_path):
    with sqlite3.connect(eight_faces / "index.sqlite") as connection:
        connection.execute("UPDATE source SET label = '../../../gone'")
    connection.close()
    merge(tmp_path / "all", eight_faces)
    assert {face.path.parent for face in Faceset.open(tmp_path / "all").faces()} == {tmp_path / "all" / "faces"}
    run_split(Faceset.open(eight_faces), "source", tmp_path / "parts", SilentReporter())
    assert [part.name for part in (tmp_path / "parts").iterdir()] == ["_________gone"]


def test_what_does_not_go_together(two_people, eight_faces, tmp_path, extract):
    out = tmp_path / "all"
    with pytest.raises(UsageError, match=r"performer_A.*identity_B"):
        merge(out, *two_people.values())
    with pytest.raises(UsageError, match=r"size is 128.*64"):
        merge(out, two_people["performer_A"], eight_faces)
    with pytest.raises(UsageError, match="given twice"):
        merge(out, eight_faces, eight_faces)
    with pytest.raises(UsageError, match="is not a faceset"):
        merge(out, eight_faces, tmp_path)
    assert not out.exists()
    with pytest.raises(UsageError, match="exists already"):
        merge(eight_faces, two_people["performer_A"])
    (tmp_path / "file").write_text("x")
    with pytest.raises(BackendError, match="cannot be made"):
        merge(tmp_path / "file" / "below", eight_faces)


def test_faces_of_nobody_take_the_name(two_people, tmp_path):
    identity(two_people["identity_B"], None)
    identity(two_people["performer_A"], "somebody")
    assert merge(tmp_path / "all", two_people["identity_B"], two_people["performer_A"])["identity"] == "somebody"


def test_stopped_merging_leaves_nothing(takes, tmp_path):
    with pytest.raises(Cancelled):
        run_merge(takes, tmp_path / "all", StopAtOnce())
    assert not (tmp_path / "all").exists()
    merge(tmp_path / "all", *takes)


def test_only_one_at_a_time(takes, tmp_path):
    place = tmp_path / ".all.unfinished"
    place.mkdir()
    (place / "kept").write_text("x")
    with Faceset.lock(place), pytest.raises(BackendError, match="lock"):
        merge(tmp_path / "all", *takes)
    assert (place / "kept").exists()
    merge(tmp_path / "all", *takes)
    assert not place.exists()
    assert not (tmp_path / "all" / "kept").exists()


def test_splitting_by_source_and_merging_again(takes, tmp_path, content, capsys):
    merge(tmp_path / "all", *takes)
    assert main(["faceset", "split", str(tmp_path / "all"), "--by", "source", "--out", str(tmp_path / "parts")]) == 0
    assert "identity_B" in capsys.readouterr().out
    parts = [tmp_path / "parts" / clip.stem for clip in (TAKE, OTHER_TAKE)]
    assert [len(Faceset.open(part).faces()) for part in parts] == [9, 4]
    assert {Faceset.open(part).info.identity for part in parts} == {"identity_B"}
    assert main(["faceset", "merge", *map(str, parts), "--out", str(tmp_path / "again"), "--json"]) == 0
    assert content(tmp_path / "again") == content(tmp_path / "all")


def test_splitting_by_track(takes, tmp_path, extract):
    merge(tmp_path / "all", *takes)
    result = run_split(Faceset.open(tmp_path / "all"), "track", tmp_path / "parts", SilentReporter())
    assert [Path(part["faceset"]).name for part in result["parts"]] == [
        "identity_B_take1_track_0",
        "identity_B_take1_track_1",
        "identity_B_take2_track_0",
    ]
    assert [part["faces"] for part in result["parts"]] == [6, 3, 4]
    part = tmp_path / "parts" / "identity_B_take1_track_0"
    assert extract(part, TAKE, frames="1-9")["faces"] == 6  # the other track's frames do not come back


@pytest.mark.parametrize("swapped", [False, True])
def test_splitting_by_person(swapped, two_people, tmp_path, add_face):
    folder, other = (
        two_people[name] for name in (("identity_B", "performer_A"), ("performer_A", "identity_B"))[swapped]
    )
    for face in Faceset.open(other).faces()[:9]:
        add_face(folder, face, f"other_{face.frame:06d}_0.png", source="/elsewhere/other.mp4")
    name = Faceset.open(folder).info.identity
    result = run_split(Faceset.open(folder), "person", tmp_path / "parts", SilentReporter())
    assert [(part["identity"], part["faces"]) for part in result["parts"]] == [(name, 24), (None, 9)]
    first, second = (Faceset.open(tmp_path / "parts" / f"person_{n}") for n in (1, 2))
    assert all(not face.path.name.startswith("other") for face in first.faces())
    assert all(face.path.name.startswith("other") for face in second.faces())
    assert second.info.identity is None
    for part in (first, second):
        assert run_check(part.folder, SilentReporter()) == {
            "faceset": str(part.folder),
            "ok": True,
            "faces": len(part.faces()),
            "broken": [],
            "doubtful": [],
        }


def test_left_out_faces_are_not_split(two_people, tmp_path):
    faceset = Faceset.open(two_people["identity_B"])
    run_filter(faceset, Limits(), SilentReporter(), even=10)
    result = run_split(faceset, "source", tmp_path / "parts", SilentReporter())
    assert [part["faces"] for part in result["parts"]] == [10]


def test_empty_facesets_can_be_merged_and_split(eight_faces, tmp_path):
    for file in (eight_faces / "faces").iterdir():
        file.unlink()
    assert merge(tmp_path / "all", eight_faces)["faces"] == 0
    for by in ("source", "track", "person"):
        assert run_split(Faceset.open(tmp_path / "all"), by, tmp_path / by, SilentReporter())["parts"] == []


@pytest.mark.slow
def test_killed_merges_leave_nothing_half_done(two_people, tmp_path, content):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # pytest shows it where the test fails
    chance = random.Random(seed)
    identity(two_people["performer_A"], None)
    merge(tmp_path / "undisturbed", *two_people.values())
    out, part = tmp_path / "killed", tmp_path / ".killed.unfinished"
    command = [sys.executable, "-m", "ml_backend", "faceset", "merge", *map(str, two_people.values())]
    for _ in range(4):
        process = subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not part.exists():
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.wait()
        if out.exists():
            break
    if not out.exists():
        merge(out, *two_people.values())
    assert content(out) == content(tmp_path / "undisturbed")
    assert not part.exists()
