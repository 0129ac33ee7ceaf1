"""Runs commands in an edit with one strip, each given as a JSON list. Arguments: folder, then the commands."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pictures

import blender_deepfake
from blender_deepfake import session, strips
from blender_deepfake.commands import main

folder = Path(sys.argv[1])
blender_deepfake.register()
scene = pictures.edit()
strip = pictures.movie(scene)
pictures.swap_of(folder / "swap", [3, 4], pictures.numbered)
codes: list[int] = []
said: list[tuple[str, str]] = []
for argument in sys.argv[2:]:
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        codes.append(main(json.loads(argument)))
    said.append((output.getvalue(), errors.getvalue()))
placed = [s.name for s in scene.sequence_editor.strips_all if s.get(strips.SWAP)]
started = session.current().backend is not None and session.current().backend.started_here
blender_deepfake.unregister()
print(json.dumps({"codes": codes, "said": said, "placed": placed, "started": started}))
