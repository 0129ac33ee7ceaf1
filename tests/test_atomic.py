"""Files that appear whole or not at all, on disks that cannot do all."""

import os
from pathlib import Path

import pytest

from ml_backend import atomic


@pytest.mark.skipif(os.name == "nt", reason="the limit is POSIX")
def test_an_error_of_a_disk_names_the_file(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # longer files than that are refused
    try:
        with pytest.raises(OSError, match=r"too large: '.*/report.html'"):
            atomic.write_bytes(tmp_path / "report.html", b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that syncs no folders")
def test_a_folder_that_cannot_be_synced_is_no_error() -> None:
    handle = os.open("/proc", os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="Invalid argument"):
            os.fsync(handle)
    finally:
        os.close(handle)
    atomic._sync_folder(Path("/proc"))
    with pytest.raises(OSError, match="Bad file descriptor"):  # it is let go of all the same
        os.fstat(handle)
