"""The parts without a process: events on disk, time left, the store."""

import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.errors import BackendError
from ml_backend.service.job.events import EventReader, EventWriter, last_progress
from ml_backend.service.job.time_left import TimeLeft
from ml_backend.service.store import Store, open_store

TEXTS = st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(texts=TEXTS, cut=st.integers(0, 60), more=TEXTS)
def test_whatever_is_cut_off_whole_events_keep_their_ids(tmp_path_factory, texts, cut, more) -> None:
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    with EventWriter(path) as writer:
        for text in texts:
            writer.append("message", {"text": text})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - min(cut, len(whole))])
    before = EventReader(path).read() or []
    assert [event.data["text"] for event in before] == texts[: len(before)]
    with EventWriter(path) as writer:
        for text in more:
            writer.append("message", {"text": text})
    after = EventReader(path).read()
    assert after is not None
    assert after[: len(before)] == before
    assert [event.data["text"] for event in after[len(before) :]] == more
    ids = [event.id for event in after]
    assert ids == sorted(set(ids))


def test_a_reader_never_takes_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert reader.read() is None
    with EventWriter(path) as writer:
        writer.append("progress", {"done": 1})
        writer.append("progress", {"done": 2})
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:-1])
    assert [event.data["done"] for event in reader.read() or []] == [1]
    assert reader.read() is None
    with path.open("ab") as file:
        file.write(b"\n")
    assert [event.data["done"] for event in reader.read() or []] == [2]


def test_nonsense_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'\0\0\0\n[]\n{"id":3,"event":"message","data":{"text":"x"}}\n')
    assert [(event.id, event.name) for event in EventReader(path).read() or []] == [(3, "message")]
    assert last_progress(path) is None


def test_progress_from_before_a_restart_is_not_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        writer.append("progress", {"done": 1})
        assert (last_progress(path) or {})["done"] == 1
        writer.append("message", {"text": "x"})
        assert (last_progress(path) or {})["done"] == 1
        writer.append("state", {"state": "running"})
    assert last_progress(path) is None


@given(rate=st.floats(0.01, 1e4), start=st.floats(0, 1e6), steps=st.integers(6, 200))
def test_a_steady_rate_gives_the_exact_time_left(rate: float, start: float, steps: int) -> None:
    left, total, known = TimeLeft(), start + rate * 1000, None
    for step in range(steps):
        known = left.update(step * 0.5, "train", start + rate * step * 0.5, total)
    assert known == pytest.approx(1000 - (steps - 1) * 0.5, rel=1e-3)


def test_time_left_follows_a_change_of_pace_and_knows_when_it_does_not_know() -> None:
    left = TimeLeft()
    assert left.update(0, "a", 0, 100) is None
    assert left.update(1, "a", 1, 100) is None, "too early to tell"
    assert left.update(2, "a", 2, 100) == pytest.approx(98)
    assert left.update(2.1, "b", 0, 100) is None, "another stage"
    assert left.update(10, "b", 0, 100) is None, "nothing moves"
    for second in range(11, 111):
        slow = left.update(second, "b", (second - 10) * 0.1, 100)
    assert slow == pytest.approx(900, rel=0.01)
    for second in range(111, 161):
        fast = left.update(second, "b", 10 + (second - 110) * 1.0, 100)
    assert fast == pytest.approx(40, rel=0.05)
    assert left.update(161, "b", 5, 100) is None, "a step back"
    assert left.update(170, "b", 100, 100) == 0
    assert left.update(180, "b", 0, 0) == 0


def test_ids_rise_though_the_file_was_lost_and_the_clock_goes_back(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        writer.append("message", {"text": "before"})
    reader = EventReader(path)
    before = (reader.read() or [])[-1].id
    monkeypatch.setattr("time.time_ns", lambda: 0)
    with EventWriter(path) as writer:
        writer.append("message", {"text": "with a wrong clock"})
    assert (reader.read() or [])[-1].id == before + 1
    monkeypatch.undo()
    path.write_bytes(b"")
    time.sleep(0.01)
    with EventWriter(path) as writer:
        writer.append("message", {"text": "after"})
    assert [event.data["text"] for event in reader.read() or []] == ["after"]


def test_a_long_file_keeps_its_shape_and_readers_their_place(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader, seen, largest = EventReader(path), [], 0
    with EventWriter(path, most_bytes=20_000) as writer:
        writer.append("message", {"text": "first"})
        for step in range(3000):
            writer.append("progress", {"done": step})
            largest = max(largest, path.stat().st_size)
            if step % 7 == 0:
                seen += reader.read() or []
        writer.append("message", {"text": "last"})
    seen += reader.read() or []
    assert largest < 21_000
    assert [event.data["done"] for event in seen if event.name == "progress"] == list(range(3000)), "a live reader"
    kept = EventReader(path).read() or []
    assert [event.data["text"] for event in kept if event.name == "message"] == ["first", "last"]
    steps = [event.data["done"] for event in kept if event.name == "progress"]
    assert steps == sorted(steps)
    assert steps[0] < 600
    assert steps[-20:] == list(range(2980, 3000))


def test_a_store_of_the_future_is_not_touched_and_a_broken_one_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    Store(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(BackendError, match="newer"):
        open_store(path)
    path.write_bytes(b"this is no database" * 1000)
    store = open_store(path)
    assert store.all() == []
    store.close()
    (aside,) = tmp_path.glob("jobs.sqlite.damaged-*")
    assert aside.read_bytes().startswith(b"this is no database")


def test_a_store_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    database = sqlite3.connect(path)
    database.execute(
        "CREATE TABLE jobs (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
        " state TEXT NOT NULL, request TEXT NOT NULL, progress TEXT, result TEXT, error TEXT, log TEXT NOT NULL,"
        " created TEXT NOT NULL, started TEXT, ended TEXT)"
    )
    for id, state in (("b", "cancelled"), ("a", "queued")):
        row = (id, "swap", state, '{"x": 1}', "log", "2026-01-01")
        database.execute("INSERT INTO jobs (id, kind, state, request, log, created) VALUES (?, ?, ?, ?, ?, ?)", row)
    database.execute("PRAGMA user_version = 1")
    database.commit()
    database.close()
    store = open_store(path)
    assert [(job.id, job.state, job.request, job.attempts) for job in store.all()] == [
        ("b", "cancelled", {"x": 1}, 0),
        ("a", "queued", {"x": 1}, 0),
    ]
    assert [job.id for job in store.queue(["swap"])] == ["a"]
    store.close()
