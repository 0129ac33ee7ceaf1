"""Does what `blender -b EDIT -a` and `blender -b EDIT --command deepfake …` do, with Blender as a module."""

import sys
from pathlib import Path

import bpy

import blender_deepfake
from blender_deepfake.commands import main

_, background, edit, *words = sys.argv
assert background == "-b", sys.argv
blender_deepfake.register()
bpy.ops.wm.open_mainfile(filepath=str(Path(edit).resolve()))
if words == ["-a"]:
    bpy.ops.render.render(animation=True)
    code = 0
else:
    assert words[:2] == ["--command", "deepfake"], words
    code = main(words[2:])
sys.exit(code)
