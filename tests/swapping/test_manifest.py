"""The journal of finished frames and the manifest."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError, UsageError
from ml_backend.swapping.manifest import FrameRecord, Journal, frame_file, read_manifest


def record(folder: Path, number: int) -> FrameRecord:
    (folder / frame_file(number)).write_bytes(b"picture")
    return FrameRecord(
        number=number, file=frame_file(number), faces=1, sha256="00", transforms=[[[0.1, 0, 1], [0, 0.1, 2]]]
    )


def numbers(folder: Path, fingerprint: str) -> list[int]:
    return sorted(Journal(folder, fingerprint).records)


def test_frames_are_known_by_their_fingerprint(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "one")
    records = [record(tmp_path, n) for n in (1, 2, 3)]
    for r in records:
        journal.add(r)
    assert list(Journal(tmp_path, "one").records.values()) == records
    other = Journal(tmp_path, "other")
    assert other.records == {}
    other.add(record(tmp_path, 2))
    assert numbers(tmp_path, "one") == [1, 3]
    assert numbers(tmp_path, "other") == [2]


def test_a_frame_whose_picture_is_gone_is_not_finished(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "one")
    for n in (1, 2):
        journal.add(record(tmp_path, n))
    (tmp_path / frame_file(1)).unlink()
    assert numbers(tmp_path, "one") == [2]


def test_forgotten_frames_are_made_again_whatever_happens_next(tmp_path: Path) -> None:
    """A kill between the new picture and its line must not leave the old line for the new picture."""
    journal = Journal(tmp_path, "one")
    for n in (1, 2):
        journal.add(record(tmp_path, n))
    Journal(tmp_path, "other").forget([2, 7])
    assert numbers(tmp_path, "one") == [1]
    journal = Journal(tmp_path, "other")
    journal.add(record(tmp_path, 2))
    assert numbers(tmp_path, "one") == [1]
    assert numbers(tmp_path, "other") == [2]


def test_nothing_to_forget_writes_nothing(tmp_path: Path) -> None:
    Journal(tmp_path, "one").forget([1, 2])
    assert list(tmp_path.iterdir()) == []


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_line_costs_its_frame_only(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "journal.jsonl"
    file.unlink(missing_ok=True)
    journal = Journal(tmp_path, "one")
    journal.add(record(tmp_path, 1))
    whole = file.stat().st_size
    journal.add(record(tmp_path, 2))
    cut = data.draw(st.integers(whole, file.stat().st_size - 1))
    file.write_bytes(file.read_bytes()[:cut])
    journal = Journal(tmp_path, "one")
    assert sorted(journal.records) == [1]
    journal.add(record(tmp_path, 3))
    assert numbers(tmp_path, "one") == [1, 3]


@pytest.mark.parametrize("line", [b"1", b"null", b'{"frame": 1}', b"\xff\xfe", b'{"fingerprint": "one"}', b"[{}]"])
def test_lines_that_are_no_entries_are_passed_over(tmp_path: Path, line: bytes) -> None:
    journal = Journal(tmp_path, "one")
    journal.add(record(tmp_path, 1))
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b"\n" + line)
    Journal(tmp_path, "one").add(record(tmp_path, 2))
    assert numbers(tmp_path, "one") == [1, 2]


def test_a_manifest_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no finished swap"):
        read_manifest(tmp_path)
    for garbage in (b"", b"[]", b"{", b'{"version": 9}'):
        (tmp_path / "manifest.json").write_bytes(garbage)
        with pytest.raises(BackendError, match=r"manifest\.json is damaged"):
            read_manifest(tmp_path)
