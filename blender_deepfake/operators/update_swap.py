"""Bring a placed swap up to date after its strip was trimmed, slipped or moved, or its model trained on."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, pending_places, placing, strips, swap_specs, swap_updates, swap_versions
from ..core.entry import Entry
from ..core.errors import DeepfakeError, UsageError
from ..core.runner import JobSpec
from .job_operator import JobOperator, needs_strip
from .swap import place_when_possible

_THOROUGHLY = (
    "Have every frame compared also where nothing seems changed: for strips that Blender renders, whose colours or "
    "effects were changed"
)


class DEEPFAKE_OT_update_swap(JobOperator):
    bl_idname = "deepfake.update_swap"
    bl_label = "Update Swap"
    bl_description = (
        "Place the swap of the active strip again where it covers what the strip shows now; else make the frames that "
        "are missing or changed, and then place it"
    )
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        thoroughly: bool
    else:
        thoroughly: bpy.props.BoolProperty(
            name="Thoroughly",
            description=_THOROUGHLY,
        )

    _spec: JobSpec
    _finish: Callable[[Entry], bool]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        return _THOROUGHLY if properties.thoroughly else cls.bl_description

    def spec(self, context: bpy.types.Context) -> JobSpec:
        return self._spec

    def finish(self, entry: Entry) -> bool:
        return self._finish(entry)

    def finisher(self) -> Callable[[Entry], bool]:
        return self._finish

    def execute(self, context: bpy.types.Context) -> set[Any]:
        scene = compat.sequencer_scene(context)
        try:
            strip, result = swap_versions.source_and_result(scene)
            if result is None:
                raise UsageError(f"No swap lies over the strip {strip.name!r}.", "Swap it first, or place a swap.")
            uid = strips.mark(strip)
            folder = swap_versions.folder_of(result)
            swapping = swap_updates.of_swap(folder, swap_specs.of_panel(scene.deepfake))
            update = swap_updates.needed(scene, strip, folder, swapping)
            if not update.reasons and not self.thoroughly:
                placing.place(scene, strip, folder)
                self.report({"INFO"}, "Placed again: all its frames were there")
                return {"FINISHED"}
            out = folder if swap_versions.is_own(folder) else swap_versions.target(strip, swapping.identity)
            self._spec = swap_specs.swap(scene, strip, swapping, out)
            pending_places.remember(strip, out)
            self._finish = partial(place_when_possible, uid, scene.name, strip.name, out)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{'; '.join(update.reasons) or 'Comparing all frames'}")
        return super().execute(context)
