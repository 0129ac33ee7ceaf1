"""A PyOutline script for OpenCue: the same three layers, a task of the middle one for each piece."""

import re
import shlex
from pathlib import Path

from .job import FarmJob

FILE = "opencue_job.py"

_SCRIPT = '''"""Submits a swap to OpenCue: python {file} [--show]. Needs pyoutline, and Cuebot unless --show."""

import sys

import outline
import outline.cuerun
from outline.modules.shell import Shell

STEP = {step!r}  # for the shell of the worker
PIECES = {pieces}

job = outline.Outline({name!r}, frame_range=f"1-{{PIECES}}", shot={shot!r}, show={show!r})
faces = Shell("faces", command=f"{{STEP}} faces", range="1", threads=2, retries=2)
frames = Shell(
    "frames",
    command=f"{{STEP}} frames --piece #IFRAME#",
    range=f"1-{{PIECES}}",
    chunk=1,
    threads=2,
    retries=3,
)
join = Shell("join", command=f"{{STEP}} join", range="1", retries=1)
for layer in (faces, frames, join):
    job.add_layer(layer)
frames.depend_all(faces)
join.depend_all(frames)

if __name__ == "__main__":
    if "--show" in sys.argv:
        launcher = outline.cuerun.OutlineLauncher(job)
        launcher.setup()
        print(launcher.serialize(use_pycuerun=False))
    else:
        outline.cuerun.launch(job, use_pycuerun=False)
'''


def script(job: FarmJob, folder: Path, backend: str) -> str:
    """The script's text. backend: the ml-backend program on the workers."""
    return _SCRIPT.format(
        file=FILE,
        step=" ".join([_quoted(backend), "farm step", _quoted(str(folder.absolute()))]),
        pieces=len(job.pieces),
        name=_word(job.name),
        shot=_word(job.request.shot or "shot"),
        show=_word(job.request.project or "show"),
    )


def _quoted(text: str) -> str:
    """A word of a command as the worker's shell reads it, that of Windows too; Cuebot is sent one line of text."""
    if re.fullmatch(r"[\w@+=:,./-]+", text, re.ASCII):
        return text
    return shlex.quote(text) if re.search(r'["$`!%]', text) else f'"{text}"'


def _word(text: str) -> str:
    """Names that Cuebot takes: letters, digits, dash and underscore."""
    return "".join(letter if (letter.isalnum() and letter.isascii()) or letter in "-_" else "_" for letter in text)
