"""The folders that the backend writes into: its home, the keys, the temporary folder, and the disk beneath them."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from ml_backend import atomic
from ml_backend.doctor.check import Check

LITTLE_DISK_MB = 10_000
NO_DISK_MB = 500
_ELSEWHERE = "or set ML_BACKEND_HOME to a folder that can be written"
_CLOCK_TOLERANCE = 60.0  # seconds


def _home() -> Path:
    from ml_backend.provenance.home import home_folder

    return home_folder()


def check_home() -> Check:
    """Write a file into the home folder as jobs do, and read it back. A folder made for this goes away again."""
    home = _home()
    new = not home.exists()
    if home.exists() and not home.is_dir():
        fix = f"Move that file away, {_ELSEWHERE}."
        return Check("home folder", "failed", f"{home} is a file, not a folder", fix)
    file = home / f"doctor-{uuid4().hex[:8]}.json"
    try:
        atomic.write_json(file, {"written": "by ml-backend doctor"})
        drift = file.stat().st_mtime - time.time()
        file.unlink()
        mode = home.stat().st_mode & 0o777
        if new:
            home.rmdir()
    except OSError as error:
        fix = f"Give yourself the right to write there, {_ELSEWHERE}."
        return Check("home folder", "failed", f"{home} cannot be written: {error.strerror or error}", fix)
    if os.name != "nt" and mode & 0o022 and not new:
        fix = f'Close it: chmod go-w "{home}"'
        return Check("home folder", "warning", f"{home} can be written by others (mode {mode:04o})", fix)
    if abs(drift) > _CLOCK_TOLERANCE:
        fix = "Set the clocks of this machine and of the file server by the network."
        return Check("home folder", "warning", f"the clock of its disk is {drift:+.0f} s off", fix)
    return Check("home folder", "ok", f"{home}{'' if new else f' (mode {mode:04o})' if os.name != 'nt' else ''}")


def check_keys() -> Check:
    """May others read the user's signing key? Where that cannot be said by a mode, as on Windows, it is not asked."""
    from ml_backend.provenance.home import keys_folder

    folder = keys_folder()
    if not folder.is_dir():
        return Check("consent keys", "ok", "none yet; the first consent record makes one")
    key = folder / "signing.pem"
    if os.name != "nt":
        if key.is_file() and key.stat().st_mode & 0o077:
            fix = f'Close it: chmod 600 "{key}"'
            return Check("consent keys", "failed", f"{key} can be read by others; it is not used until closed", fix)
        mode = folder.stat().st_mode & 0o777
        if mode & 0o077:
            fix = f'Close it: chmod 700 "{folder}"'
            return Check("consent keys", "warning", f"{folder} is open to others (mode {mode:04o})", fix)
    from ml_backend.provenance.keys import load_trust

    unreadable = load_trust().unreadable
    if unreadable:
        names = ", ".join(str(path) for path in unreadable)
        return Check("consent keys", "warning", f"not readable as keys: {names}", "Restore or delete these files.")
    return Check("consent keys", "ok", str(folder))


def check_disk() -> Check:
    """How much is free where jobs are kept."""
    free = free_disk_mb()
    value = f"{free / 1000:.1f} GB free at {_home()}"
    if free < NO_DISK_MB:
        return Check("disk", "failed", value, f"Make room on this disk, {_ELSEWHERE} on another one.")
    if free < LITTLE_DISK_MB:
        return Check("disk", "warning", value, f"A training and its swap can need more: make room, {_ELSEWHERE}.")
    return Check("disk", "ok", value)


def free_disk_mb() -> int:
    """In MB (10⁶ bytes, as disks are sold) at the home folder, or where it would be made."""
    place = _home()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free // 10**6


def check_temporary() -> Check:
    """Programs ask for temporary files and expect to get them."""
    try:
        with tempfile.NamedTemporaryFile(prefix="ml-backend-doctor-") as file:
            file.write(b"x" * 2**16)
            file.flush()
    except OSError as error:
        fix = "Make room there, or set TMPDIR (on Windows TEMP) to a folder that can be written."
        return Check("temporary folder", "failed", str(error), fix)
    return Check("temporary folder", "ok", tempfile.gettempdir())
