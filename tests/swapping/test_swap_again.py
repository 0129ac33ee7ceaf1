"""A swap into a folder that holds frames already: what stays, what goes, and what is left alone."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.swapping.journal import Journal
from ml_backend.swapping.manifest import MANIFEST, read_manifest

from .plates import write_plate

Swap = Callable[..., dict[str, Any]]
ALONE = {"mask_smooth": "0", "smooth": "0", "detail": "0", "performance": "0", "inner_mouth": "0", "grain": "0"}
"""A frame depends on itself and those beside it."""


class StopAfterOne(SilentReporter):
    done = False

    def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
        self.done |= stage == "swap"

    def stop_requested(self) -> bool:
        return self.done


def pictures(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix in (".png", ".exr")}


def numbers(folder: Path) -> list[int]:
    """Those that the manifest names, which are those that are there."""
    frames = read_manifest(folder).frames
    assert {frame.file for frame in frames} == pictures(folder).keys()
    return [frame.number for frame in frames]


@pytest.fixture(scope="module")
def images(footage: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_source(footage / "plate_A.mp4", "1-8").frames()]


@pytest.mark.parametrize("steps", [("all",), ("faces", "frames", "join")])
def test_keys_for_a_part_leave_the_frames_that_they_do_not_change(
    swap: Swap, tmp_path: Path, steps: tuple[str, ...]
) -> None:
    out, keys = tmp_path / "swap", {"opacity": [(3, 1.0), (4, 0.5), (5, 1.0)]}
    swap(frames="1-6")
    before = pictures(out)
    for step in steps:
        swap(frames="3-5", keys=keys, step=step)
    assert numbers(out) == list(range(1, 7))
    assert {name for name, data in pictures(out).items() if before[name] != data} == {"000004.png"}
    assert swap(frames="1-6", keys=keys)["frames_made"] == 0
    assert swap(frames="6", keys={"opacity": [(1, 0.5), (2, 1.0)]})["frames_made"] == 0
    assert numbers(out) == [2, 3, 5, 6], "1 and 4 come out otherwise"


def test_repairs_beside_the_chosen_frames_count(swap: Swap, footage: Path, tmp_path: Path) -> None:
    points = {str(point): [190 + point % 7, 190] for point in (33, 263, 1)}
    one = {"source": str(footage / "plate_A.mp4"), "action": "landmarks", "at": [190, 190], "points": points}
    file = tmp_path / "repairs.json"
    file.write_text(json.dumps({"version": 1, "repairs": [one | {"frame": 2}]}))
    swap(frames="1-14", settings=ALONE, repairs=file)
    file.write_text(json.dumps({"version": 1, "repairs": [one | {"frame": frame} for frame in (2, 14)]}))
    assert swap(frames="14", settings=ALONE, repairs=file)["frames_made"] == 1
    assert numbers(tmp_path / "swap") == [*range(1, 13), 14]


def test_pictures_that_arrive_leave_those_of_before(swap: Swap, images: list[np.ndarray], tmp_path: Path) -> None:
    plate, out = write_plate(tmp_path / "plate", images[:5], first=1001), tmp_path / "swap"
    asked = {"plate": str(plate), "settings": ALONE}
    swap(frames="1001-1005", **asked)
    write_plate(plate, images[5:], first=1006)
    swap(frames="1006-1008", **asked)
    assert numbers(out) == [1001, 1002, 1003, 1004, 1006, 1007, 1008], "1005 has one more beside it"
    assert len(list((out / "cache").glob("*.sqlite"))) == 1
    assert swap(frames=None, **asked)["frames_made"] == 1
    swap(out=tmp_path / "whole", frames=None, **asked)
    assert pictures(out) == pictures(tmp_path / "whole")
    assert read_manifest(out).frames == read_manifest(tmp_path / "whole").frames


def test_faces_are_looked_for_in_new_pictures_only(swap: Swap, images: list[np.ndarray], tmp_path: Path) -> None:
    class Looked(SilentReporter):
        frames = 0

        def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
            self.frames += stage == "find faces"

    plate, asked = write_plate(tmp_path / "plate", images[:4]), {"plate": str(tmp_path / "plate"), "frames": None}
    counts = []
    for picture in (5, 6):
        swap(looked := Looked(), step="faces", **asked)
        counts.append(looked.frames)
        write_rgb(plate / f"shot.{picture:04d}.png", images[picture])
    os.utime(plate / "shot.0002.png", ns=(1, 1))
    swap(looked := Looked(), step="faces", **asked)
    assert [*counts, looked.frames] == [4, 1, 6], "after a change all are"
    assert len(list((tmp_path / "swap" / "cache").glob("*.sqlite"))) == 1


def test_a_swap_goes_into_no_faceset_and_no_model(swap: Swap, tiny_model: Path, facesets: dict[str, Path]) -> None:
    for folder, what in ((tiny_model, "a model"), (facesets["performer_A"], "a faceset")):
        before = sorted(folder.rglob("*"))
        with pytest.raises(UsageError, match=f"{folder.name} is {what}"):
            swap(out=folder)
        assert sorted(folder.rglob("*")) == before


def test_repairs_that_are_made_meanwhile_are_for_the_next_swap(swap: Swap, footage: Path, tmp_path: Path) -> None:
    one = {"source": str(footage / "plate_A.mp4"), "action": "delete", "at": [190, 190]}
    file = tmp_path / "repairs.json"

    def write(*frames: int) -> None:
        file.write_text(json.dumps({"version": 1, "repairs": [one | {"frame": frame} for frame in frames]}))

    class Repairs(SilentReporter):
        def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
            write(2, 3)

    write(2)
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    assert swap(Repairs(), settings=ALONE, repairs=file)["faces"] == 2
    assert read_manifest(tmp_path / "swap").repairs_sha256 == before
    assert swap(settings=ALONE, repairs=file)["faces"] == 1


def test_a_plate_that_goes_while_it_is_swapped_is_named(swap: Swap, footage: Path, tmp_path: Path) -> None:
    plate = Path(shutil.copy(footage / "plate_A.mp4", tmp_path / "shot.mp4"))

    class Removes(SilentReporter):
        def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
            if stage == "swap":
                plate.unlink(missing_ok=True)

    with pytest.raises(BackendError, match=r"shot.mp4 was changed while it was swapped"):
        swap(Removes(), plate=str(plate), frames="1-2", settings=ALONE)


@pytest.mark.parametrize("change", ["touched", "more"])
def test_a_plate_may_grow_while_it_is_swapped_but_not_change(
    swap: Swap, images: list[np.ndarray], tmp_path: Path, change: str
) -> None:
    plate, out = write_plate(tmp_path / "plate", images[:3]), tmp_path / "swap"

    class Changes(SilentReporter):
        def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
            if stage == "swap" and change == "more":
                write_rgb(plate / "shot.0004.png", images[3])
            elif stage == "swap":
                os.utime(plate / "shot.0002.png", ns=(1, 1))

    asked = {"plate": str(plate), "frames": "1-3", "settings": ALONE}
    if change == "more":
        assert swap(Changes(), **asked)["frames_made"] == 3
        assert numbers(out) == [1, 2, 3]
        return
    with pytest.raises(BackendError, match=r"shot.0002.png of .*plate was changed while it was swapped"):
        swap(Changes(), **asked)
    assert not (out / MANIFEST).exists()
    assert swap(**asked)["frames_made"] > 0
    assert numbers(out) == [1, 2, 3]


def test_a_changed_picture_leaves_what_does_not_depend_on_it(
    swap: Swap, images: list[np.ndarray], tmp_path: Path
) -> None:
    plate, out = write_plate(tmp_path / "plate", images), tmp_path / "swap"
    asked = {"plate": str(plate), "settings": ALONE}
    swap(frames=None, **asked)
    os.utime(plate / "shot.0003.png", ns=(1, 1))
    assert swap(frames="8", **asked)["frames_made"] == 0
    assert numbers(out) == [1, 5, 6, 7, 8]
    (plate / "shot.0003.png").unlink()
    swap(frames="8", **asked)
    assert numbers(out)[0] == 1, "the gap is not beside it"


def test_joining_what_is_not_made_removes_nothing(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-4")
    before = pictures(tmp_path / "swap")
    with pytest.raises(BackendError, match="not made as this swap asks"):
        swap(frames="1-2", settings={"opacity": "0.5"}, step="join")
    assert pictures(tmp_path / "swap") == before
    assert numbers(tmp_path / "swap") == [1, 2, 3, 4]


@pytest.mark.parametrize("changes", [{"output": "exr"}, {"names": "a.####", "opacity": "0.5"}])
def test_a_stopped_change_of_the_files_leaves_no_old_ones(swap: Swap, tmp_path: Path, changes: dict[str, str]) -> None:
    swap(frames="1-3")
    with pytest.raises(Cancelled):
        swap(StopAfterOne(), frames="1-3", settings=changes)
    swap(frames="1-3", settings=changes)
    assert numbers(tmp_path / "swap") == [1, 2, 3]


def test_a_stopped_swap_is_not_taken_for_somebody_elses(swap: Swap, tmp_path: Path) -> None:
    out = tmp_path / "swap"
    with pytest.raises(Cancelled):
        swap(StopAfterOne(), frames="1-3")
    (out / "000003.png").write_bytes(b"written, and then came the kill")
    assert swap(frames="1-3")["frames_made"] >= 1
    assert numbers(out) == [1, 2, 3]


def test_an_artists_pictures_beside_a_swap_are_left_alone(swap: Swap, tmp_path: Path) -> None:
    out = tmp_path / "swap"
    swap(frames="1-2")
    own = {"000003.png": b"mine", "comp.0001.png": b"mine too"}
    for name, data in own.items():
        (out / name).write_bytes(data)
    before = pictures(out)
    with pytest.raises(UsageError, match=r"000003\.png is there already, and no swap"):
        swap(frames="1-3")
    with pytest.raises(UsageError, match=r"comp\.0001\.png"):
        swap(frames="1-2", settings={"names": "comp.####"})
    assert pictures(out) == before
    swap(frames="1-2", settings={"names": "shot.####"})
    assert {name: data for name, data in pictures(out).items() if name in own} == own


def test_names_that_meet_those_of_other_frames_are_refused(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-2", settings={"names": "a#2"})  # a12.png and a22.png
    with pytest.raises(UsageError, match=r"a12\.png, which would be frame 2, is the picture of frame 1\."):
        swap(frames="2", settings={"names": "a1#"})
    assert numbers(tmp_path / "swap") == [1, 2]


def test_a_journal_removes_only_pictures_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(b"mine")
    folder = tmp_path / "swap"
    folder.mkdir()
    (folder / "old.png").write_bytes(b"old")
    (folder / Journal.FILE).write_text('{"files": ["../mine.png"]}\n{"files": ["old.png"]}')
    Journal(folder).remove_left()
    assert (tmp_path / "mine.png").exists()
    assert not (folder / "old.png").exists()
