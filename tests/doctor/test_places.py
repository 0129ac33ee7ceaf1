"""Folders, sockets and threads that are not as they should be."""

import os
from pathlib import Path

import pytest

from ml_backend.doctor.machine import check_clock, check_loopback, check_memory, check_threads
from ml_backend.doctor.places import check_disk, check_home, check_keys, check_temporary, free_disk_mb
from ml_backend.provenance.keys import signing_key

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ML_BACKEND_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_new_home_is_tried_and_not_left_behind(home):
    assert check_home().state == "ok"
    assert not home.exists()


def test_an_old_home_keeps_what_it_has(home):
    home.mkdir()
    (home / "mine").write_text("mine")
    assert check_home().state == "ok"
    assert [path.name for path in home.iterdir()] == ["mine"]


def test_a_file_above_the_home_folder(home, monkeypatch):
    home.write_text("mine")
    monkeypatch.setenv("ML_BACKEND_HOME", str(home / "deeper"))
    found = check_home()
    assert found.state == "failed"
    assert str(home / "deeper") in found.value
    assert found.fix


@posix
def test_a_home_that_others_can_write(home):
    home.mkdir()
    home.chmod(0o777)
    assert (check_home().state, check_home().fix) == ("warning", f'Close it: chmod go-w "{home}"')


@posix
def test_keys_that_are_open_to_others(home):
    assert check_keys().state == "ok"
    signing_key()
    assert check_keys().state == "ok"
    keys = home / "keys"
    keys.chmod(0o755)
    assert (check_keys().state, check_keys().fix) == ("warning", f'Close it: chmod 700 "{keys}"')
    (keys / "signing.pem").chmod(0o644)
    assert (check_keys().state, check_keys().fix) == ("failed", f'Close it: chmod 600 "{keys / "signing.pem"}"')


def test_a_damaged_key_is_named(home):
    signing_key()
    (home / "keys" / "signing.pem").write_text("not a key")
    found = check_keys()
    assert found.state == "warning"
    assert "signing.pem" in found.value


def test_disk_is_measured_where_the_home_would_be_made(home):
    assert free_disk_mb() > 0
    assert str(home) in check_disk().value


def test_the_machine_that_runs_the_tests_is_sound():
    assert check_loopback().state == check_clock().state == check_temporary().state == "ok"
    assert check_memory().state in ("ok", "warning")


def test_more_threads_than_processors():
    found = check_threads(64 * (os.cpu_count() or 1))
    assert found.state == "warning"
    assert "OMP_NUM_THREADS=" in found.fix
