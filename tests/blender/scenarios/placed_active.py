"""A placed swap, and the meta strip of it and its strip, as the strip that is clicked or named. Arguments: folder."""

import io
import json
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import bpy
import pictures
from sequencer import select

import blender_deepfake
from blender_deepfake import placing, selected_strips, strips, swap_settings
from blender_deepfake.commands import main as command

folder = Path(sys.argv[1])
blender_deepfake.register()
operators: Any = bpy.ops.deepfake
scene = pictures.edit()
plate = pictures.movie(scene)
pictures.set_handles(plate, 1, 11)
plate.blend_alpha = 0.5
swap = pictures.swap_of(folder / "swap", list(range(1, 11)), pictures.numbered)
result = placing.place(scene, plate, swap)
scene.deepfake.identity, scene.deepfake.model = "b", str(folder)


def seen(name: str) -> dict[str, Any]:
    """What the buttons do where the strip of this name is the active one."""
    select(scene, name)
    operators.use_swap_settings(settings="opacity=0.25")
    answer: dict[str, Any] = {"set": swap_settings.chosen(plate), "there": swap_settings.chosen(strips.active(scene))}
    operators.reset_swap()
    answer["reset"] = swap_settings.chosen(plate)
    answer["extracted"] = [strip.name for strip in selected_strips.with_picture(scene)]
    scene.frame_set(500)
    try:
        operators.preview_swap()
    except RuntimeError as error:
        answer["preview"] = str(error).strip()
    return answer


def placed(name: str) -> list[Any]:
    errors = io.StringIO()
    with redirect_stderr(errors):
        code = command(["place", str(swap), "--strip", name])
    return [code, errors.getvalue()]


names = [plate.name, result.name, plate.parent_meta().name]
told: dict[str, Any] = {name: seen(name) for name in names}
for strip in scene.sequence_editor.strips_all:
    strip.select = True
told["all"] = [strip.name for strip in selected_strips.with_picture(scene)]
told["named"] = [placed(name) for name in names]
plate.parent_meta().strips.remove(plate)
select(scene, names[1])
told["gone"] = [operators.swap.poll(), len(selected_strips.with_picture(scene)), placed(names[2])[0]]
blender_deepfake.unregister()
print(json.dumps(told))
