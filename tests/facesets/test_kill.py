"""SIGKILL at random moments: each new start goes on, and the end is the same as without."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

PLATE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"
FRAMES = "1-40"
KILLS = 4


@pytest.mark.slow
def test_killed_extractions_end_like_an_undisturbed_one(tmp_path, extract, content):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # pytest shows it where the test fails
    chance = random.Random(seed)
    extract(tmp_path / "undisturbed", PLATE, frames=FRAMES)
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "ml_backend", "extract", str(PLATE), "--faceset", str(folder)]
    command += ["--frames", FRAMES, "--size", "64"]
    killed = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if killed < KILLS:
            _wait_for_a_new_picture(process, folder / "faces")
            time.sleep(chance.uniform(0, 0.9))
            process.kill()
            killed += 1
        _, told = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -9, told
    assert content(folder) == content(tmp_path / "undisturbed")


def _wait_for_a_new_picture(process, folder):
    started = time.time_ns()
    while process.poll() is None and (not folder.is_dir() or folder.stat().st_mtime_ns < started):
        time.sleep(0.005)
