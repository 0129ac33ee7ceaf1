"""Have all frames of a swap measured, and open the report on them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy

from .. import compat, evaluations, swap_versions
from ..core.entry import Entry
from ..core.errors import UsageError
from ..core.runner import JobSpec
from .job_operator import JobOperator, needs_strip


class DEEPFAKE_OT_evaluate_swap(JobOperator):
    bl_idname = "deepfake.evaluate_swap"
    bl_label = "Look at All Frames"
    bl_description = (
        "Measure every frame of the swap against its plate, and open a report: the frames that need a look come first, "
        "each with its reason"
    )

    if TYPE_CHECKING:
        folder: str
    else:
        folder: bpy.props.StringProperty(
            name="Folder", description="The finished swap. Empty: the one that lies over the active strip"
        )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def spec(self, context: bpy.types.Context) -> JobSpec:
        scene = compat.sequencer_scene(context)
        if self.folder:
            return evaluations.spec(Path(self.folder), scene.deepfake)
        strip, result = swap_versions.source_and_result(scene)
        if result is None:
            raise UsageError(f"No swap lies over the strip {strip.name!r}.", "Swap it first, or place a swap.")
        return evaluations.spec(swap_versions.folder_of(result), scene.deepfake)

    def finisher(self) -> Callable[[Entry], bool]:
        return _open


def _open(entry: Entry) -> bool:
    report, operators = (entry.result or {}).get("report"), cast("Any", bpy.ops).deepfake
    if report:
        operators.open_report(path=str(report))
    return True
