"""The panel's buttons with the real backend: two people, a model, a swap, and its updates. Argument: folder.

Without a window each button works to its end.
"""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import compat, evaluations, session, swap_versions

folder = Path(sys.argv[1])
operators: Any = bpy.ops.deepfake
FIRST, FRAMES, LONGER = 11, 4, 2


def select(name: str) -> Any:
    edit = bpy.context.scene.sequence_editor
    for strip in edit.strips_all:
        strip.select = strip.name == name
    edit.active_strip = edit.strips_all[name]
    return edit.active_strip


def stamps(swap: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in sorted(swap.glob("*.png"))}


def state() -> dict[str, Any]:
    """The swap over the plate: where it lies, its pictures, and its checkpoint."""
    result = swap_versions.source_and_result(bpy.context.scene)[1]
    assert result is not None
    timing, swap = compat.timing(result), swap_versions.folder_of(result)
    manifest = json.loads((swap / "manifest.json").read_text())
    return {
        "ends": [timing.left, timing.right],
        "files": [element.filename for element in result.elements],
        "checkpoint": int(manifest["checkpoint"]),
        "folder": swap.name,
        "strips": len(bpy.context.scene.sequence_editor.strips_all),
    }


def update(thoroughly: bool = False) -> dict[str, Any]:
    """Press Update: what it says, how many jobs it took, and which pictures were written again."""
    select("plate")
    swap, jobs = folder / "deepfake" / "swaps" / state()["folder"], len(session.current().board.entries)
    before = stamps(swap)
    said = list(operators.update_swap(thoroughly=thoroughly))
    after = stamps(swap)
    written = [name for name, stamp in after.items() if before.get(name) != stamp]
    return {"said": said, "jobs": len(session.current().board.entries) - jobs, "written": written, **state()}


blender_deepfake.register()
scene = pictures.edit()
plate = pictures.movie(scene, "plate")
take_file = str(pictures.PLATE.with_name("identity_B_take1.mp4"))
take = scene.sequence_editor.strips.new_movie("take", take_file, channel=3, frame_start=1)
for strip in (plate, take):
    pictures.set_handles(strip, FIRST, FIRST + FRAMES)
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
settings = bpy.context.scene.deepfake
settings.performer, settings.identity = "actor_a", "actor_b"
settings.project, settings.consent = "test film", str(folder / "consent")
settings.preset, settings.limit, settings.iterations = "tiny", "ITERATIONS", 2
for strip_name, person, role in (("plate", "actor_a", "performer"), ("take", "actor_b", "identity")):
    select(strip_name)
    operators.extract(person=person, role=role)
operators.train()
select("plate")
operators.swap()
answer: dict[str, Any] = {"swapped": state(), "same": update(), "thorough": update(thoroughly=True)}
pictures.set_handles(select("plate"), FIRST, FIRST + FRAMES + LONGER)
answer["longer"] = update()
pictures.set_handles(select("plate"), FIRST + 1, FIRST + FRAMES)
answer["trimmed"] = update()
settings.iterations = 3
operators.train()
answer["trained"] = update()
swap_folder = folder / "deepfake" / "swaps" / state()["folder"]
before = evaluations.report_of(swap_folder) is not None
select("plate")
looked = list(operators.evaluate_swap())
report = evaluations.report_of(swap_folder)
measured = json.loads((swap_folder / "evaluation.json").read_text())
answer["looked"] = {
    "said": looked,
    "report": [before, report is not None and report.stat().st_size > 1000],
    "frames": [frame["frame"] for frame in measured["frames"]],
    "likeness": measured["figures"]["identity_to_identity"] is not None,
}
blender_deepfake.unregister()
print(json.dumps(answer))
