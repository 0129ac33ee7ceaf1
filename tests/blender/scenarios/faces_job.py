"""Two people in one strip, and the real backend. Arguments: folder, the backend's program.

The strip is a meta strip of two movies side by side, so that Blender renders it. One person is chosen by pointing, a
face is deleted and extraction repeated, masks are painted, a mask model is trained and applied.
"""

import io
import json
import sys
from array import array
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import commands, compat, mask_painting
from blender_deepfake.core import faceset_index
from blender_deepfake.shown_frame import shown_frame

FRAMES = 6
BEFORE = 1000  # the plates that Blender renders count from 1001 on
folder, backend = Path(sys.argv[1]), sys.argv[2]
faceset, model = folder / "faces of b", folder / "mask model"
common = ["--workspace", str(folder / "work space"), "--backend", backend]


def edit() -> Any:
    scene = pictures.edit()
    scene.render.resolution_x = 2 * pictures.SIDE
    left = pictures.movie(scene, "left", start=11)
    right = scene.sequence_editor.strips.new_movie(
        "right", str(pictures.PLATE.with_name("identity_B_take1.mp4")), channel=2, frame_start=11
    )
    for strip, offset in ((left, -pictures.SIDE / 2), (right, pictures.SIDE / 2)):
        strip.transform.offset_x = offset
        pictures.set_handles(strip, 13, 13 + FRAMES)
        strip.select = True
    with compat.as_sequencer_scene(scene):
        bpy.ops.sequencer.meta_make()
    meta = next(strip for strip in scene.sequence_editor.strips_all if strip.type == "META")
    meta.name = "both"
    meta.transform.offset_x = 30
    scene.sequence_editor.active_strip = meta
    return scene


def run(*arguments: str) -> dict[str, Any]:
    text = io.StringIO()
    with redirect_stdout(text):
        commands.main([*arguments, "--json"])
    print(text.getvalue(), file=sys.stderr)
    answer: dict[str, Any] = json.loads(text.getvalue().strip().splitlines()[-1])
    return answer


def found() -> dict[int, list[list[float]]]:
    """The boxes of the stored faces by frame."""
    source = shown_frame(scene, scene.sequence_editor.strips_all["both"], 13).source
    by_frame = {number: faceset_index.faces(faceset, source, BEFORE + number) for number in range(1, FRAMES + 1)}
    return {number: [list(face.box) for face in faces] for number, faces in by_frame.items()}


def paint(name: str) -> None:
    """Cover the lower half of a face."""
    operators.paint_mask(which="NAMED", face=name)
    image = mask_painting.current(bpy.context).image
    width, height = image.size
    image.pixels.foreach_set(array("f", [float(y > height / 2) for y in range(height) for _ in range(4 * width)]))
    operators.save_mask()


blender_deepfake.register()
operators: Any = bpy.ops.deepfake
scene = edit()
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
scene = bpy.context.scene
scene.frame_set(14)
extract = ["extract", "--strip", "both", "--name", "b", "--faceset", str(faceset), *common]
extract += ["--consent", str(folder / "consent"), "--project", "test film"]
answers: dict[str, Any] = {"several": run(*extract)}
answers["people"] = (faceset / "people.png").is_file()
scene.deepfake.performer_faceset = str(faceset)
operators.pick_person(role="PERFORMER", at=(1.5 * pictures.SIDE, 0.6 * pictures.SIDE))
who = scene.deepfake.performer_choice.point
answers["pointed"] = run(*extract, "--person", who, "--size", "128")
answers["boxes"] = found()
face = faceset_index.faces(
    faceset, shown_frame(scene, scene.sequence_editor.strips_all["both"], 14).source, BEFORE + 2
)[0]
at = f"{face.middle[0]},{face.middle[1]}"
common_repair = ["repair", "--strip", "both", "--faceset", str(faceset)]
answers["repair"] = run(*common_repair, "--frame", "14", "--delete", at)
answers["nose"] = [face.points[4][0] + 6, face.points[4][1]]
answers["landmarks"] = run(
    *common_repair, "--frame", "15", "--landmarks", at, f"4={answers['nose'][0]},{answers['nose'][1]}"
)
answers["again"] = run(*extract, "--person", who, "--size", "128")
answers["after"] = found()
source = shown_frame(scene, scene.sequence_editor.strips_all["both"], 15).source
answers["moved"] = [face.points[4] for face in faceset_index.faces(faceset, source, BEFORE + 3)]
names = faceset_index.names(faceset)
for name in names[:2]:
    paint(name)
answers["train"] = run("train-mask", "--model", str(model), "--faceset", str(faceset), "--iterations", "2", *common)
answers["apply"] = run("apply-masks", "--faceset", str(faceset), "--mask-model", str(model), *common)
answers["predicted"] = sorted(file.name for file in (faceset / "masks" / "predicted").glob("*.png"))
answers["names"] = names
answers["framing"] = json.loads((faceset / "faceset.json").read_text())["framing"]
blender_deepfake.unregister()
print(json.dumps(answers))
