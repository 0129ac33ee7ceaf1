"""The journal of finished frames and the manifest."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.swapping.journal import Journal
from ml_backend.swapping.manifest import FrameRecord, paths_named, read_manifest, write_manifest

from ..evaluation.known_manifest import manifest_of


def record(folder: Path, number: int, inputs: str = "one") -> FrameRecord:
    file = f"{number:06d}.png"
    (folder / file).write_bytes(b"picture")
    return FrameRecord(
        number=number,
        file=file,
        faces=1,
        sha256="00",
        transforms=[[[0.1, 0, 1], [0, 0.1, 2]]],
        confidence=[0.9],
        window=(3, 4, 5, 6),
        bytes=7,
        inputs=inputs,
        swap="a",
    )


def numbers(folder: Path) -> list[int]:
    return sorted(Journal(folder).records)


def test_records_come_back_and_the_last_one_of_a_frame_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    records = [record(tmp_path, n) for n in (1, 2, 3)]
    for r in records:
        journal.add(r)
    assert list(Journal(tmp_path).records.values()) == records
    journal.add(record(tmp_path, 2, "other"))
    assert Journal(tmp_path).records[2].inputs == "other"
    assert journal.records[2].inputs == "other"


def test_a_frame_whose_picture_is_gone_is_not_finished(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for n in (1, 2):
        journal.add(record(tmp_path, n))
    (tmp_path / "000001.png").unlink()
    assert numbers(tmp_path) == [2]


def test_forgotten_frames_are_made_again_whatever_happens_next(tmp_path: Path) -> None:
    """A kill between the new picture and its line must not leave the old line for the new picture."""
    journal = Journal(tmp_path)
    for n in (1, 2):
        journal.add(record(tmp_path, n))
    Journal(tmp_path).forget([2, 7])
    assert numbers(tmp_path) == [1]


def test_nothing_to_forget_writes_nothing(tmp_path: Path) -> None:
    Journal(tmp_path).forget([1, 2])
    assert list(tmp_path.iterdir()) == []


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_line_costs_its_frame_only(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "journal.jsonl"
    file.unlink(missing_ok=True)
    journal = Journal(tmp_path)
    journal.add(record(tmp_path, 1))
    whole = file.stat().st_size
    journal.add(record(tmp_path, 2))
    cut = data.draw(st.integers(whole, file.stat().st_size - 1))
    file.write_bytes(file.read_bytes()[:cut])
    journal = Journal(tmp_path)
    assert sorted(journal.records) == [1]
    journal.add(record(tmp_path, 3))
    assert numbers(tmp_path) == [1, 3]


@pytest.mark.parametrize("line", [b"1", b"null", b'{"frame": 1}', b"\xff\xfe", b'{"fingerprint": "one"}', b"[{}]"])
def test_lines_that_are_no_entries_are_passed_over(tmp_path: Path, line: bytes) -> None:
    journal = Journal(tmp_path)
    journal.add(record(tmp_path, 1))
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b"\n" + line)
    Journal(tmp_path).add(record(tmp_path, 2))
    assert numbers(tmp_path) == [1, 2]


def test_a_manifest_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished swap"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_bytes(b'{"version": 1}')
    with pytest.raises(BackendError, match=r"another version of ml-backend \(1\)"):
        read_manifest(tmp_path)
    for garbage in (b"", b"[]", b"{", b'{"plate": 9}'):
        (tmp_path / "manifest.json").write_bytes(garbage)
        with pytest.raises(BackendError, match=r"manifest\.json is damaged"):
            read_manifest(tmp_path)


@pytest.mark.parametrize("file", ["../000001.png", "/etc/passwd", "a/b.png", "..\\b.png", "..", ""])
def test_a_manifest_leads_to_no_file_outside_of_its_folder(tmp_path: Path, file: str) -> None:
    write_manifest(tmp_path, manifest_of())
    content = json.loads((tmp_path / "manifest.json").read_bytes())
    content["frames"][0]["file"] = file
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(BackendError, match=r"manifest\.json is damaged: frames\.0\.file"):
        read_manifest(tmp_path)


def test_a_manifest_tells_what_it_leads_to(tmp_path: Path) -> None:
    assert paths_named(tmp_path) == []
    plate = {"source": "/a/shot.####.exr", "ocio": "/b/studio.ocio"}
    write_manifest(tmp_path, manifest_of(plate=plate, model="/c/model"))
    assert paths_named(tmp_path) == [Path("/c/model"), Path("/a/shot.####.exr"), Path("/b/studio.ocio")]
    write_manifest(tmp_path, manifest_of(plate={"source": "/a/shot.mp4", "ocio": None}, model="/c/model"))
    assert paths_named(tmp_path) == [Path("/c/model"), Path("/a/shot.mp4")]


def test_a_manifest_that_says_nothing_of_mask_model_and_repairs_can_be_read(tmp_path: Path) -> None:
    content = manifest_of().model_dump(mode="json")
    del content["mask_model_sha256"], content["repairs_sha256"]
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    assert read_manifest(tmp_path) == manifest_of()
