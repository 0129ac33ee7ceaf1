"""A swap that is killed again and again ends with the same pictures as one that was left alone."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FRAMES, KILLS = 12, 5


def count(out: Path) -> int:
    return len(list(out.glob("0*.png")))


@pytest.fixture
def asked(footage: Path, tiny_model: Path, consent: Path) -> list[str]:
    """What the fixture `swap` asks for, as arguments of the command line."""
    plate = str(footage / "plate_A.mp4")
    return [plate, "--model", str(tiny_model), "--identity", "identity_B", "--consent", str(consent)]


@pytest.mark.slow
def test_a_killed_swap_ends_as_one_that_was_not(
    swap: Callable[..., dict[str, Any]],
    asked: list[str],
    backend_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    calm, out = tmp_path / "calm", tmp_path / "killed"
    swap(out=calm, frames=f"1-{FRAMES}")

    command = [sys.executable, "-m", "ml_backend", "swap", *asked, "--out", str(out), "--frames", f"1-{FRAMES}"]
    log = (tmp_path / "log.txt").open("w")
    killed_at = []
    for kill in range(KILLS):
        # the first kill at any moment of the search for faces, the others where pictures are being written
        target = 0 if kill == 0 else min(count(out) + chance.randint(1, 3), FRAMES)
        process = subprocess.Popen(command, env=backend_environment, stdout=log, stderr=log)
        while process.poll() is None and count(out) < target:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 4 if kill == 0 else 0.1))
        process.kill()
        process.wait()
        killed_at.append(count(out))
    print(f"killed after the pictures {killed_at}")
    subprocess.run(command, env=backend_environment, stdout=log, stderr=log, check=True, timeout=300)

    ends = [{file.name: file.read_bytes() for file in folder.glob("*.png")} for folder in (calm, out)]
    assert len(ends[0]) == FRAMES
    assert ends[0] == ends[1]
    assert (calm / "manifest.json").read_bytes() == (out / "manifest.json").read_bytes()
    assert not list(out.rglob(".*")), "nothing half-written is left"
