"""Processes: is one alive, start one in its own group, end a group."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

if sys.platform == "win32":
    import ctypes

    def alive(pid: int) -> bool:
        """Does the process run? A process that ended and that nobody asked about counts as ended."""
        query, still_active = 0x1000, 259
        handle = ctypes.windll.kernel32.OpenProcess(query, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        return code.value == still_active

    def terminate(process: "subprocess.Popen[bytes]") -> None:
        """Ask the process to end."""
        process.send_signal(signal.CTRL_BREAK_EVENT)

    def kill_group(pid: int) -> None:
        """End the process and all that it started, now."""
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)

    _own_group: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
else:

    def alive(pid: int) -> bool:
        """Does the process run? A process that ended and that nobody asked about counts as ended."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (OSError, IndexError):  # no /proc here, as on macOS
            return True

    def terminate(process: "subprocess.Popen[bytes]") -> None:
        """Ask the process to end."""
        process.terminate()

    def kill_group(pid: int) -> None:
        """End the process and all that it started, now."""
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of ended processes
            return

    _own_group: dict[str, Any] = {"start_new_session": True}


def kill_left_over(group: int, mark: str) -> None:
    """End the rest of a group whose leader is gone, if its processes carry `mark` as their DEEPFAKE_JOB variable.

    Without the mark the group's number might be another's by now. Where processes cannot be seen, as on macOS and
    Windows, nothing is ended.
    """
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ours = int(fields[2]) == group and f"DEEPFAKE_JOB={mark}".encode() in (
                process / "environ"
            ).read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):  # it ended just now, or is another user's
            continue
        if ours:
            kill_group(group)
            return


def start(
    command: Sequence[str | Path], log: Path, variables: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start `command` in its own group. Its output goes to `log`; its input is a pipe that ends when we do."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **(variables or {})}
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=environment, **_own_group
        )
