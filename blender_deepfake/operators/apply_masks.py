"""Have the mask model make the masks of a faceset."""

import bpy

from .. import compat, job_specs, project, repairing
from ..core.runner import JobSpec
from .job_operator import JobOperator


class DEEPFAKE_OT_apply_masks(JobOperator):
    bl_idname = "deepfake.apply_masks"
    bl_label = "Apply Masks"
    bl_description = (
        "Have the mask model make the masks of all faces of this person. Where one is painted, that one counts"
    )

    def spec(self, context: bpy.types.Context) -> JobSpec:
        scene = compat.sequencer_scene(context)
        return job_specs.apply_masks(repairing.faceset(scene), project.mask_model(scene.deepfake.mask_model))
