"""The backend's examination of itself, run and read."""

from pathlib import Path
from typing import Any

import pytest

from blender_deepfake.core import doctor
from blender_deepfake.core.backend_command import BackendCommand, find_program
from blender_deepfake.core.errors import BackendMissingError, CancelledError, DeepfakeError


def command(program: Path, what: str) -> BackendCommand:
    return find_program(f"env DOCTOR={what} '{program / 'bin' / 'ml-backend'}'")


def test_all_is_well(program: Path) -> None:
    found = doctor.examine(find_program(str(program)))
    assert (found.ok, found.version, found.python) == (True, "1.2.3", "3.11.9")
    assert found.summary == "All is well"
    assert found.devices == (doctor.Device("cpu", "A processor", 16000.0),)
    assert [check.name for check in found.checks] == ["python", "disk", "torch"]
    assert found.speed == ("Swap: 1.5 frames a second",)
    assert found.raw["new"] == [1]


def test_faults_come_with_their_fix(program: Path) -> None:
    found = doctor.examine(command(program, "faults"))
    assert not found.ok
    assert found.summary == "1 failed, 1 warning"
    assert [(check.name, check.fix) for check in found.wrong] == [("torch", "Install it."), ("disk", "Make room.")]


def test_a_crash_is_told_with_its_last_line_and_a_fix(program: Path) -> None:
    with pytest.raises(DeepfakeError, match=r"code 1: no module named torch") as caught:
        doctor.examine(command(program, "crash"))
    assert "install the backend again" in caught.value.fix


def test_one_that_hangs_is_ended(program: Path) -> None:
    with pytest.raises(DeepfakeError, match="did not answer within") as caught:
        doctor.examine(command(program, "hang"), seconds=1.0)
    assert "doctor" in caught.value.fix
    with pytest.raises(CancelledError):
        doctor.examine(command(program, "hang"), should_stop=lambda: True)


def test_a_program_that_cannot_run(tmp_path: Path) -> None:
    (tmp_path / "ml-backend").write_text("no program")
    with pytest.raises(BackendMissingError, match="does not start"):
        doctor.examine(find_program(str(tmp_path / "ml-backend")))


def test_answers_of_other_releases() -> None:
    found = doctor.parse({"ok": True, "protocol": 3, "version": "9", "checks": [{"name": "x", "state": "?"}]})
    assert not found.ok
    assert found.checks[0].fix == "Update the extension."
    assert found.checks[1] == doctor.Check("x", "warning", "")
    damages: list[dict[str, Any]] = [{"checks": [1]}, {"devices": 5}]
    for damaged in damages:
        with pytest.raises(DeepfakeError, match="cannot be read"):
            doctor.parse(damaged)
