"""The peak of a process is its own, whoever started it."""

import subprocess
import sys

import numpy as np


def test_a_large_parent_does_not_count() -> None:
    large = np.ones(600 << 20, np.uint8)
    code = "from ml_backend.memory import peak_rss_mb; print(peak_rss_mb())"
    peak = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert 5 < peak < 300
    assert large[-1] == 1
