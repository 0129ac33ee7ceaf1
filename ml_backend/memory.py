"""How much memory this process has used, and may use: the machine's, or less where a container is given less."""

import sys
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_LIMITS = (_CGROUP / "memory.max", _CGROUP / "memory/memory.limit_in_bytes")  # version 2, version 1
_USED = (_CGROUP / "memory.current", _CGROUP / "memory/memory.usage_in_bytes")


def peak_rss_mb() -> float:
    """The largest resident set of this process so far, in MiB."""
    if sys.platform == "win32":
        import psutil

        peak = float(psutil.Process().memory_info().peak_wset)
    elif sys.platform == "linux":  # getrusage would count the process that started this one, such as a large Blender
        lines = Path("/proc/self/status").read_text().splitlines()
        peak = float(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 2**10
    else:
        import resource

        peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return peak / 2**20


def total_mb() -> int:
    """In MiB, as all numbers here."""
    import psutil  # here, so that the doctor can say that it is missing

    machine = int(psutil.virtual_memory().total)
    return min([machine, *_numbers(_LIMITS)]) // 2**20


def available_mb() -> int:
    """What can be taken now without swapping."""
    import psutil  # here, so that the doctor can say that it is missing

    free = int(psutil.virtual_memory().available)
    limit, used = _numbers(_LIMITS), _numbers(_USED)
    if limit and used:
        # files in the page cache count as used there and are given back on demand, so this is the cautious side
        free = min(free, max(0, limit[0] - used[0]))
    return free // 2**20


def own_mb() -> int:
    """What this process holds now."""
    import psutil  # here, so that the doctor can say that it is missing

    return int(psutil.Process().memory_info().rss) // 2**20


def _numbers(files: tuple[Path, ...]) -> list[int]:
    """The first of the files that holds a number, as a list of one; empty where none does (no limit is "max")."""
    for file in files:
        try:
            return [int(file.read_text(encoding="ascii"))]
        except (OSError, ValueError):
            continue
    return []
