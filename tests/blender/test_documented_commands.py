"""Every `blender -b … --command deepfake …` of the documentation is done, block by block, in the order of the pages.

Each is a process of its own in one project of a few frames of the demo's footage; what else stands in the same blocks
(`ml-backend …`, `blender -b edit.blend -a`) is done between them. A backend serves all of them, as beside a window.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bpy.app import version

from blender_deepfake.core.client import Client, read_endpoint
from tests.docs.commands import words_of
from tests.docs.pages import SHELL, Block, blocks, named, pages

pytestmark = [
    pytest.mark.blender,
    pytest.mark.slow,
    pytest.mark.skipif(version < (5, 2, 0), reason="the pages are for all of them, and what differs is tested beside"),
]
AS_BLENDER = Path(__file__).parent / "scenarios" / "as_blender.py"
ROOT = Path(__file__).parents[2]
AGREED = {"performer_A": "", "identity_B": "", "anna": "--project demo", "ben": "--project demo"}
"""Who agreed, and for which production; without one for all of them: two pages have the same people."""
INSTEAD = {
    "performer_A=DIR": "performer_A=deepfake/facesets/performer_A",
    "identity_B=DIR": "identity_B=deepfake/facesets/identity_B",
    "--faceset DIR": "--faceset deepfake/facesets/performer_A",
    "--delete 640,360": "--delete 192,192",
    "--minutes 60": "--preset tiny --iterations 3",
}
"""What the pages say, and what is said here: their names are the reader's own, and nobody trains for an hour."""
MADE = {
    "README.md": [
        "deepfake/facesets/performer_A/faces/*",
        "deepfake/facesets/performer_A/repairs.json",
        "model/previews/*",
        "deepfake/swaps/plate_*_as_identity_B/manifest.json",
    ],
    "farm.md": ["job/plate.json", "job/keys.json", "job/template.json", "swap/*000012.png", "swap/manifest.json"],
    "in_blender.md": [
        "deepfake/facesets/anna/faces/*",
        "deepfake/models/model/checkpoints/*",
        "deepfake/swaps/plate_*_as_ben/manifest.json",
        "film.mp4",
    ],
}


def documented() -> list[Block]:
    """The blocks in which a command of the extension stands."""
    every = [block for page in pages() for block in blocks(page) if block.language in SHELL]
    return [b for b in every if any(words_of(command)[0] == "deepfake" for _, command in b.commands())]


class Project:
    """A folder with the edit, records of consent for everybody, and a backend that serves."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder, self.program = folder, program
        self.workspace = folder / "home" / "workspace"
        self.environ = os.environ | {
            "PYTHONPATH": str(ROOT),
            "BLENDER_USER_RESOURCES": str(folder / "blender user"),
            "ML_BACKEND_HOME": str(folder / "home"),
            "DEEPFAKE_BACKEND": str(program),
        }
        (folder / "blender user").mkdir(exist_ok=True)

    def call(self, line: str, *words: str | Path) -> None:
        done = subprocess.run(
            list(map(str, words)), cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"

    def do(self, line: str) -> None:
        """Run a command line of a page."""
        program, arguments = words_of(line)
        if program == "ml-backend":
            self.call(line, self.program, *arguments)
        elif program == "deepfake":
            self.call(line, sys.executable, AS_BLENDER, "-b", "edit.blend", "--command", "deepfake", *arguments)
        else:
            assert arguments[:2] == ["blender", "-b"], f"nobody runs {line}"
            self.call(line, sys.executable, AS_BLENDER, *arguments[1:])

    @contextmanager
    def paused_job(self) -> Iterator[str]:
        """The number of a long training that is paused; it is cancelled in the end."""
        endpoint = read_endpoint(self.workspace)
        assert endpoint is not None
        client = Client(endpoint)
        faces = {name: str(self.folder / "deepfake" / "facesets" / name) for name in ("performer_A", "identity_B")}
        request = {"model": str(self.folder / "long"), "facesets": faces, "preset": "tiny", "project": "The Film"}
        job = client.submit("train", request, uuid4().hex)["id"]
        client.pause(job)
        while client.job(job)["state"] != "paused":
            time.sleep(0.2)
        yield str(job)
        client.cancel(job)


@pytest.fixture
def project(scenario: Callable[..., dict[str, Any]], backend_program: Path, tmp_path: Path) -> Iterator[Project]:
    scenario("documented")
    made = Project(tmp_path, backend_program)
    for name, production in AGREED.items():
        made.do(f"ml-backend consent new {name} --basis synthetic {production}")
    shutil.copytree(tmp_path / "home" / "consent", tmp_path / "consent")
    serve = [str(backend_program), "serve", "--workspace", str(made.workspace), "--root", str(tmp_path)]
    serve += ["--parent-pid", str(os.getpid())]
    log = subprocess.DEVNULL
    with subprocess.Popen(serve, env=made.environ, stdin=subprocess.PIPE, stdout=log, stderr=log) as backend:
        while read_endpoint(made.workspace) is None:
            assert backend.poll() is None, "the backend ended"
            time.sleep(0.1)
        yield made
        backend.terminate()


def test_documented_commands_work(project: Project) -> None:
    for block in documented():
        for line, command in block.commands():
            said = command
            for theirs, ours in INSTEAD.items():
                said = said.replace(theirs, ours)
            print(f"{named(block.page, line)}: {said}")
            if "job resume ID" in said:
                with project.paused_job() as number:
                    project.do(said.replace("ID", number))
            else:
                project.do(said)
    missing = [
        f"{page}: {pattern}" for page, made in MADE.items() for pattern in made if not any(project.folder.glob(pattern))
    ]
    assert not missing
    assert {block.page.name for block in documented()} == MADE.keys()
