"""The doctor as a person and as the extension meet it: real processes on machines with something wrong with them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ml_backend
from ml_backend.service.protocol import PROTOCOL


def test_a_sound_machine_in_json(doctor, tmp_path):
    answer = doctor("--json", "--quick", "--preset", "tiny", "--faces", "50", "--frames", "20", "--size", "640x360")
    value = answer.json
    assert (answer.code, len(answer.out.splitlines())) == (0, 1)
    assert set(value) == {
        *("ok", "version", "python", "protocol", "checks", "devices", "memory_mb", "speed", "needs"),
    }
    assert value["ok"] is True
    assert (value["version"], value["protocol"]) == (ml_backend.__version__, PROTOCOL)
    assert all(set(check) == {"name", "state", "value", "fix"} for check in value["checks"])
    assert len({check["name"] for check in value["checks"]}) == len(value["checks"])
    assert all(check["fix"] for check in value["checks"] if check["state"] != "ok")
    assert 0 < value["memory_mb"]["available"] <= value["memory_mb"]["total"]
    assert value["speed"] == {}
    needs = value["needs"]
    assert (needs["preset"], needs["faces"], needs["frames"], needs["width"], needs["height"]) == (
        *("tiny", 50, 20, 640, 360),
    )
    assert needs["swap_seconds"] is None
    assert needs["fits"] is True
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
def test_speed_is_measured_and_times_follow_from_it(doctor):
    answer = doctor("--json", "--size", "320x240", "--frames", "10")
    speed, needs = answer.json["speed"], answer.json["needs"]
    assert answer.code == 0
    assert set(speed) == {
        *("training_images_per_second", "faces_per_second", "followed_faces_per_second"),
        *("decode_frames_per_second", "decode_megapixels_per_second", "swap_frames_per_second"),
    }
    assert all(number > 0 for number in speed.values())
    assert needs["swap_seconds"] >= 10 / speed["swap_frames_per_second"] - 0.1
    images = 1000 * needs["batch_size"] * needs["identities"]
    expected = images / speed["training_images_per_second"]
    assert needs["train_seconds_per_1000_iterations"] == pytest.approx(expected, rel=0.01)


def test_the_text_has_a_row_for_each_finding_and_plain_words_in_a_pipe(doctor):
    answer = doctor("--quick", PYTHONIOENCODING="ascii")
    assert answer.code == 0
    assert answer.out.isascii()
    for text in ("ok      python", "Devices", "cpu", "Needs of a job", "training memory", "All "):
        assert text in answer.out
    assert "Speed" not in answer.out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--preset", "huge999"], "tiny, quick64, quick96, classic64, fast128"),
        (["--size", "large"], "large"),
        (["--size", "10x10"], "10x10"),
        (["--size", "1920×99999"], "16384"),
        (["--frames", "0"], "'0'"),
        (["--faces", "-3"], "--faces"),
    ],
)
def test_wrong_usage_is_told_in_one_line(doctor, arguments, named):
    answer = doctor("--json", "--quick", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert named in answer.err


def test_a_torch_that_cannot_be_loaded(doctor, broken_torch):
    answer = doctor("--json", "--quick", PYTHONPATH=str(broken_torch))
    found = answer.check("torch")
    assert answer.code == 1
    assert answer.json["ok"] is False
    assert found["state"] == "failed"
    assert "libtorch_cpu.so" in found["value"]
    assert "--force-reinstall" in found["fix"]
    assert sys.executable in found["fix"]
    assert answer.check("face recognition")["state"] == "ok"  # it needs no torch
    assert [device["name"] for device in answer.json["devices"]] == ["cpu"]
    assert answer.json["needs"] == {}


@pytest.mark.skipif(os.name == "nt", reason="a process there does not end with SIGILL")
def test_a_torch_that_kills_the_process(doctor, deadly_torch):
    answer = doctor("--json", "--quick", PYTHONPATH=str(deadly_torch))
    assert answer.code == 1
    assert "SIGILL" in answer.check("torch")["value"]
    assert [device["name"] for device in answer.json["devices"]] == ["cpu"]


def test_the_text_of_a_broken_machine_says_what_to_do(doctor, broken_torch):
    answer = doctor("--quick", PYTHONPATH=str(broken_torch))
    assert answer.code == 1
    assert "FAILED  torch" in answer.out
    assert "This will not work: torch." in answer.out.splitlines()[-1]


@pytest.mark.parametrize("damage", ["one byte", "missing"])
def test_a_damaged_face_model_is_found(doctor, copied_package, damage):
    file = copied_package / "ml_backend" / "weights" / "facemesh478.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.unlink() if damage == "missing" else file.write_bytes(data)
    answer = doctor("--json", "--quick", folder=copied_package)
    found = answer.check("face models")
    assert (answer.code, found["state"]) == (1, "failed")
    assert str(file) in found["value"]
    assert found["fix"] == "Install the backend again."


def test_a_model_that_sees_something_else_is_found(doctor, copied_package):
    """As one that computes wrongly on this processor: the reference is moved instead."""
    file = copied_package / "ml_backend" / "doctor" / "sample_face.json"
    file.write_text(file.read_text().replace('"eyes": [[', '"eyes": [[1'))
    answer = doctor("--json", "--quick", folder=copied_package)
    assert answer.code == 1
    assert "px from where they are" in answer.check("face recognition")["value"]


def test_a_look_that_crashes_is_a_finding(doctor, copied_package):
    file = copied_package / "ml_backend" / "doctor" / "sample_face.json"
    file.write_text("{")
    answer = doctor("--json", "--quick", folder=copied_package)
    found = answer.check("face recognition")
    assert (answer.code, found["state"]) == (1, "failed")
    assert "JSONDecodeError" in found["value"]
    assert found["fix"]


def test_a_file_where_the_home_folder_should_be(doctor, tmp_path):
    """Root may write anywhere, so a mode would prove nothing here."""
    file = tmp_path / "home"
    file.write_text("mine")
    answer = doctor("--json", "--quick")
    found = answer.check("home folder")
    assert (answer.code, found["state"]) == (1, "failed")
    assert str(file) in found["value"]
    assert "ML_BACKEND_HOME" in found["fix"]
    assert file.read_text() == "mine"


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor has one thread")
def test_threads_that_are_held_back(doctor):
    answer = doctor("--json", "--quick", OMP_NUM_THREADS="1")
    assert answer.check("threads")["state"] == "warning"
    assert answer.check("threads")["fix"] == "Unset OMP_NUM_THREADS to use them all."


def test_what_is_slow_to_load_waits_until_a_command_needs_it():
    code = "import sys, ml_backend.cli; ml_backend.cli.parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, check=True)
    assert not {b"torch", b"fastapi", b"uvicorn", b"cv2", b"av", b"onnxruntime"} & set(done.stdout.split())
