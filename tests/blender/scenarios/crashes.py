"""What crashes or hangs Blender when it is done plainly, on the extension's way. Arguments: folder, case."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import compat, job_specs, placing, session, strips
from blender_deepfake.core import rendering
from blender_deepfake.core.backend_answer import ask
from blender_deepfake.core.backend_command import BackendCommand
from blender_deepfake.core.entry import Entry
from blender_deepfake.core.errors import DeepfakeError
from blender_deepfake.core.runner import JobSpec
from blender_deepfake.operators.swap import place_when_possible

FEW = list(range(1, 7))


def rendered_plate(scene: Any, strip: Any, folder: Path) -> int:
    """Have Blender render the plate of `strip`; how many pictures came of it."""
    spec = job_specs.extract(scene, strip, "a", folder / "faces")
    assert spec.render is not None
    rendering.run(spec.render, lambda done, total: None, lambda: False)
    return len(list(Path(spec.request["sources"][0]["source"]).glob("*.png")))


def fresh(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """Nothing was drawn or rendered yet: keys for retiming may not be added then, nor their like be asked for."""
    described = strips.describe(scene, strip)
    result = placing.place(scene, strip, pictures.swap_of(folder / "swap", FEW, pictures.numbered))
    return {"retimed": described.retimed, "frames": len(compat.timing(result).frames)}


def modifier(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """A strip has modifiers, and no workspace shows its scene in the sequencer."""
    workspaces: list[Any] = list(bpy.data.workspaces)
    shown = [workspace for workspace in workspaces if hasattr(workspace, "sequencer_scene")]
    for workspace in shown:
        workspace.sequencer_scene = scene
    strip.modifiers.new("contrast", "BRIGHT_CONTRAST")
    strip.blend_alpha = 0.5
    for workspace in shown:
        workspace.sequencer_scene = None
    plates = rendered_plate(scene, strip, folder)
    result = placing.place(scene, strip, pictures.swap_of(folder / "swap", FEW, pictures.numbered))
    again = placing.place(scene, strip, pictures.swap_of(folder / "longer", list(range(1, 10)), pictures.numbered))
    return {
        "plates": plates,
        "modifiers": len(strip.modifiers),
        "meta": result is not None and bool(again.parent_meta()),
    }


def many_pictures(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """Image strips are made without a window, where the operator for it crashes."""
    result = placing.place(scene, strip, pictures.swap_of(folder / "swap", list(range(1, 101)), pictures.numbered))
    return {"elements": len(result.elements), "start": compat.timing(result).left}


def missing(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """A picture of the swap is lost, also after the edit was opened again; the plate shows where it was."""
    scene.sequence_editor.show_missing_media = True
    plain = pictures.rendered(scene, 2, folder)
    placing.place(scene, strip, pictures.swap_of(folder / "swap", FEW, pictures.numbered))
    (folder / "swap" / "000002.png").unlink()
    shown = [pictures.difference(pictures.rendered(scene, 2, folder), plain) for _ in range(8)]
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(folder / "edit.blend"))
    shown += [pictures.difference(pictures.rendered(bpy.context.scene, 2, folder), plain) for _ in range(8)]
    return {"differences": shown}


def missing_plate(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """Blender renders a plate of pictures one of which is lost after that was asked for."""
    scene.sequence_editor.strips.remove(strip)
    scene.sequence_editor.show_missing_media = True
    shot = pictures.swap_of(folder / "shot", FEW, pictures.numbered)
    strip = scene.sequence_editor.strips.new_image("shot", str(shot / "000001.png"), channel=1, frame_start=1)
    for number in FEW[1:]:
        strip.elements.append(f"{number:06d}.png")
    strip.color_multiply = 0.5
    renders = [job_specs.extract(scene, strip, "a", folder / "faces").render for _ in range(3)]
    (shot / "000003.png").unlink()
    return {"errors": [error_of(render) for render in renders]}


def error_of(render: Any) -> str:
    try:
        rendering.run(render, lambda done, total: None, lambda: False)
    except DeepfakeError as error:
        return error.message
    return ""


def copied(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """The edit is copied for a render, with what refers to other scenes; it keeps its own file and what is unsaved."""
    other = pictures.edit(bpy.data.scenes.new("other"))
    pictures.movie(other)
    within = scene.sequence_editor.strips.new_scene("within", other, channel=3, frame_start=1)
    within.scene_input = "SEQUENCER"
    pictures.set_handles(within, 1, 5)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
    scene = bpy.context.scene
    scene.sequence_editor.strips_all["plate"].name = "unsaved"
    plates = rendered_plate(scene, scene.sequence_editor.strips_all["within"], folder)
    return {
        "plates": plates,
        "file": Path(bpy.data.filepath).name,
        "unsaved": "unsaved" in scene.sequence_editor.strips_all,
    }


def neighbours(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """A swap grows and shrinks between strips that touch it: while strips overlap, 4.5 can hang."""
    first = placing.place(scene, strip, pictures.swap_of(folder / "first", list(range(20, 31)), pictures.numbered))
    for start, length in ((1, 19), (31, 20)):
        near = pictures.movie(scene, f"near {start}", first.channel, start)
        pictures.set_handles(near, start, start + length)
    ranges = []
    for name, numbers in (("longer", range(10, 41)), ("shorter", range(24, 26)), ("same", range(20, 31))):
        result = placing.place(scene, strip, pictures.swap_of(folder / name, list(numbers), pictures.numbered))
        ranges.append([compat.timing(result).left, compat.timing(result).right - 1])
    near_by = [compat.timing(s).frames for s in scene.sequence_editor.strips_all if s.name.startswith("near")]
    return {"ranges": ranges, "neighbours": sorted([frames[0], frames[-1]] for frames in near_by)}


def undone(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """While a job runs everything is undone and done again, so that all strips have other addresses; then it ends."""
    swap = pictures.swap_of(folder / "swap", FEW, pictures.numbered)
    uid, scene_name = strips.mark(strip), scene.name
    bpy.ops.ed.undo_push(message="began")
    for _ in range(20):
        pictures.movie(bpy.context.scene, "more", 4, 1)
        bpy.ops.ed.undo_push(message="more")
        bpy.ops.ed.undo()
        bpy.ops.ed.redo()
        bpy.ops.ed.undo()
    entry = Entry(1, JobSpec("swap", {}, "Swap"))
    done = place_when_possible(uid, scene_name, "plate", swap, entry)
    edit = bpy.context.scene.sequence_editor
    return {"done": done, "strips": sorted(s.name for s in edit.strips_all), "error": str(entry.error or "")}


def left_open(scene: Any, strip: Any, folder: Path) -> dict[str, Any]:
    """Blender ends while the extension is enabled and waits for a backend that does not answer."""
    blender_deepfake.register()
    current = session.current()
    current.blocking = False
    silent = (
        f"import os, pathlib, time; pathlib.Path({str(folder / 'pid')!r}).write_text(str(os.getpid())); time.sleep(99)"
    )
    program = BackendCommand((sys.executable, "-c", silent))
    current.ask(lambda: ask(program, [], current.is_closing, 99), lambda told: None)
    deadline = time.monotonic() + 20
    while not (folder / "pid").is_file():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return {"begun": True}


CASES: dict[str, Callable[[Any, Any, Path], dict[str, Any]]] = {
    case.__name__: case
    for case in (
        fresh,
        modifier,
        many_pictures,
        missing,
        missing_plate,
        copied,
        neighbours,
        undone,
        left_open,
    )
}
made = pictures.edit()
print(json.dumps(CASES[sys.argv[2]](made, pictures.movie(made), Path(sys.argv[1]))), flush=True)
