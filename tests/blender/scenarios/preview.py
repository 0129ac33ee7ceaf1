"""A preview that cannot be made, blocking and as in a window. Arguments: folder."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import previewing, session

folder = Path(sys.argv[1])
blender_deepfake.register()
operators: Any = bpy.ops.deepfake
scene = pictures.edit()
plate = pictures.movie(scene, start=11)
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
scene = bpy.context.scene
plate = scene.sequence_editor.strips_all["plate"]
current = session.current()
answer: dict[str, Any] = {"without_strip": operators.preview_swap.poll()}


def refused() -> str:
    try:
        operators.preview_swap()
    except RuntimeError as error:  # without a window, an operator's error report raises
        return str(error)
    return ""


scene.sequence_editor.active_strip = plate
scene.frame_set(12)
answer["nobody"] = refused()
scene.deepfake.identity, scene.deepfake.model = "b", str(folder / "elsewhere" / "model")
answer["no_model"] = refused()
Path(scene.deepfake.model).mkdir(parents=True)
scene.frame_set(500)
answer["no_frame"] = refused()
scene.frame_set(12)
answer["started_nothing"] = current.backend is None

current.blocking = False
answer["started"] = list(operators.preview_swap())
answer["meanwhile"] = [previewing.state().making, operators.preview_swap.poll()]
deadline = time.monotonic() + 60
while previewing.state().making:
    assert time.monotonic() < deadline
    current._tick()
    time.sleep(0.02)
answer["failure"] = [previewing.state().failed, previewing.state().said]
answer["afterwards"] = [operators.preview_swap.poll(), "Swap Preview" in bpy.data.images]
blender_deepfake.unregister()
print(json.dumps(answer))
