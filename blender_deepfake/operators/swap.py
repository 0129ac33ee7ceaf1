"""Swap the face in the active strip and lay the result over it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import bpy

from .. import compat, pending_places, strips, swap_specs, swap_versions
from ..core.entry import Entry
from ..core.errors import DeepfakeError
from ..core.runner import JobSpec
from .job_operator import JobOperator, needs_strip


class DEEPFAKE_OT_swap(JobOperator):
    bl_idname = "deepfake.swap"
    bl_label = "Swap Face"
    bl_description = "Paint the identity's face over the performer's in the active strip"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    _finish: Callable[[Entry], bool]

    def spec(self, context: bpy.types.Context) -> JobSpec:
        scene = compat.sequencer_scene(context)
        settings, strip = scene.deepfake, swap_versions.source_and_result(scene)[0]
        out = swap_versions.target(strip, settings.identity)
        place = partial(place_when_possible, strips.mark(strip), scene.name, strip.name, out)
        self._finish = place if settings.place_when_done else _leave
        spec = swap_specs.swap(scene, strip, swap_specs.of_panel(settings), out)
        if settings.place_when_done:
            pending_places.remember(strip, out)
        return spec

    def finish(self, entry: Entry) -> bool:
        return self._finish(entry)

    def finisher(self) -> Callable[[Entry], bool]:
        return self._finish


def _leave(entry: Entry) -> bool:
    return True


def place_when_possible(uid: str, scene_name: str, strip_name: str, folder: Path, entry: Entry) -> bool:
    """Lay the finished swap over the strip, wherever that is now; False while Blender renders."""
    if compat.is_rendering():
        return False
    found = strips.find(uid, scene_name, strip_name)
    if found is not None:
        pending_places.place(*found, folder, entry)
        return True
    entry.error, entry.state = _gone(strip_name, folder), "failed"
    if bpy.app.background:
        raise entry.error
    return True


def _gone(strip_name: str, folder: Path) -> DeepfakeError:
    return DeepfakeError(
        f"The strip {strip_name!r} is no longer in the edit.", f"Place the swap {folder} over another strip."
    )
