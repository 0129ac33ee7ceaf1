"""The walkthroughs of the documentation are done: every command of a marked block, in the order of the page.

They are run in an empty folder with a few frames of the demo's footage, and trained for a moment only: `--minutes` is
changed to a few iterations, and nothing else.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest

from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb

from .commands import words_of
from .pages import DOCS, ROOT, Block, blocks, markers, named, pages

FOOTAGE = ROOT / "demo" / "footage"
CLIPS = {"plate.mp4": "plate_A.mp4", "take1.mp4": "identity_B_take1.mp4", "take2.mp4": "identity_B_take2.mp4"}
FRAMES = 6
ITERATIONS = "40"  # some seconds: a curve needs two reports, and there is one every half a second
TRAINING = ("train", "train-mask")
BEFORE = {
    "faces": [
        "consent new anna --basis synthetic",
        "consent new ben --basis synthetic",
        "extract plate.mp4 --faceset DIR --identity anna",
        "extract plate.mp4 --faceset ANNA --identity anna",
        "extract take1.mp4 take2.mp4 --faceset BEN --identity ben",
        "extract take1.mp4 --faceset A --identity ben",
        "extract take2.mp4 --faceset B --identity ben",
    ]
}
"""What has been done where a page begins in the middle: its facesets bear the names that it gives them."""


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
    """plate.mp4 of the performer, take1.mp4 and take2.mp4 of the identity, ben.png, a picture of the identity, and
    signed.pdf, the paper that a record stands for."""
    folder = tmp_path_factory.mktemp("clips")
    for name, file in CLIPS.items():
        frames = [frame.image for frame in islice(open_source(str(FOOTAGE / file)).frames(), FRAMES)]
        write_movie(folder / name, frames, Fraction(25))
    write_rgb(folder / "ben.png", frames[0])
    (folder / "signed.pdf").write_bytes(b"%PDF-1.4\n")
    return folder


@pytest.fixture
def call(tmp_path: Path, clips: Path) -> Callable[[list[str]], "subprocess.CompletedProcess[str]"]:
    """Run `ml-backend` with arguments in a folder that has the clips, with a home and a project of its own."""
    work = tmp_path / "work"
    work.mkdir()
    for clip in clips.iterdir():
        (work / clip.name).write_bytes(clip.read_bytes())
    environment = os.environ | {"ML_BACKEND_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    environment.pop("ML_BACKEND_PROJECT", None)

    def run(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "ml_backend", *arguments]
        return subprocess.run(
            command, cwd=work, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    return run


def shortened(arguments: list[str]) -> list[str]:
    """The same with a training of a few iterations."""
    if not arguments or arguments[0] not in TRAINING or "--minutes" not in arguments:
        return arguments
    place = arguments.index("--minutes")
    return [*arguments[:place], "--iterations", ITERATIONS, *arguments[place + 2 :]]


def test_there_are_walkthroughs() -> None:
    assert {"first-swap", "consent", "faces"} <= walkthroughs().keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", walkthroughs())
def test_every_step_works(name: str, call: Callable[[list[str]], "subprocess.CompletedProcess[str]"]) -> None:
    for command in BEFORE.get(name, ()):
        done = call(command.split())
        assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"
    for block in walkthroughs()[name]:
        for line, command in block.commands():
            program, arguments = words_of(command)
            assert program == "ml-backend", f"{named(block.page, line)}: only ml-backend is run here: {command}"
            done = call(shortened(arguments))
            wanted = 3 if block.language == "refused" else 0
            assert done.returncode == wanted, f"{named(block.page, line)}: {command}\n{done.stderr[-2000:]}"


def test_no_marker_stands_alone() -> None:
    for page in DOCS.rglob("*.md"):
        marked = sum(1 for block in blocks(page) if block.run)
        assert markers(page) == marked, page
