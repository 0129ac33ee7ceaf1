"""Old logs and previews go, by size, and nothing else."""

from pathlib import Path

from ml_backend.service.cleanup import LOG_BYTES, RECENT_PREVIEWS, clean
from ml_backend.service.job.folder import JobFolder
from ml_backend.service.protocol import NewJob


def make(jobs: Path, id: str, previews: int) -> JobFolder:
    folder = JobFolder(jobs / id)
    folder.previews.mkdir(parents=True)
    folder.write_job(NewJob(kind="swap", request={}), [])
    folder.write_outcome("done", b"{}")
    folder.events.write_bytes(b"e" * 1000)
    folder.log.write_bytes(b"l" * 1000)
    for number in range(previews):
        (folder.previews / f"{1700000000000 + number}.png").write_bytes(b"p" * 1000)
    return folder


def test_nothing_goes_while_there_is_room(tmp_path: Path) -> None:
    make(tmp_path, "old", 5)
    before = sorted(tmp_path.rglob("*"))
    clean(tmp_path, ["old"], [], 100_000)
    assert sorted(tmp_path.rglob("*")) == before


def test_previews_of_the_oldest_go_first_then_logs_then_the_running_ones_but_ten(tmp_path: Path) -> None:
    old, new, running = make(tmp_path, "old", 5), make(tmp_path, "new", 5), make(tmp_path, "running", 15)
    size = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    clean(tmp_path, ["old", "new"], ["running"], size - 2500)
    assert [picture.name[-7:] for picture in sorted(old.previews.iterdir())] == ["003.png", "004.png"]
    assert len(list(new.previews.iterdir())) == 5
    clean(tmp_path, ["old", "new"], ["running"], size - 11_000)
    assert not list(old.previews.iterdir()) + list(new.previews.iterdir())
    assert not old.log.exists()
    assert old.events.exists()
    clean(tmp_path, ["old", "new"], ["running"], 1)
    assert not any(folder.log.exists() or folder.events.exists() for folder in (old, new))
    kept = sorted(running.previews.iterdir())
    assert len(kept) == RECENT_PREVIEWS
    assert kept[-1].name.endswith("014.png")
    assert running.log.exists()
    for folder in (old, new, running):
        assert folder.read_new().kind == "swap"
        assert folder.read_outcome()


def test_a_running_jobs_long_log_keeps_its_latest_part(tmp_path: Path) -> None:
    folder = make(tmp_path, "running", 0)
    with folder.log.open("ab") as writer:
        writer.write(b"x" * LOG_BYTES + b"the end\n")
        writer.flush()
        clean(tmp_path, [], ["running"], 1 << 40)
        assert folder.older_log.read_bytes().endswith(b"the end\n")
        assert folder.older_log.stat().st_size == LOG_BYTES
        writer.write(b"goes on\n")
    assert folder.log.read_bytes() == b"goes on\n"


def test_the_service_cleans_by_itself(start, tmp_path: Path, monkeypatch, wait) -> None:
    service = start()
    picture = tmp_path / "p.png"
    ids = []
    for _ in range(3):
        picture.write_bytes(b"\x89PNG" + bytes(600_000))
        ids.append(service.submit("chatty", picture=str(picture)))
        service.ended(ids[-1])
    service.stop()
    monkeypatch.setenv("KEEP_MB", "1")
    service = start()
    previews = [service.workspace / "jobs" / id / "previews" for id in ids]
    wait(lambda: not any(any(folder.iterdir()) for folder in previews[:2]), "the cleaning of both that are too many")
    assert len(list(previews[2].iterdir())) == 1
    assert [service.job(id)["state"] for id in ids] == ["done"] * 3
    assert list(service.events(ids[0]))[-1]["data"]["state"] == "done"
