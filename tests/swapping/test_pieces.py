"""A swap in pieces, by several processes at once into one folder, is the swap in one piece."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.swapping.journal import Journal, PieceJournal
from ml_backend.swapping.manifest import FrameRecord, read_manifest
from ml_backend.swapping.pieces import join, open_piece

Swap = Callable[..., dict[str, Any]]


def content(folder: Path) -> dict[str, bytes]:
    """What a swap leaves, but for what it remembers for itself."""
    files = (file for file in folder.iterdir() if file.suffix in (".png", ".json"))
    return {file.name: file.read_bytes() for file in files}


def test_pieces_with_the_faces_known_equal_the_whole(swap: Swap, tmp_path: Path) -> None:
    swap(out=tmp_path / "whole", frames="1-6")

    pieces = tmp_path / "pieces"
    found = swap(out=pieces, frames="1-6", step="faces")
    assert (found["frames_made"], found["faces"]) == (0, 6)
    assert not list(pieces.glob("*.png"))
    made = [swap(out=pieces, frames=frames, step="frames")["frames_made"] for frames in ("4-6", "1-3")]
    assert made == [3, 3]
    assert not (pieces / "manifest.json").exists()
    swap(out=pieces, frames="1-6", step="join")

    assert content(pieces) == content(tmp_path / "whole")
    assert not (pieces / "pieces").exists()
    assert swap(out=pieces, frames="1-6")["frames_made"] == 0


def test_frames_that_come_later_join_the_manifest_as_if_made_at_once(swap: Swap, tmp_path: Path) -> None:
    swap(out=tmp_path / "whole", frames="1-6")
    for frames in ("1-4", "5-6"):
        swap(out=tmp_path / "later", frames=frames)
    whole, later = (read_manifest(tmp_path / name) for name in ("whole", "later"))
    assert later.frames == whole.frames
    assert later.jitter == whole.jitter
    assert whole.jitter is not None


def test_a_piece_that_is_made_again_changes_nothing(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-4", step="faces")
    swap(frames="1-2", step="frames")
    piece = tmp_path / "swap" / "pieces" / "000001-000002.jsonl"
    before = piece.read_bytes(), (tmp_path / "swap" / "000001.png").stat().st_mtime_ns
    assert swap(frames="1-2", step="frames")["frames_made"] == 0
    assert (piece.read_bytes(), (tmp_path / "swap" / "000001.png").stat().st_mtime_ns) == before


def test_a_piece_needs_the_faces_of_the_whole_plate(swap: Swap, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not prepared.*--step faces"):
        swap(frames="1-2", step="frames")
    swap(frames="1-3", step="faces")
    with pytest.raises(BackendError, match=r"faces in frame 30 .*--step faces"):
        swap(frames="30-31", step="frames")
    next((tmp_path / "swap" / "cache").glob("*.complete")).unlink()
    with pytest.raises(BackendError, match="not all found yet"):
        swap(frames="1-2", step="frames")


def test_joining_names_the_frames_that_are_missing(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-4", step="faces")
    swap(frames="1-2", step="frames")
    with pytest.raises(BackendError, match=r"2 frames .*: 3, 4\..*--step frames --frames 3-4"):
        swap(frames="1-4", step="join")
    assert not (tmp_path / "swap" / "manifest.json").exists()
    assert swap(frames="3-4", step="frames")["frames_made"] == 2, "what is there already is kept"
    swap(frames="1-4", step="join")
    assert len(json.loads((tmp_path / "swap" / "manifest.json").read_text())["frames"]) == 4


def test_a_piece_with_other_settings_is_noticed(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-4", step="faces")
    swap(frames="1-2", step="frames")
    swap(frames="3-4", step="frames", settings={"feather": "0.3"})
    with pytest.raises(BackendError, match=r"2 frames .*: 3, 4"):
        swap(frames="1-4", step="join")


def test_a_swap_in_one_piece_takes_what_pieces_have_made(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-4", step="faces")
    swap(frames="1-3", step="frames")
    assert swap(frames="1-4")["frames_made"] == 1


def record(folder: Path, number: int, inputs: str) -> FrameRecord:
    (folder / f"{number}.png").write_bytes(b"picture")
    values: dict[str, Any] = {"number": number, "file": f"{number}.png", "faces": 0, "sha256": "0" * 64}
    values |= {"transforms": [], "confidence": [], "window": None, "bytes": 7, "inputs": inputs, "swap": "s"}
    return FrameRecord(**values)


def test_a_kill_between_picture_and_line_leaves_no_old_line(tmp_path: Path) -> None:
    whole = Journal(tmp_path)
    for number in (1, 2):
        whole.add(record(tmp_path, number, "old"))
    piece = tmp_path / "piece.jsonl"
    journal = PieceJournal(tmp_path, piece, whole)
    assert sorted(journal.records) == [1, 2]
    journal.forget([1, 2])
    journal.add(record(tmp_path, 1, "new"))  # frame 2 is written over, and then comes the kill
    again = PieceJournal(tmp_path, piece, Journal(tmp_path))
    assert {n: one.inputs for n, one in again.records.items()} == {1: "new"}
    again.forget([1])
    assert not PieceJournal(tmp_path, piece, Journal(tmp_path)).records


def test_joining_leaves_a_piece_alone_that_has_just_begun(tmp_path: Path) -> None:
    Journal(tmp_path).replace({})
    with open_piece(tmp_path, [1, 2]) as first:
        first.add(record(tmp_path, 1, "first"))
    with open_piece(tmp_path, [3, 4]) as worker:
        with pytest.raises(BackendError, match="000003-000004 are still being made"):
            join(tmp_path, Journal(tmp_path))
        worker.add(record(tmp_path, 3, "second"))
    whole = Journal(tmp_path)
    assert not whole.records
    join(tmp_path, whole)
    assert sorted(Journal(tmp_path).records) == [1, 3]
    assert not (tmp_path / "pieces").exists()


def test_the_other_steps_leave_the_files_alone_that_a_piece_is_writing(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-2", step="faces")
    with open_piece(tmp_path / "swap", [1, 2]):
        part = tmp_path / "swap" / ".000001.png.0123abcd.part"
        part.write_bytes(b"half a picture")
        for step in ("join", "faces"):
            with pytest.raises(BackendError, match="000001-000002 are still being made"):
                swap(frames="1-2", step=step)
        assert part.exists()
    swap(frames="1-2", step="faces")
    assert not part.exists(), "whoever wrote it is gone"


def test_a_journal_is_joined_without_its_lock(tmp_path: Path) -> None:
    Journal(tmp_path).replace({})
    with open_piece(tmp_path, [1, 2]) as piece:
        piece.add(record(tmp_path, 1, "first"))
    (tmp_path / "pieces" / "000001-000002.lock").unlink()
    join(tmp_path, Journal(tmp_path))
    assert sorted(Journal(tmp_path).records) == [1]


def test_a_picture_that_was_changed_on_its_way_is_not_joined(swap: Swap, tmp_path: Path) -> None:
    swap(frames="1-3", step="faces")
    swap(frames="1-3", step="frames")
    picture = tmp_path / "swap" / "000002.png"
    whole = picture.read_bytes()
    picture.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    with pytest.raises(BackendError, match=r"1 frame .*: 2\..*--step frames --frames 2-2"):
        swap(frames="1-3", step="join")
    assert not (tmp_path / "swap" / "manifest.json").exists()
    assert swap(frames="1-3", step="frames")["frames_made"] == 1
    swap(frames="1-3", step="join")
    assert picture.read_bytes() == whole
    assert swap(frames="1-3", step="join")["frames_made"] == 0
    picture.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    with pytest.raises(BackendError, match=r"1 frame .*: 2\."):  # also where all was joined before
        swap(frames="1-3", step="join")


@pytest.mark.slow
def test_sixty_frames_in_four_pieces_at_once_one_of_them_killed(
    swap: Swap, footage: Path, tiny_model: Path, consent: Path, backend_environment: dict[str, str], tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "pieces"
    swap(out=whole, frames="1-60")
    asked = [str(footage / "plate_A.mp4"), "--model", str(tiny_model), "--identity", "identity_B"]
    command = [sys.executable, "-m", "ml_backend", "swap", *asked, "--consent", str(consent), "--out", str(out)]

    def start(step: str, frames: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([*command, "--step", step, "--frames", frames], env=backend_environment)

    assert start("faces", "1-60").wait() == 0
    pieces = {frames: start("frames", frames) for frames in ("1-15", "16-30", "31-45", "46-60")}
    while pieces["16-30"].poll() is None and len(list(out.glob("00001[6-9].png"))) < 2:
        time.sleep(0.005)
    pieces["16-30"].kill()
    pieces["16-30"].wait()
    assert {frames: process.wait() for frames, process in pieces.items() if frames != "16-30"} == {
        "1-15": 0,
        "31-45": 0,
        "46-60": 0,
    }
    assert start("join", "1-60").wait() == 1, "a piece is missing"
    assert start("frames", "16-30").wait() == 0
    assert start("join", "1-60").wait() == 0
    assert content(out) == content(whole)
    assert not list(out.rglob(".*")), "nothing half-written is left"
