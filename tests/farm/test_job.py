import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.farm.job import FILE, FarmJob, make_job, read_job, write_job
from ml_backend.media.frame_range import parse_frames
from ml_backend.requests import Plate, SwapRequest

from .conftest import MakeJob

REQUEST = SwapRequest(plate="plate.mp4", model=Path("model"), identity="b", out=Path("out"))


@settings(deadline=None)
@given(st.integers(0, 5000), st.integers(1, 400), st.integers(1, 90))
def test_the_pieces_cover_every_frame_once(first: int, count: int, chunk: int) -> None:
    job = FarmJob(name="j", request=REQUEST, first=first, last=first + count - 1, chunk=chunk)
    ranges = [parse_frames(piece) for piece in job.pieces]
    covered = [number for one in ranges for number in range(one.first or 0, (one.last or 0) + 1)]
    assert covered == list(range(first, first + count))
    assert [job.piece(n + 1) for n in range(len(ranges))] == job.pieces


def test_a_job_is_read_as_it_was_written(make: MakeJob, tmp_path: Path) -> None:
    job = make("3-")
    assert (job.first, job.last) == (3, 120)
    write_job(tmp_path / "job", job)
    assert read_job(tmp_path / "job") == job


def test_every_path_is_absolute(
    make: MakeJob, monkeypatch: pytest.MonkeyPatch, footage: Path, tiny_model: Path
) -> None:
    monkeypatch.chdir(footage)
    request = SwapRequest(
        plate="plate_A.mp4", model=tiny_model, identity="identity_B", out=Path("out"), consent=Path("c")
    )
    made = make_job(request, 10).request
    assert isinstance(made.plate, Plate)
    assert made.plate.source == str(footage / "plate_A.mp4")
    assert (made.out, made.consent) == (footage / "out", footage / "c")


def test_a_plate_file_is_read_once(make: MakeJob, footage: Path, tiny_model: Path, tmp_path: Path) -> None:
    """Its own folder counts, and the workers need it no more."""
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "plate_A.mp4").symlink_to(footage / "plate_A.mp4")
    (folder / "plate.json").write_text('{"source": "plate_A.mp4", "frames": "5-9"}')
    identity, out = "identity_B", tmp_path / "out"
    request = SwapRequest(plate=str(folder / "plate.json"), model=tiny_model, identity=identity, out=out)
    job = make_job(request, 2)
    (folder / "plate.json").unlink()
    assert isinstance(job.request.plate, Plate)
    assert (job.request.plate.source, job.frames) == (str(folder / "plate_A.mp4"), "5-9")
    assert job.pieces == ["5-6", "7-8", "9-9"]


def test_frames_that_are_not_there_yet_are_not_left_out(make: MakeJob, footage: Path, tiny_model: Path) -> None:
    with pytest.raises(UsageError, match=r"not all of the frames 1-500: its frames are 1-120\."):
        make("1-500")
    plate = Plate(source=str(footage / "plate_A.mp4"), frames="119-121")
    with pytest.raises(UsageError, match=r"not all of the frames 119-121.*--frames 119-120"):
        make_job(SwapRequest(plate=plate, model=tiny_model, identity="identity_B", out=Path("out")), 10)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a {{x}} b", "a ((x)) b"),
        ("one\n\ttwo\x9f", "one two"),
        ("C:\\N it", "C:\\N it"),
        (" \n", "the swap as identity_B"),
    ],
)
def test_a_name_is_one_that_every_scheduler_takes(make: MakeJob, name: str, shown: str) -> None:
    assert make_job(make().request, 3, name).name == shown
    assert len(make_job(make().request, 3, "n" * 99).name) == 64


def test_project_and_shot_are_those_of_who_exports(make: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ML_BACKEND_PROJECT", "film")
    assert (make().request.project, make().request.shot) == ("film", "plate_A")
    monkeypatch.setenv("ML_BACKEND_SHOT", "sc01_010")
    request = make().request
    assert (request.project, request.shot) == ("film", "sc01_010")
    monkeypatch.setenv("ML_BACKEND_SHOT", "sc02_020")
    assert make_job(request, 3).request.shot == "sc01_010"


def test_wrong_wishes_are_named(make: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="frame range 500-"):
        make("500-600")
    with pytest.raises(UsageError, match="piece of 0 frames"):
        make(chunk=0)
    with pytest.raises(UsageError, match="holds no trained model"):
        make_job(make().request.model_copy(update={"model": tmp_path}), 5)
    for changes, words in (({"identity": "nobody"}, "does not know nobody"), ({"settings": {"x": "1"}}, "setting x")):
        with pytest.raises(UsageError, match=words):
            make_job(make().request.model_copy(update=changes), 5)
    job = make("1-8", 3)
    for frames in ("8-9", "0-3", "5-", "9"):
        with pytest.raises(UsageError, match="are not the job's: 1-8"):
            job.step("frames", frames)
    for piece in (0, 4):
        with pytest.raises(UsageError, match=f"no piece {piece}: the job has 3"):
            job.piece(piece)


def test_damaged_jobs_are_named(make: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no job.*farm export"):
        read_job(tmp_path)
    write_job(tmp_path, make())
    whole = (tmp_path / FILE).read_text()
    for damage in (
        whole[:40],
        "[]",
        json.dumps(json.loads(whole) | {"chunk": 0}),
        json.dumps(json.loads(whole) | {"x": 1}),
    ):
        (tmp_path / FILE).write_text(damage)
        with pytest.raises(BackendError, match=r"job\.json is damaged"):
            read_job(tmp_path)
