"""Work of an edit without a file, before and after its first save. Arguments: folder."""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import project, trainings

folder = Path(sys.argv[1])
home = folder / "backend home" / "unsaved edits"
blender_deepfake.register()


def work(name: str) -> Path:
    """A faceset and a model, as jobs write them."""
    (project.faceset(name) / "faces").mkdir(parents=True)
    checkpoint = project.model() / "checkpoints" / "00000007"
    checkpoint.mkdir(parents=True)
    values = {"iteration": 7, "seconds": 60.0, "loss": 0.1, "identities": [name, "b"]}
    (checkpoint / "checkpoint.json").write_text(json.dumps(values))
    return project.folder()


def found(name: str) -> dict[str, Any]:
    """Where the folders lie, from the home of all edits without a file or the edit's own, and the models listed."""
    paths = {"faces": project.faceset(name), "model": project.model(), "others": project.faceset("other")}
    named = {what: path.relative_to(home if path.is_relative_to(home) else folder) for what, path in paths.items()}
    models = trainings._look(project.all_models(), project.model()).models
    return {**{what: path.as_posix() for what, path in named.items()}, "models": len(models)}


pictures.movie(pictures.edit())
first = work("a").name
answer: dict[str, Any] = {"unsaved": found("a")}
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
answer["saved"] = found("a")
bpy.ops.wm.open_mainfile(filepath=str(folder / "edit.blend"))
answer["opened"] = found("a")
bpy.ops.wm.read_homefile(use_empty=True)
answer["apart"] = project.folder().name != first and not project.faceset("a").exists()
work("a")
bpy.ops.wm.open_mainfile(filepath=str(folder / "edit.blend"))
project.faceset("a").rename(folder / "moved")
answer["moved"] = found("a")["faces"]
answer["first"] = first
bpy.ops.wm.read_homefile(use_empty=True)
kept = project.folder()
bpy.ops.wm.save_homefile()
bpy.ops.wm.read_homefile()
answer["startup"] = project.folder() != kept
blender_deepfake.unregister()
print(json.dumps(answer))
