"""Jobs that really run: by Open Job Description's own runner, and by ours."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ml_backend.errors import BackendError, Cancelled
from ml_backend.farm.export import export
from ml_backend.farm.job import write_job
from ml_backend.farm.local import pause_before, run_job
from ml_backend.folder_lock import hold
from ml_backend.progress import SilentReporter
from ml_backend.swapping.swap import run_swap

from .conftest import MakeJob


def content(folder: Path) -> dict[str, bytes]:
    """What a swap leaves, but for what it remembers for itself."""
    files = (file for file in folder.iterdir() if file.suffix in (".png", ".json"))
    return {file.name: file.read_bytes() for file in files}


def in_one_piece(make: MakeJob, frames: str, out: Path) -> dict[str, bytes]:
    job = make(frames)
    run_swap(job.request.model_copy(update={"out": out}), SilentReporter())
    return content(out)


@pytest.mark.slow
def test_open_job_description_runs_the_whole_swap(
    make: MakeJob, tmp_path: Path, backend_environment: dict[str, str]
) -> None:
    whole = in_one_piece(make, "1-60", tmp_path / "whole")
    job = make("1-60", 15)
    template, _ = export(job, tmp_path / "a job", "openjd", str(Path(sys.executable).with_name("ml-backend")))
    openjd = shutil.which("openjd", path=str(Path(sys.executable).parent))
    assert openjd
    subprocess.run([openjd, "check", template], check=True)
    asked = [openjd, "run", template, "--step", "Join", "--run-dependencies"]
    done = subprocess.run(asked, env=backend_environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "All actions completed successfully" in done.stdout
    assert content(job.request.out) == whole


@pytest.mark.slow
def test_the_local_runner_makes_the_swap_and_the_second_time_nothing(make: MakeJob, tmp_path: Path) -> None:
    whole = in_one_piece(make, "1-8", tmp_path / "whole")
    job, folder = make("1-8", 3), tmp_path / "job"
    write_job(folder, job)
    assert run_job(job, folder, 2, 0, SilentReporter()) == {"pieces": 3, "tries": 5}
    assert content(job.request.out) == whole
    before = {file.name: file.stat().st_mtime_ns for file in job.request.out.glob("*.png")}
    run_job(job, folder, 2, 0, SilentReporter())
    assert {file.name: file.stat().st_mtime_ns for file in job.request.out.glob("*.png")} == before


def test_a_piece_that_fails_is_tried_again_and_named_with_its_log(make: MakeJob, tmp_path: Path) -> None:
    job, folder = make(), tmp_path / "job"
    write_job(folder, job)
    job.request.out.write_text("a file in the way")
    with pytest.raises(BackendError, match=r"faces failed \(exit 2\).*the swap.*faces\.log") as failed:
        run_job(job, folder, 2, 3, SilentReporter())
    assert failed.value.exit_code == 2
    job.request.out.unlink()
    (folder / "job.json").write_text("{")
    messages: list[str] = []
    reporter = SilentReporter()
    reporter.message = messages.append  # type: ignore[method-assign]
    with pytest.raises(BackendError, match=r"faces failed \(exit 1\).*job\.json is damaged"):
        run_job(job, folder, 2, 1, reporter)
    assert len(messages) == 1
    assert messages[0].startswith(f"faces failed (exit 1) and is tried again in 1 s: {folder / 'job.json'} is damaged")


def test_the_pauses_grow_up_to_a_minute() -> None:
    assert [pause_before(tries) for tries in (1, 2, 3, 6, 7, 1000)] == [1, 2, 4, 32, 60, 60]


def test_the_farm_stops_when_asked(make: MakeJob, tmp_path: Path) -> None:
    class Stopped(SilentReporter):
        def stop_requested(self) -> bool:
            return True

    job, folder = make(), tmp_path / "job"
    write_job(folder, job)
    with pytest.raises(Cancelled):
        run_job(job, folder, 1, 0, Stopped())
    assert not (job.request.out / "manifest.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="the signals are POSIX")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP"])
def test_what_the_farm_has_started_ends_with_it(
    make: MakeJob, tmp_path: Path, backend_environment: dict[str, str], name: str
) -> None:
    job, folder = make("1-120", 60), tmp_path / "job"
    write_job(folder, job)
    lock = job.request.out / "lock.sqlite"
    # who runs the tests may have started them with nohup, which the farm would heed
    code = "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_DFL)\nfrom ml_backend.cli import main\n"
    command = [sys.executable, "-c", f"{code}raise SystemExit(main(sys.argv[1:]))", "farm", "run", str(folder)]
    farm = subprocess.Popen(command, env=backend_environment)
    while not lock.exists():
        assert farm.poll() is None
        time.sleep(0.01)
    farm.send_signal(getattr(signal, name))
    assert farm.wait() == {"SIGKILL": -signal.SIGKILL, "SIGHUP": 130}[name]
    with hold(lock, "", seconds=30):
        words = (folder / "logs" / "faces.log").read_text()
    assert "Stopping at the next safe point" in words
    assert not list((job.request.out / "cache").glob("*.complete"))


def test_the_command_line_exports_and_steps(
    run_backend: Callable[..., Any], footage: Path, tiny_model: Path, consent: Path, tmp_path: Path
) -> None:
    swap = [footage / "plate_A.mp4", "--model", tiny_model, "--identity", "identity_B", "--out", tmp_path / "swap"]
    asked = ["farm", "export", *swap, "--consent", consent, "--job", tmp_path / "job", "--chunk", "50", "--json"]
    done = run_backend(*asked)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["frames"], told["pieces"]) == ("1-120", 3)
    for step, words in ((["frames"], "needs --frames or --piece"), (["join", "--frames", "1-2"], "is of all frames")):
        refused = run_backend("farm", "step", tmp_path / "job", *step)
        assert refused.returncode == 2
        assert words in refused.stderr
    (tmp_path / "job" / "job.json").write_text(
        (tmp_path / "job" / "job.json").read_text().replace(str(consent), "/nowhere")
    )
    assert run_backend("farm", "step", tmp_path / "job", "faces").returncode == 2
