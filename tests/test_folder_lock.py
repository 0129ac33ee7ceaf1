"""The lock on a folder, among users who share it."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_backend.errors import BackendError
from ml_backend.folder_lock import hold

ROOT = Path(__file__).parents[1]
PERMISSIONS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits to take away")


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that all users can enter and none can write to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        yield Path(folder)
        Path(folder).chmod(0o755)


@pytest.fixture
def other_user() -> Iterator[None]:
    """Somebody who may write only what all may, also where root runs the tests."""
    root = sys.platform != "win32" and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@PERMISSIONS
def test_the_umask_decides_who_may_take_the_lock(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        with hold(tmp_path / "lock", ""):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o664


@pytest.fixture
def foreign_lock(closed_folder: Path) -> Path:
    lock = closed_folder / "lock"
    closed_folder.chmod(0o755)
    lock.touch()
    lock.chmod(0o444)
    return lock


@PERMISSIONS
def test_a_lock_that_cannot_be_written_would_keep_nobody_out(foreign_lock: Path, other_user: None) -> None:
    with pytest.raises(BackendError, match=r"lock is another user's.*chmod g\+rw"), hold(foreign_lock, "wait"):
        pass


@PERMISSIONS
def test_a_folder_that_cannot_be_written_is_not_called_busy(closed_folder: Path, other_user: None) -> None:
    words = "lock cannot be written: Permission denied. Make room or mend"
    with pytest.raises(BackendError, match=words), hold(closed_folder / "lock", "Wait for the other one."):
        pass


def test_who_is_in_keeps_others_out_and_says_what_to_do(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from ml_backend.folder_lock import hold\n"
    program += "with hold(Path(sys.argv[1]), 'Wait for the other one.'): pass"
    with hold(tmp_path / "lock", ""):
        asked = [sys.executable, "-c", program, str(tmp_path / "lock")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    assert "cannot be taken: database is locked. Wait for the other one." in done.stderr
