"""The demo file as it comes, copied to a folder with its footage. Argument: folder."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import bpy

import blender_deepfake
from blender_deepfake import compat, people, project, strips, ui

DEMO = Path(__file__).parents[3] / "demo"
folder = Path(sys.argv[1]) / "demo"
shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("out", "deepfake"))
blender_deepfake.register()
bpy.ops.wm.open_mainfile(filepath=str(folder / "demo.blend"))
context: Any = bpy.context
scene = compat.sequencer_scene(context)
settings = scene.deepfake
operators: Any = bpy.ops.deepfake
text = bpy.data.texts["What to press"].as_string()
screen = bpy.data.screens["Video Editing"]
print(
    json.dumps(
        {
            "strips": {s.name: Path(bpy.path.abspath(s.filepath)).is_file() for s in scene.sequence_editor.strips},
            "active": strips.active(scene).name,
            "project": settings.project,
            "consent": {role: people.look(scene, role).consent.text for role in people.ROLES},
            "model": str(project.model(settings.model).relative_to(folder)),
            "can": [operators.extract.poll(), operators.preview_swap.poll(), operators.swap.poll()],
            "panels": re.findall(r"^\d  (\w+)(?=:)", text, re.MULTILINE),
            "labels": [cls.bl_label for cls in ui.CLASSES],
            "shown": [area.spaces.active.text.name for area in screen.areas if area.type == "TEXT_EDITOR"],
        }
    )
)
blender_deepfake.unregister()
