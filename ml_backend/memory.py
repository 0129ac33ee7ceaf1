"""How much memory this process has used."""

import sys
from pathlib import Path


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
