"""Renders the plate of one strip several times, at once or after changes. Arguments: folder, case."""

import json
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import bpy
import pictures

from blender_deepfake import job_specs, plate_copy, project
from blender_deepfake.core import folder_lock, rendering
from blender_deepfake.core.errors import CancelledError, DeepfakeError
from blender_deepfake.core.rendering import PlateRender

folder = Path(sys.argv[1])


def graded(length: int) -> Any:
    strip = pictures.movie(scene)
    pictures.set_handles(strip, 1, 1 + length)
    strip.color_multiply = 0.8
    return strip


def asked(frame: int | None = None) -> PlateRender:
    render = job_specs.plate_request(scene, strip, frame).render
    assert render is not None
    return render


def run(render: PlateRender) -> None:
    rendering.run(render, lambda done, total: None, lambda: False)


def state() -> dict[int, int]:
    """When each picture was written, by its number."""
    return {int(path.stem): path.stat().st_mtime_ns for path in sorted(plate.glob("[0-9]*.png"))}


def turns() -> None:
    errors: list[str] = []

    def noted(render: PlateRender) -> None:
        try:
            run(render)
        except DeepfakeError as error:
            errors.append(str(error))

    threads = [Thread(target=noted, args=(asked(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    before = state()
    run(asked())
    after = state()
    answer.update(errors=errors, rendered=len(after), wrong=[n for n in after if after[n] != before.get(n)])
    cancelled()


def cancelled() -> None:
    """Asked to stop while another one renders."""
    with folder_lock.hold(plate / ".lock", lambda: None):
        try:
            rendering.run(asked(), lambda done, total: None, lambda: True)
        except CancelledError as error:
            answer["cancelled"] = error.message


def trimmed() -> None:
    run(asked())
    before = state()
    pictures.set_handles(strip, 3, 5)
    run(asked(3))
    answer["one of the trimmed"] = list(state())
    run(asked())
    answer["trimmed"] = list(state())
    answer["changed"] = state() != before
    strip.color_multiply = 0.5
    run(asked())
    answer["trimmed and regraded"] = list(state())


answer: dict[str, Any] = {}
scene = pictures.edit()
strip = graded(12 if sys.argv[2] == "turns" else 6)
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
scene = bpy.context.scene
strip = scene.sequence_editor.strips_all["plate"]
plate = plate_copy.folder_of(strip, project.plates())
{"turns": turns, "trimmed": trimmed}[sys.argv[2]]()
print(json.dumps(answer))
