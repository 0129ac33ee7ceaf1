"""The walkthroughs of the documentation are done: every command of a marked block, in the order of the page.

They are run in an empty folder with a few frames of the demo's footage, and trained for a moment only: INSTEAD says
what is changed in them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb

from .commands import words_of
from .pages import DOCS, ROOT, Block, blocks, markers, named, pages

IN_ONE_PROCESS = Path(__file__).with_name("one_after_another.py")
FOOTAGE = ROOT / "demo" / "footage"
CLIPS = {"plate.mp4": "plate_A.mp4", "take1.mp4": "identity_B_take1.mp4", "take2.mp4": "identity_B_take2.mp4"}
FRAMES = 6
MINUTES = re.compile(r"--minutes \d+")
SHORT = "--iterations 40"  # some seconds: a curve needs two reports, and there is one every half a second
INSTEAD = {
    "train-mask --model masks": "train-mask --model masks --iterations 2",
    "--to 120000": "--to 1",
    "--chunk 15": "--chunk 3",
    "--frames 1-15": "--frames 1-3",
}
"""What the pages say, and what is said here, where footage is long and models are trained for days."""
MODEL = "--faceset anna=ANNA --faceset ben=BEN --preset tiny --iterations 3"
FACES = [
    "consent new anna --basis synthetic --actions train,swap,export-model",
    "consent new ben --basis synthetic --actions train,swap,export-model",
    "extract plate.mp4 --faceset ANNA --identity anna",
    "extract take1.mp4 take2.mp4 --faceset BEN --identity ben",
]
BEFORE = {
    "faces": [
        *FACES,
        "extract plate.mp4 --faceset DIR --identity anna",
        "extract take1.mp4 --faceset A --identity ben",
        "extract take2.mp4 --faceset B --identity ben",
        f"train --model model {MODEL}",
    ],
    "night": [
        *FACES,
        # to go back to, and then some seconds for a curve of several reports
        *(f"train --model night {MODEL}".replace("--iterations 3", f"--iterations {n}") for n in (1, 200)),
        f"train --model wide {MODEL}",
    ],
    "farm": [
        "consent new performer_A --basis synthetic --project demo --out consent",
        "consent new identity_B --basis synthetic --project demo --out consent",
        "extract plate.mp4 --faceset ANNA --identity performer_A --consent consent --project demo",
        "extract take1.mp4 --faceset BEN --identity identity_B --consent consent --project demo",
        f"train --model model {MODEL.replace('anna', 'performer_A').replace('ben', 'identity_B')}"
        " --consent consent --project demo",
    ],
    "delivery": [
        *FACES,
        f"train --model model {MODEL}",
        *(
            f"swap plate.mp4 --model model --identity ben --out {out}"
            for out in ("swap", "other_swap", "swaps/shot010", "swaps/shot020")
        ),
        "sign film.mp4 --swap swap",
    ],
}
"""What has been done where a page begins in the middle: it is called as the page calls it."""


def walkthroughs() -> dict[str, list[Block]]:
    """The marked blocks by the name of their walkthrough, in the order of the pages."""
    found: dict[str, list[Block]] = defaultdict(list)
    for page in pages():
        for block in blocks(page):
            if block.run:
                found[block.run].append(block)
    return found


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """plate.mp4 of the performer, take1.mp4 and take2.mp4 of the identity, ben.png, a picture of the identity,
    signed.pdf, the paper that a record stands for, and what somebody has rendered or painted."""
    folder = tmp_path_factory.mktemp("clips")
    for name, file in CLIPS.items():
        frames = [frame.image for frame in islice(open_source(str(FOOTAGE / file)).frames(), FRAMES)]
        write_movie(folder / name, frames, Fraction(25))
    write_rgb(folder / "ben.png", frames[0])
    (folder / "signed.pdf").write_bytes(b"%PDF-1.4\n")
    for film in ("film.mp4", "film.mov"):
        shutil.copy(folder / "plate.mp4", folder / film)
    stills = [f"{still}.png" for still in ("still_1", "still_2", "render/000001", "rendered_folder/000001")]
    for still in stills:
        (folder / still).parent.mkdir(exist_ok=True)
        write_rgb(folder / still, frames[0])
    (folder / "MASKS").mkdir()
    cv2.imwrite(str(folder / "MASKS" / "plate_000001_0.png"), np.full((64, 64), 255, np.uint8))
    return folder


def shortened(command: str) -> str:
    """The same with what is said here in place of what the page says."""
    for theirs, ours in INSTEAD.items():
        command = command.replace(theirs, ours)
    return MINUTES.sub("" if "--iterations" in command else SHORT, command)


def test_there_are_walkthroughs() -> None:
    assert {"first-swap", "consent", *BEFORE} <= walkthroughs().keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", walkthroughs())
def test_every_step_works(name: str, clips: Path, tmp_path: Path) -> None:
    steps: list[tuple[list[str], int, str]] = [(command.split(), 0, command) for command in BEFORE.get(name, ())]
    for block in walkthroughs()[name]:
        for line, command in block.commands():
            program, arguments = words_of(shortened(command))
            assert program == "ml-backend", f"{named(block.page, line)}: only ml-backend is run here: {command}"
            steps.append((arguments, 3 if block.language == "refused" else 0, f"{named(block.page, line)}: {command}"))
    work = tmp_path / "work"
    shutil.copytree(clips, work)
    environment = os.environ | {"ML_BACKEND_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    environment.pop("ML_BACKEND_PROJECT", None)
    command = [sys.executable, str(IN_ONE_PROCESS)]
    done = subprocess.run(
        command,
        input=json.dumps(steps),
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,  # something hangs
    )
    assert done.returncode == 0, done.stderr[-4000:]


def test_no_marker_stands_alone() -> None:
    for page in DOCS.rglob("*.md"):
        marked = sum(1 for block in blocks(page) if block.run)
        assert markers(page) == marked, page
