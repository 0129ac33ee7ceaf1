"""A long film is read one frame at a time."""

import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from ml_backend.media.source import open_source

PROGRAM = """
import resource, sys
from ml_backend.media.source import open_source
peaks = []
for frame in open_source(sys.argv[1]).frames():
    if frame.number in (50, 500):
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
unit = 1 if sys.platform == "darwin" else 1024
print((peaks[1] - peaks[0]) * unit)
"""


def test_no_frame_is_kept(make_clip: Callable[..., Path]) -> None:
    alive: list[weakref.ref[object]] = []
    most = 0
    for frame in open_source(make_clip(count=120)).frames():
        alive.append(weakref.ref(frame.image))
        most = max(most, sum(reference() is not None for reference in alive))
    assert most <= 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource module")
def test_the_process_does_not_grow(make_clip: Callable[..., Path]) -> None:
    path = make_clip(count=520, size=(320, 240), options={"preset": "ultrafast", "g": "50"})
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20 * 320 * 240 * 3  # of 450 more frames
