"""Swaps of edits that came from one another, and of footage that took another's name. Arguments: folder."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import placing, strips, swap_specs, swap_versions

folder = Path(sys.argv[1])
swaps, model = folder / "deepfake" / "swaps", folder / "model"
model.mkdir()
blender_deepfake.register()


def saved(name: str) -> Any:
    """Save the edit under this name, open that, and return its strip."""
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / name))
    bpy.ops.wm.open_mainfile(filepath=str(folder / name))
    return strip()


def strip() -> Any:
    return bpy.context.scene.sequence_editor.strips_all["plate"]


def asked() -> str:
    """Where the next swap goes, as it is asked for."""
    out = swap_versions.target(strip(), "identity")
    spec = swap_specs.swap(bpy.context.scene, strip(), swap_specs.Swapping(model, "identity"), out)
    return Path(spec.request["out"]).name


pictures.movie(pictures.edit())
saved("cut_v1.blend")
first = asked()
made = pictures.swap_of(folder / "made", list(range(1, 6)), pictures.numbered)
shutil.copytree(made, swaps / first, dirs_exist_ok=True)
placing.place(bpy.context.scene, strip(), swaps / first)
answer: dict[str, Any] = {"v1": [asked().removeprefix(first)]}
saved("cut_v1.blend")
saved("cut_v2.blend")
shown = swap_versions.folder_of(strips.results_over(strip())[0])
answer["shown"] = [shown.name.removeprefix(first), swap_versions.is_own(shown)]
answer["placed again"] = swap_versions.chosen(strip(), "identity").name.removeprefix(first)
answer["v2"] = [asked().removeprefix(first)]
bpy.ops.wm.open_mainfile(filepath=str(folder / "cut_v2.blend"))  # a command that saved nothing
answer["v2"].append(asked().removeprefix(first))
bpy.ops.wm.open_mainfile(filepath=str(folder / "cut_v1.blend"))
answer["v1"].append(asked().removeprefix(first))

edit = bpy.context.scene.sequence_editor
edit.strips.remove(strip())
pictures.movie(bpy.context.scene)
answer["same footage"] = asked() == first
edit.strips.remove(strip())
other = str(shutil.copy(pictures.PLATE, folder / "other.mp4"))
edit.strips.new_movie("plate", other, channel=1, frame_start=1)
answer["other footage"] = asked() == first
blender_deepfake.unregister()
print(json.dumps(answer))
