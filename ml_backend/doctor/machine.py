"""The machine itself: memory, threads, clock, and the loopback socket that Blender talks through."""

import os
import socket
import time
from pathlib import Path

from ml_backend import __version__
from ml_backend.doctor.check import Check
from ml_backend.memory import available_mb, total_mb

LITTLE_MEMORY_MB = 2048
_MADE = 1_735_689_600  # 1 January 2025: this version of the program is younger
_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def check_memory() -> Check:
    total, available = total_mb(), available_mb()
    value = f"{total} MiB, of which {available} MiB are available"
    if available < LITTLE_MEMORY_MB:
        fix = "Close other programs before a job, or work on a machine with more memory."
        return Check("memory", "warning", value, fix)
    return Check("memory", "ok", value)


def check_loopback() -> Check:
    """Can a program on this machine talk to another one here? The service does nothing else."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(5)
            with socket.create_connection(server.getsockname(), timeout=5) as client:
                other, _ = server.accept()
                with other:
                    other.settimeout(5)
                    client.sendall(b"doctor")
                    heard = other.recv(6, socket.MSG_WAITALL)
    except OSError as error:
        fix = "Allow Python to use 127.0.0.1 in the firewall, the security program or the container's settings."
        return Check("loopback socket", "failed", f"127.0.0.1 cannot be used: {error}", fix)
    if heard != b"doctor":
        return Check("loopback socket", "failed", "127.0.0.1 changes what is sent", "Look at the security program.")
    return Check("loopback socket", "ok", "127.0.0.1 answers")


def check_clock() -> Check:
    """Consent records begin and end by the date."""
    now = time.time()
    value = time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(now))
    if now < _MADE:
        fix = "Set the clock: consent records are valid by date."
        return Check("clock", "failed", f"{value} is before version {__version__} was made", fix)
    return Check("clock", "ok", value)


def check_threads(threads: int) -> Check:
    """Do torch's `threads` fit the processors that this process may use?"""
    usable = usable_processors()
    value = f"torch computes with {threads} threads on {usable:g} usable processors"
    set_by = [name for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if os.environ.get(name)]
    named = " and ".join(f"{name}={os.environ[name]}" for name in set_by)
    if threads > max(1, usable) * 1.5:
        fix = (
            f"Set OMP_NUM_THREADS={max(1, round(usable))} before the backend starts: more threads slow each other down."
        )
        return Check("threads", "warning", value, fix)
    if set_by and threads <= usable / 2:
        return Check("threads", "warning", f"{value} ({named})", f"Unset {' and '.join(set_by)} to use them all.")
    return Check("threads", "ok", f"{value}{f' ({named})' if named else ''}")


def usable_processors() -> float:
    """Those that this process may run on, or the part of them that its container is given."""
    count = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = _CPU_QUOTA.read_text(encoding="ascii").split()
        return min(count, int(quota) / int(period))
    except (OSError, ValueError):  # no container, or one without a quota ("max")
        return count
