"""The settings of a swap on strips: keyed, cut, duplicated, renamed, saved, undone, reset, and sampled.

Arguments: folder.
"""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import compat, job_specs, plate_copy, strips, swap_settings, swap_specs
from blender_deepfake.commands import main as command
from blender_deepfake.core import plates
from blender_deepfake.core.swap_controls import CONTROLS, Number, property_name

folder = Path(sys.argv[1])
blender_deepfake.register()
scene = pictures.edit()
answer: dict[str, Any] = {}


def numbers(strip: Any) -> list[int]:
    return list(range(1, len(compat.timing(strip).frames) + 1))


def told(strip: Any) -> list[Any]:
    read = swap_settings.read(bpy.context.scene, strip, numbers(strip))
    return [read.settings, read.keys, list(read.warnings)]


def named(name: str) -> Any:
    return bpy.context.scene.sequence_editor.strips_all[name]


def key(strip: Any, name: str, *pairs: tuple[int, float]) -> None:
    for frame, value in pairs:
        setattr(strip, name, value)
        assert strip.keyframe_insert(name, frame=frame)
    curve = next(c for _, c in compat.curves(scene) if c.data_path == compat.strip_path(strip) + name)
    for point in curve.keyframe_points:
        point.interpolation = "LINEAR"


plate = pictures.movie(scene, start=11)
pictures.set_handles(plate, 11, 41)
answer["untouched"] = told(plate)
plate.deepfake_feather = 0.3
plate.deepfake_blend = "poisson"
plate.deepfake_colour = "default"
plate.deepfake_gaps = True
plate.deepfake_learned_mask = False
key(plate, "deepfake_opacity", (11, 0.0), (21, 1.0))
key(plate, "deepfake_grain", (11, 0.7), (21, 0.7))
key(plate, "deepfake_scale", (15, 1.25))
answer["told"] = told(plate)
answer["reasons"] = plates.reasons_to_render(strips.describe(scene, plate))
as_it_is = job_specs.plate_request(scene, plate).plate
plate.deepfake_exposure = -1.5
scene.render.pixel_aspect_x = 2
answer["anamorphic"] = [job_specs.plate_request(scene, plate).plate.get("pixel_aspect")]
plate.transform.scale_x = 0.5 * plate.transform.scale_y
answer["anamorphic"].append(job_specs.plate_request(scene, plate).plate.get("pixel_aspect"))
plate.transform.scale_x, scene.render.pixel_aspect_x = plate.transform.scale_y, 1
answer["anamorphic"].append(job_specs.plate_request(scene, plate).plate.get("pixel_aspect"))
answer["exposed"] = [as_it_is.get("colourspace"), job_specs.plate_request(scene, plate).plate["colourspace"]]
plate.property_unset("deepfake_exposure")
keyed = [property_name(control) for control in CONTROLS if isinstance(control, Number) and control.can_be_keyed]
another = pictures.movie(scene, "another", channel=5)
answer["keyed"] = [len(keyed), sum(another.keyframe_insert(name, frame=11) for name in keyed)]
scene.sequence_editor.strips.remove(another)
scene.frame_set(16)
answer["shown"] = round(plate.deepfake_opacity, 4)

plate.name = "renamed"
answer["renamed"] = told(named("renamed"))[1]
piece = named("renamed").split(frame=16, split_method="SOFT")
answer["pieces"] = [told(named("renamed")), told(piece)]
area: Any = bpy.context.window_manager.windows[0].screen.areas[0]
area.type = "SEQUENCE_EDITOR"
workspace: Any = bpy.context.window_manager.windows[0].workspace
if hasattr(workspace, "sequencer_scene"):
    workspace.sequencer_scene = scene
for strip in scene.sequence_editor.strips_all:
    strip.select = strip == piece
region = next(region for region in area.regions if region.type == "WINDOW")
with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area, region=region):
    bpy.ops.sequencer.duplicate()
copies = [s for s in scene.sequence_editor.strips_all if s.name not in (piece.name, "renamed")]
answer["copies"] = [told(copy) for copy in copies]
swap_settings.reset(scene, copies[0])
answer["reset"] = [told(copies[0]), told(piece) == answer["copies"][0]]

before = len(list(compat.curves(scene)))
scene.sequence_editor.strips.remove(piece)
answer["curves_left"] = [before, len(list(compat.curves(scene)))]

bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
bpy.ops.wm.open_mainfile(filepath=str(folder / "edit.blend"))
scene = bpy.context.scene
answer["loaded"] = told(named("renamed"))
bpy.ops.ed.undo_push(message="before")
named("renamed").deepfake_feather = 0.9
bpy.ops.ed.undo_push(message="after")
bpy.ops.ed.undo()
scene = bpy.context.scene
answer["undone"] = told(named("renamed"))[0].get("feather")

strip = named("renamed")
swap_settings.reset(scene, strip)
pictures.set_trim(strip, 4, 0)
first = compat.timing(strip).content_start
pictures.set_handles(strip, first, first + 10)
key(strip, "deepfake_opacity", (first, 0.0), (first + 9, 0.9))
(folder / "model").mkdir()
swapping = swap_specs.Swapping(folder / "model", "b")
request = swap_specs.swap(scene, strip, swapping, folder / "out").request
answer["request"] = [request["plate"]["frames"], request["settings"], request["keys"]]
spec = swap_specs.preview(scene, strip, swapping, first + 2, folder / "out.png")
answer["preview"] = [spec.request["frame"], spec.request["keys"] == request["keys"], spec.render is None]
over = swap_specs.swap(scene, strip, swap_specs.Swapping(folder / "model", "b", {"opacity": "0.5"}), folder / "out")
answer["typed"] = [over.request["settings"], over.request.get("keys")]
strip.use_reverse_frames = True
backwards = swap_specs.swap(scene, strip, swapping, folder / "out").request
answer["backwards"] = [backwards["plate"]["frames"], backwards["keys"]]
strip.use_reverse_frames = False
swap_settings.reset(scene, strip)
pictures.set_handles(strip, first - 4, first + 3)
key(strip, "deepfake_opacity", (first - 4, 0.0), (first + 2, 0.6))
held = swap_specs.swap(scene, strip, swapping, folder / "out")
answer["held"] = [held.request["keys"], held.note]
strip.driver_add("deepfake_erode").driver.expression = "0.25"
answer["driven"] = [told(strip)[2], "erode" in told(strip)[0]]

strip.color_saturation = 0.9
alone = swap_specs.preview(scene, strip, swapping, first + 1, folder / "out.png")
from blender_deepfake.core import rendering  # noqa: E402

assert alone.render is not None
rendering.run(alone.render, lambda done, total: None, lambda: False)
pictures_there = sorted(path.name for path in plate_copy.folder_of(strip, folder / "deepfake" / "plates").glob("*.png"))
answer["rendered"] = [alone.request["frame"], alone.request["plate"]["frames"], pictures_there]
answer["code"] = command(["swap", "--strip", "renamed", "--model", "/nowhere", "--identity", "b"])
print(json.dumps(answer))
blender_deepfake.unregister()
