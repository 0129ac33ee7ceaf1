"""The command line as a user and as a script meet it: real processes, their exit codes and what they print."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import ml_backend
from ml_backend.cli import _shown
from ml_backend.facesets.store import Faceset
from ml_backend.terminal import log_crash

PLATE = Path(__file__).parents[1] / "demo" / "footage" / "plate_A.mp4"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"ML_BACKEND_HOME": str(tmp_path / "home")}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """run(*arguments) of ml-backend, to its end."""

    def run(*arguments: object, encoding: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ml_backend", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, encoding=encoding, check=False)

    return run


def test_version_and_help(run):
    version = run("--version")
    assert (version.returncode, version.stdout) == (0, f"ml-backend {ml_backend.__version__}\n")
    told = run("--help").stdout
    for command in ("extract", "train", "swap", "evaluate", "faceset", "consent", "serve", "doctor"):
        assert command in told


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_what_standard_output_cannot_show_is_spelt_out(encoding, run, environment, tmp_path):
    environment |= {"ML_BACKEND_HOME": str(tmp_path / "ujęcie é 日本 😀"), "PYTHONIOENCODING": encoding}
    done = run("audit", "rotate", "--reason", "test", "--json", encoding=encoding)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["file"] == str(tmp_path / "ujęcie é 日本 😀" / "audit" / "audit.jsonl")


@pytest.mark.skipif(os.name == "nt", reason="Windows takes any name for a user's")
def test_a_home_that_nobody_knows_is_an_error_that_says_what_to_set(run, environment):
    environment |= {"ML_BACKEND_HOME": "~nobody of this name/home"}
    for command in (["consent", "list"], ["serve"]):
        done = run(*command)
        assert done.returncode == 1
        assert done.stderr.startswith("ml-backend: The home folder ~nobody of this name/home is not known")
        assert "Set ML_BACKEND_HOME to a folder" in done.stderr.splitlines()[0]


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes it")
def test_standard_output_may_be_closed(environment):
    command = ["sh", "-c", 'exec "$0" "$@" >&-', sys.executable, "-m", "ml_backend", "audit", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "COMMAND"),
        (["fly"], "fly"),
        (["extract", PLATE], "--faceset"),
        (["extract", "--faceset", "faces"], "SOURCE"),
        (["extract", PLATE, "--faceset", "faces", "--size", "large"], "large"),
        (["faceset"], "ACTION"),
        (["extract", PLATE, "--faceset", "faces", "--size", "8"], "size: 8"),
        (["extract", PLATE, "--faceset", "faces", "--identity", "../x"], "../x"),
        (["extract", PLATE, "--faceset", "faces", "--frames", "ten"], "ten"),
        (["extract", PLATE, "--faceset", "faces", "--frames", "500-"], "1-120"),
        (["extract", PLATE, "--faceset", "f" * 300, "--frames", "1"], "Give it a shorter name."),
        (["train", "--model", "m", "--faceset", "A"], "--faceset A"),
        (["train", "--model", "m", "--faceset", "A=x", "--faceset", "A=y"], "A twice"),
        (["train", "--model", "m", "--faceset", "A=x"], "facesets"),
        (["train", "--model", "m", "--faceset", "A=x", "--faceset", "B=y", "--iterations", "0"], "iterations: 0"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_what_is_wrong(arguments, named, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.returncode == 2
    assert named in done.stderr.splitlines()[-1]
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "faces").exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.mp4", None, 2),
        ("empty.mp4", b"", 1),
        ("text.mp4", b"this is no film", 1),
        ("cut.mp4", PLATE.read_bytes()[:20000], 1),
        ("damaged.png", b"\x89PNG\r\n\x1a\n123", 1),
        ("plate.json", b'{"sauce": 1}', 1),
    ],
)
def test_bad_sources_are_named_on_one_line(name, content, code, run, tmp_path):
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content)
    done = run("extract", source, "--faceset", tmp_path / "faces", "--json")
    assert done.returncode == code
    (line,) = done.stderr.splitlines()
    assert line.startswith("ml-backend: ")
    assert str(source) in line
    assert done.stdout == ""


def test_an_empty_folder_is_a_bad_source(run, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("extract", tmp_path / "empty", "--faceset", tmp_path / "faces")
    assert done.returncode == 1
    assert str(tmp_path / "empty") in done.stderr


def test_refused_ends_with_3(run):
    assert run("consent", "check", "nobody").returncode == 3


def test_json_is_the_last_line(run, tmp_path):
    done = run("extract", PLATE, "--faceset", tmp_path / "faces", "--frames", "1-2", "--size", "64", "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout.splitlines()[-1])
    assert {"frames", "faces", "frames_without_face", "seconds", "peak_rss_mb"} <= result.keys()
    assert (result["frames"], result["faces"]) == (2, 2)
    assert "store faces: 100%" in done.stderr


def test_without_json_people_can_read_it(run, tmp_path):
    done = run("extract", PLATE, "--faceset", tmp_path / "faces", "--frames", "1-1", "--size", "64")
    assert "frames without face  0" in done.stdout


def test_long_lists_are_for_programs():
    assert _shown([0.1] * 150) == "150 values, see --json"
    assert _shown(["anna", "ben"]) == ["anna", "ben"]


def test_an_unexpected_failure_is_one_line_and_a_log(run, tmp_path):
    faces = tmp_path / "faces"
    run("extract", PLATE, "--faceset", faces, "--frames", "1-1", "--size", "64")
    (faces / "faces" / "plate_A_000002_0.png").mkdir()  # a folder where a picture should be
    done = run("extract", PLATE, "--faceset", faces, "--frames", "1-2", "--size", "64")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    log = Path(line.partition("Log: ")[2])
    assert log.is_relative_to(tmp_path / "home")
    assert "Traceback" in log.read_text()


def test_the_log_of_a_crash_holds_any_name(tmp_path, monkeypatch):
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["ml-backend", "b\udcff.mp4"])
    try:
        raise ValueError("b\udcff.mp4")
    except ValueError:
        assert "ValueError: b\\udcff.mp4" in Path(log_crash()).read_text()


def test_a_reader_that_stops_early_is_no_crash(run, environment, tmp_path):
    faces = tmp_path / "faces"
    run("extract", PLATE, "--faceset", faces, "--frames", "1-10", "--size", "64")
    command = [sys.executable, "-m", "ml_backend", "faceset", "export", str(faces)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no device that is always full")
def test_a_full_disk_is_told_without_a_log(environment):
    command = [sys.executable, "-m", "ml_backend", "audit", "verify"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "No space left on device. Free some space there, then run the command again." in done.stderr
    assert "Log:" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(number, run, environment, tmp_path):
    faces = tmp_path / "faces"
    arguments = ["extract", str(PLATE), "--faceset", str(faces), "--frames", "1-60", "--size", "64", "--json"]
    command = [sys.executable, "-m", "ml_backend", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(faces.glob("faces/*.png")):
        time.sleep(0.01)
    process.send_signal(number)
    out, told = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in told
    assert told.splitlines()[-1] == "ml-backend: stopped. The same command goes on from here."
    before = Faceset.open(faces).faces()
    assert 0 < len(before) < 60
    assert not list(faces.glob("faces/.*"))

    done = run(*arguments)
    assert done.returncode == 0
    assert json.loads(done.stdout)["faces"] == 60
    assert {face.track for face in Faceset.open(faces).faces()} == {0}
