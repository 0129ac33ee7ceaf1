"""Runs commands in an edit with one strip, each given as a JSON list. Arguments: folder, then the commands."""

import json
import sys
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
codes = [main(json.loads(argument)) for argument in sys.argv[2:]]
placed = [s.name for s in scene.sequence_editor.strips_all if s.get(strips.SWAP)]
started = session.current().backend is not None and session.current().backend.started_here
blender_deepfake.unregister()
print(json.dumps({"codes": codes, "placed": placed, "started": started}))
