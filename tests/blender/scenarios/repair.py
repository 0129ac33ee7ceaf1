"""Repairs by operator and by command, and a person that is pointed at. Arguments: folder."""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import facesets
import pictures

import blender_deepfake
from blender_deepfake import commands, job_specs, strips
from blender_deepfake.core import repairs

folder = Path(sys.argv[1])
blender_deepfake.register()
operators: Any = bpy.ops.deepfake
scene = pictures.edit()
strip = pictures.movie(scene, start=11)
scene.sequence_editor.active_strip = strip
scene.frame_set(25)  # frame 15 of the movie
middle = (150.0, 200.0)
faces = [(15, 0, middle), (15, 1, (300.0, 210.0)), (16, 0, (151.0, 200.0))]
faceset = facesets.make(folder / "faces é", pictures.PLATE, faces, (64, 64))
scene.deepfake.performer_faceset = str(faceset)


def run(call: Any, **values: Any) -> list[str]:
    try:
        return list(call(**values))
    except RuntimeError as error:  # without a window, an operator's error report raises
        return [str(error)]


done = [
    run(operators.add_face, box=(240, 60, 200, 20), roll=5),
    run(operators.delete_face, at=(155, 190)),
    run(operators.move_face, at=(300, 215), box=(280, 180, 330, 240)),
    run(operators.correct_landmarks, at=middle, points="33=140.5,190 263=160,191"),
]
written = repairs.read(faceset)
refused = [
    run(operators.delete_face, at=(20, 20)),
    run(operators.add_face, box=(20, 20, 22, 22)),
    run(operators.correct_landmarks, at=middle, points="500=1,2"),
]
scene.frame_set(5)
refused.append(run(operators.add_face, box=(20, 20, 60, 60)))
refused.append(run(operators.add_face, box=(20, 20, 60, 60), faceset=str(folder / "nowhere")))
scene.frame_set(25)
refused.append(run(operators.add_face, box=(20, 20, 60, 60), faceset=str(folder / "nowhere")))
undone = run(operators.undo_repair)
left = len(repairs.read(faceset))

common = ["--strip", "plate", "--faceset", str(faceset)]
codes = [
    commands.main(["repair", *common, *words])
    for words in (
        ["--frame", "30", "--add", "10,20,60,80", "--json"],
        ["--frame", "31", "--delete", "10,20"],
        ["--frame", "32", "--move", "10,20", "10,20,60,80", "--roll", "3"],
        ["--frame", "33", "--landmarks", "10,20", "33=11,21", "263=40,21"],
        ["--undo"],
        ["--frame", "3", "--delete", "10,20"],
        ["--frame", "30", "--delete", "10"],
        ["--frame", "30", "--add", "1,2,3,4"],
        ["--frame", "30", "--add", "1,2,3,4", "--undo"],
        ["--frame", "30"],
    )
]
by_command = [(r["frame"], r["action"]) for r in repairs.read(faceset)[left:]]

pointed = run(operators.pick_person, role="PERFORMER", at=middle)
choice = scene.deepfake.performer_choice
strip.color_saturation = 0.5
graded = run(operators.add_face, box=(20, 20, 60, 60))
last = repairs.read(faceset)[-1]
strip.color_saturation = 1.0
extraction = job_specs.extract(
    scene, strip, "anna", faceset, job_specs.Extraction(who=choice.point, size=512, smallest=12)
)
print(
    json.dumps(
        {
            "done": done,
            "written": written,
            "refused": refused,
            "undone": [undone, left],
            "codes": codes,
            "by_command": by_command,
            "pointed": [pointed, choice.who, choice.point],
            "graded": [graded, Path(last["source"]).suffix, last["frame"], strips.mark(strip)[:8] in last["source"]],
            "request": extraction.request,
        }
    )
)
blender_deepfake.unregister()
