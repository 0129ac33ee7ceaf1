"""The swap job: a frame for every frame, and work that is done is not done again."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture, write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.requests import SwapRequest, TrainRequest
from ml_backend.swapping.manifest import read_manifest
from ml_backend.swapping.render import flatten
from ml_backend.swapping.swap import run_swap
from ml_backend.training.train import run_train

from .plates import write_plate

Swap = Callable[..., dict[str, Any]]


class StopAfter(SilentReporter):
    """Asks to stop once so many frames are swapped."""

    def __init__(self, frames: int) -> None:
        self._frames, self._done = frames, 0

    def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
        self._done += stage == "swap"

    def stop_requested(self) -> bool:
        return self._done >= self._frames


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(folder.rglob("*"))}


def pictures(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.png")}


def test_every_frame_gets_a_picture_and_the_manifest_tells_all(swap: Swap, footage: Path, tmp_path: Path) -> None:
    result = swap()
    assert {key: result[key] for key in ("frames", "frames_made", "faces", "frames_without_face")} == {
        "frames": 3,
        "frames_made": 3,
        "faces": 3,
        "frames_without_face": 0,
    }
    out = tmp_path / "swap"
    manifest = read_manifest(out)
    assert [frame.file for frame in manifest.frames] == ["000001.png", "000002.png", "000003.png"]
    assert (manifest.identity, manifest.bit_depth, manifest.fps, manifest.first, manifest.last) == (
        "identity_B",
        8,
        "25",
        1,
        3,
    )
    assert manifest.consent.identity == "identity_B"
    plate = open_source(footage / "plate_A.mp4", "1-3")
    for frame, entry in zip(plate.frames(), manifest.frames, strict=True):
        layer = read_picture(out / entry.file)
        assert layer.shape == (384, 384, 4)
        assert layer.dtype == np.uint8
        assert hashlib.sha256((out / entry.file).read_bytes()).hexdigest() == entry.sha256
        outside = layer[..., 3] == 0
        assert 0.5 < outside.mean() < 0.99
        assert np.array_equal(flatten(frame.image, layer)[outside], frame.image[outside])


def test_the_second_time_nothing_is_done(swap: Swap, tmp_path: Path) -> None:
    swap()
    before = state_of(tmp_path)
    assert swap()["frames_made"] == 0
    assert state_of(tmp_path) == before


def test_more_frames_add_to_those_that_are_there(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-2")
    before = {name: state for name, state in state_of(tmp_path).items() if name.endswith(".png")}
    assert swap()["frames_made"] == 1
    assert {name: state for name, state in state_of(tmp_path).items() if name in before} == before
    assert read_manifest(tmp_path / "swap").last == 3


def test_other_settings_make_the_frames_anew_and_back_again(swap: Swap, tmp_path: Path) -> None:
    swap()
    first = pictures(tmp_path / "swap")
    assert swap(settings={"opacity": "0.5"})["frames_made"] == 3
    assert read_manifest(tmp_path / "swap").settings["opacity"] == 0.5
    assert all(first[name] != data for name, data in pictures(tmp_path / "swap").items())
    assert swap(frames="1")["frames_made"] == 1
    assert swap()["frames_made"] == 2
    assert pictures(tmp_path / "swap") == first


def test_a_picture_deleted_by_hand_is_made_again(swap: Swap, tmp_path: Path) -> None:
    swap()
    first = pictures(tmp_path / "swap")
    (tmp_path / "swap" / "000002.png").unlink()
    assert swap()["frames_made"] == 1
    assert pictures(tmp_path / "swap") == first


def test_the_manifest_comes_last_and_a_stopped_swap_goes_on(swap: Swap, tmp_path: Path) -> None:
    out, calm = tmp_path / "swap", tmp_path / "calm"
    swap(out=calm)
    with pytest.raises(Cancelled):
        swap(StopAfter(2))
    assert sorted(pictures(out))[:2] == ["000001.png", "000002.png"]
    assert not (out / "manifest.json").exists()
    (out / "journal.jsonl").open("ab").write(b'\n{"fingerprint": "torn')
    assert swap()["frames_made"] == 1
    assert pictures(out) == pictures(calm)
    assert read_manifest(out) == read_manifest(calm)
    with pytest.raises(Cancelled):
        swap(StopAfter(1), settings={"opacity": "0.5"})
    assert not (out / "manifest.json").exists(), "a manifest never tells of frames that are being made anew"


def test_a_damaged_manifest_is_written_again(swap: Swap, tmp_path: Path) -> None:
    swap()
    file = tmp_path / "swap" / "manifest.json"
    whole = file.read_bytes()
    for garbage in (b"", b"\xff{", b"[]"):
        file.write_bytes(garbage)
        assert swap()["frames_made"] == 0
        assert file.read_bytes() == whole


def test_faces_found_before_are_used_and_damaged_ones_found_anew(swap: Swap, tmp_path: Path) -> None:
    swap()
    (kept,) = (tmp_path / "swap" / "cache").glob("*.sqlite")
    whole, first = kept.read_bytes(), pictures(tmp_path / "swap")
    damages = [b"", whole[: len(whole) // 2], whole[:100] + b"\xff" * 50 + whole[150:], b"PK\x03\x04 nonsense"]
    for n, damage in enumerate(damages):
        kept.write_bytes(damage)
        assert swap(settings={"opacity": str(0.9 - n / 10)})["faces"] == 3
    swap()
    assert pictures(tmp_path / "swap") == first


def test_a_changed_plate_is_swapped_anew(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    plate = write_plate(tmp_path / "plate", frames)
    named = {"plate": str(plate), "frames": None}
    swap(**named)
    assert swap(**named)["frames_made"] == 0
    assert swap(plate=str(plate / "shot.####.png"), frames=None)["frames_made"] == 0, "the same files by a pattern"
    assert swap(plate=str(plate), frames="2-3")["frames_made"] == 0
    shutil.copy(plate / "shot.0001.png", tmp_path / "copy.png")
    (plate / "notes.txt").write_text("not a frame")
    assert swap(**named)["frames_made"] == 0
    write_rgb(plate / "shot.0002.png", frames[0])
    os.utime(plate / "shot.0002.png", ns=(1, 1))
    assert swap(**named)["frames_made"] == 3


def test_a_changed_movie_is_swapped_anew(swap: Swap, footage: Path, tmp_path: Path) -> None:
    movie = tmp_path / "plate.mp4"
    shutil.copy(footage / "plate_A.mp4", movie)
    swap(plate=str(movie), frames="1")
    assert swap(plate=str(movie), frames="1")["frames_made"] == 0
    os.utime(movie, ns=(1, 1))
    assert swap(plate=str(movie), frames="1")["frames_made"] == 1


def test_other_weights_make_the_frames_anew(
    swap: Swap, tiny_model: Path, facesets: dict[str, Path], consent: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    swap(model=model, frames="1")
    moved = tmp_path / "moved"
    model.rename(moved)
    assert swap(model=moved, frames="1")["frames_made"] == 0, "the same weights elsewhere"
    run_train(TrainRequest(model=moved, facesets=facesets, iterations=31, consent=consent), SilentReporter())
    assert swap(model=moved, frames="1")["frames_made"] == 1


def test_frames_without_a_face_are_transparent(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    empty = np.full_like(frames[0], 90)
    plate = write_plate(tmp_path / "plate", [frames[0], empty, empty, frames[1]], first=101)
    result = swap(plate=str(plate), frames=None)
    assert (result["frames"], result["faces"], result["frames_without_face"]) == (4, 2, 2)
    layers = [read_picture(tmp_path / "swap" / f"{number:06d}.png") for number in range(101, 105)]
    assert [bool(layer.any()) for layer in layers] == [True, False, False, True]


def test_a_face_cut_by_the_border_is_swapped(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    cut = [np.ascontiguousarray(frame[:, 150:]) for frame in frames]
    result = swap(plate=str(write_plate(tmp_path / "plate", cut)), frames=None)
    layer = read_picture(tmp_path / "swap" / "000001.png")
    assert layer.shape == (*cut[0].shape[:2], 4)
    assert result["faces"] == 0 or layer.any()


def test_of_two_people_the_performer_is_swapped(
    swap: Swap, footage: Path, frames: list[np.ndarray], tmp_path: Path
) -> None:
    others = [frame.image for frame in open_source(footage / "identity_B_take2.mp4", "1-3").frames()]
    both = [np.hstack(pair) for pair in zip(frames, others, strict=True)]
    plate = str(write_plate(tmp_path / "plate", both))
    covered = {}
    for faces in ("performer", "all", "largest"):
        everybody = {"performer": "performer_A,identity_B"} if faces == "all" else {}  # each of them must agree
        result = swap(plate=plate, frames=None, settings={"faces": faces} | everybody)
        layer = read_picture(tmp_path / "swap" / "000002.png")
        covered[faces] = (result["faces"], bool(layer[:, :384].any()), bool(layer[:, 384:].any()))
    assert covered["all"] == (6, True, True)
    assert covered["performer"] == (3, True, False)
    assert covered["largest"][0] == 3


def test_the_command_line_swaps_refuses_and_answers_in_json(
    run_backend: Callable[..., Any], footage: Path, tiny_model: Path, consent: Path, tmp_path: Path
) -> None:
    asked = ["swap", footage / "plate_A.mp4", "--model", tiny_model, "--identity", "identity_B", "--frames", "7"]
    asked += ["--out", tmp_path / "swap", "--json"]
    refused = run_backend(*asked)
    assert refused.returncode == 3
    assert "ml-backend consent new identity_B --basis" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    done = run_backend(*asked, "--consent", consent)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["frames"], result["faces"], result["out"]) == (1, 1, str(tmp_path / "swap"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"settings": {"nonsense": "1"}}, "no swap setting nonsense"),
        ({"settings": {"feather": "wide"}}, "feather=wide"),
        ({"settings": {"feather": "nan"}}, "feather=nan"),
        ({"settings": {"colour": "magic"}}, "colour=magic"),
        ({"settings": {"performer": "nobody"}}, "does not know nobody"),
        ({"plate": "missing.mp4"}, "missing.mp4"),
        ({"frames": "900-"}, "900"),
        ({"frames": "119-500"}, r"not all of the frames 119-500: its frames are 1-120\..*--frames 119-120"),
        ({"frames": "x"}, "x"),
    ],
)
def test_wrong_wishes_are_named_before_anything_is_written(
    swap: Swap, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        swap(**changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_a_name_that_is_not_unicode_is_refused(
    swap: Swap, frames: list[np.ndarray], footage: Path, tmp_path: Path
) -> None:
    movie, folder = tmp_path / os.fsdecode(b"b\xffd.mp4"), tmp_path / "latin"
    shutil.copy(footage / "plate_A.mp4", movie)
    write_rgb(folder / os.fsdecode(b"Zo\xeb.0001.png"), frames[0])
    for plate in (movie, folder):
        with pytest.raises(UsageError, match=r"(b\\udcffd\.mp4|Zo\\udceb\.0001\.png) is not Unicode"):
            swap(plate=str(plate), frames=None)
    assert not (tmp_path / "swap").exists()
    assert main(["extract", str(movie), "--faceset", str(tmp_path / "faces")]) == 2


def test_an_output_folder_that_cannot_be_is_refused(swap: Swap, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    for place in ("taken", "taken/inside"):
        with pytest.raises(UsageError, match="taken"):
            swap(out=tmp_path / place)
    assert (tmp_path / "taken").read_text() == "x"


def test_an_identity_that_the_model_does_not_know_is_refused(swap: Swap, tmp_path: Path) -> None:
    own = tmp_path / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ML_BACKEND_HOME", str(own))
        new = ["consent", "new", "carl", "--basis", "test", "--project", "p", "--granted-by", "nobody", "--use", "test"]
        assert main(new) == 0
        with pytest.raises(UsageError, match=r"does not know carl.*performer_A, identity_B"):
            swap(identity="carl")
    assert not (tmp_path / "swap").exists()


def test_a_plate_of_somebody_else_is_left_alone_and_says_so(
    tiny_model: Path, footage: Path, consent: Path, tmp_path: Path
) -> None:
    said: list[str] = []

    class Listener(SilentReporter):
        def message(self, text: str) -> None:
            said.append(text)

    request = SwapRequest(
        plate=str(footage / "identity_B_take2.mp4"),
        model=tiny_model,
        identity="identity_B",
        out=tmp_path / "swap",
        frames="1-2",
        consent=consent,
    )
    assert run_swap(request, Listener())["faces"] == 0
    assert "None of the faces" in said[0]
    assert "It shows identity_B, whom this swap paints. To paint another: --identity performer_A." in said[0]
    assert not any(read_picture(file).any() for file in (tmp_path / "swap").glob("*.png"))


def test_a_model_without_portraits_says_why_it_is_soft(swap: Swap, tiny_model: Path, tmp_path: Path) -> None:
    said: list[str] = []

    class Listener(SilentReporter):
        def message(self, text: str) -> None:
            said.append(text)

    swap(Listener(), frames="1")
    assert not [text for text in said if "portraits" in text]
    model = shutil.copytree(tiny_model, tmp_path / "model", ignore=shutil.ignore_patterns("portraits"))
    swap(Listener(), frames="1", model=model, out=tmp_path / "soft")
    told = [text for text in said if "portraits" in text]
    assert len(told) == 1
    assert "no portraits of identity_B" in told[0]
    assert "Train it on" in told[0]
    swap(Listener(), frames="1", model=model, out=tmp_path / "wanted", settings={"detail": "0"})
    assert [text for text in said if "portraits" in text] == told
    plain = pictures(tmp_path / "soft")
    assert plain == pictures(tmp_path / "wanted") != pictures(tmp_path / "swap")


def test_keys_change_only_the_frames_whose_value_they_change(swap: Swap, tmp_path: Path) -> None:
    alone = {"settings": {"mask_smooth": "0", "smooth": "0", "learned_mask": "false"}, "frames": "1-6"}
    swap(keys={"opacity": [(1, 1.0), (3, 1.0), (6, 0.4)]}, **alone)
    alphas = [read_picture(tmp_path / "swap" / f"{n:06d}.png")[..., 3].max() for n in range(1, 7)]
    assert alphas[:3] == [255, 255, 255]
    np.testing.assert_allclose(alphas[3:], [204, 153, 102], atol=1)
    assert read_manifest(tmp_path / "swap").keys == {"opacity": [(1, 1.0), (3, 1.0), (6, 0.4)]}
    assert swap(keys={"opacity": [(1, 1.0), (3, 1.0), (6, 0.1)]}, **alone)["frames_made"] == 3
    assert swap(keys={"opacity": [(1, 1.0), (3, 1.0), (6, 0.1)]}, **alone)["frames_made"] == 0
    with pytest.raises(UsageError, match="faces cannot change over time"):
        swap(keys={"faces": [(1, 1.0)]})


def test_pieces_of_a_swap_equal_the_whole_where_they_share_what_was_seen(swap: Swap, tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    swap(out=whole, frames="1-12")
    pieces.mkdir()
    shutil.copytree(whole / "cache", pieces / "cache")
    for frames in ("7-12", "1-3", "4-6"):
        swap(out=pieces, frames=frames)
    assert pictures(pieces) == pictures(whole)
    assert swap(out=pieces, frames="1-12")["frames_made"] == 0
    joined, at_once = read_manifest(pieces), read_manifest(whole)
    assert joined.frames == at_once.frames


def test_frames_beside_the_chosen_ones_that_cannot_be_read_are_done_without(
    swap: Swap, frames: list[np.ndarray], tmp_path: Path
) -> None:
    plate = write_plate(tmp_path / "plate", [*frames, frames[0], frames[1]])
    broken = plate / "shot.0004.png"
    broken.write_bytes(broken.read_bytes()[:200])
    assert swap(plate=str(plate), frames="1-3")["frames"] == 3
    (plate / "shot.0004.png").unlink()
    assert swap(plate=str(plate), frames="1-3", out=tmp_path / "gap")["frames"] == 3


@pytest.mark.parametrize("settings", [{}, {"output": "exr"}])
def test_the_plate_is_never_written_over(
    swap: Swap, frames: list[np.ndarray], tmp_path: Path, settings: dict[str, str]
) -> None:
    plate = tmp_path / "plate"
    for number, image in enumerate(frames, 1):
        write_rgb(plate / f"{number:06d}.png", image)
    before = state_of(plate)
    for named in (plate, plate / "######.png", plate / "000001.png"):
        with pytest.raises(UsageError, match="the plate's own pictures"):
            swap(plate=str(named), frames=None, out=plate, settings=settings)
    assert state_of(plate) == before


def test_a_second_swap_into_a_folder_waits_its_turn(swap: Swap, tmp_path: Path) -> None:
    class Another(SilentReporter):
        refused = ""

        def progress(self, stage: str, done: float, total: float, figures: Any = None) -> None:
            if not self.refused:
                with pytest.raises(BackendError) as caught:
                    swap()
                Another.refused = str(caught.value)

    assert swap(Another())["frames_made"] == 3
    assert "another swap into this folder" in Another.refused


def test_a_full_disk_is_named_and_the_swap_goes_on(
    run_backend: Callable[..., Any],
    footage: Path,
    tiny_model: Path,
    consent: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ML_BACKEND_AUDIT", str(tmp_path / "audit.jsonl"))  # a short one
    asked = ["swap", footage / "plate_A.mp4", "--model", tiny_model, "--identity", "identity_B", "--frames", "1-2"]
    asked += ["--out", tmp_path / "swap", "--consent", consent]
    limited = ["import resource, sys", "from ml_backend.cli import main"]
    limited += ["resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))", "sys.exit(main(sys.argv[1:]))"]
    assert run_backend(*asked).returncode == 0
    for file in (tmp_path / "swap").glob("0*.png"):
        file.unlink()
    program = [sys.executable, "-c", "\n".join(limited), *map(str, asked)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "000001.png cannot be written" in done.stderr
    assert "goes on" in done.stderr
    assert not list((tmp_path / "swap").rglob("*.part"))
    assert run_backend(*asked).returncode == 0


def test_a_repair_touches_only_its_frames_also_beside_the_chosen_ones(
    swap: Swap, footage: Path, tmp_path: Path
) -> None:
    def repairs(*frames: int) -> Path:
        points = {str(point): [190 + point % 7, 190] for point in (33, 263, 1)}
        common = {"source": str(footage / "plate_A.mp4"), "action": "landmarks", "at": [190, 190], "points": points}
        file = tmp_path / "repairs.json"
        file.write_text(json.dumps({"version": 1, "repairs": [common | {"frame": frame} for frame in frames]}))
        return file

    whole, piece = tmp_path / "whole", tmp_path / "piece"
    steady = {"mask_smooth": "1"}  # the landmarks count for the frames around
    swap(out=whole, frames="1-12", settings=steady, repairs=repairs(8))
    piece.mkdir()
    shutil.copytree(whole / "cache", piece / "cache")
    swap(out=piece, frames="1-7", settings=steady, repairs=repairs(8))
    assert pictures(piece) == {name: data for name, data in pictures(whole).items() if int(name[:6]) <= 7}
    made = swap(out=whole, frames="1-12", settings=steady, repairs=repairs(8, 2))["frames_made"]
    assert 1 <= made <= 5
    (tmp_path / "repairs.json").write_text((tmp_path / "repairs.json").read_text() + "\n")
    assert swap(out=whole, frames="1-12", settings=steady, repairs=tmp_path / "repairs.json")["frames_made"] == 0
    with pytest.raises(UsageError, match="do not exist"):
        swap(repairs=tmp_path / "missing.json")


def test_a_folder_holds_one_swap_and_pieces_of_it_join(swap: Swap, tmp_path: Path) -> None:
    class Listener(SilentReporter):
        said = ""

        def message(self, text: str) -> None:
            Listener.said = text

    out = tmp_path / "swap"
    swap(frames="4-6")
    swap(frames="1-3")
    manifest = read_manifest(out)
    assert ([frame.number for frame in manifest.frames], manifest.first, manifest.last) == ([1, 2, 3, 4, 5, 6], 1, 6)
    assert swap(frames="5")["frames_made"] == 0
    swap(Listener(), frames="1-2", settings={"opacity": "0.5"})
    assert sorted(pictures(out)) == ["000001.png", "000002.png"]
    assert "otherwise and was not asked for: 4 frames (3 to 6)" in Listener.said
    assert [frame.number for frame in read_manifest(out).frames] == [1, 2]


def test_pictures_that_no_swap_made_are_not_written_over(swap: Swap, frames: list[np.ndarray], tmp_path: Path) -> None:
    own = tmp_path / "swap" / "000002.png"
    write_rgb(own, frames[0])
    before = own.read_bytes()
    with pytest.raises(UsageError, match=r"000002\.png is there already, and no swap has made it"):
        swap()
    assert own.read_bytes() == before


@pytest.mark.parametrize("size", [0, 1000])
def test_a_frame_that_lost_its_end_is_made_again(swap: Swap, tmp_path: Path, size: int) -> None:
    swap()
    first = pictures(tmp_path / "swap")
    os.truncate(tmp_path / "swap" / "000002.png", size)
    assert swap()["frames_made"] == 1
    assert pictures(tmp_path / "swap") == first
