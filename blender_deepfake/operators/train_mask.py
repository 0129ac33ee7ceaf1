"""Train a mask model on what was painted."""

import bpy

from .. import compat, job_specs, project
from ..core import mask_files
from ..core.runner import JobSpec
from .job_operator import JobOperator


class DEEPFAKE_OT_train_mask(JobOperator):
    bl_idname = "deepfake.train_mask"
    bl_label = "Train Masks"
    bl_description = "Learn from the painted masks of both people what covers a face. A model that exists is continued"

    def spec(self, context: bpy.types.Context) -> JobSpec:
        settings = compat.sequencer_scene(context).deepfake
        facesets = [
            project.faceset(settings.performer, settings.performer_faceset),
            *([project.faceset(settings.identity, settings.identity_faceset)] if settings.identity else ()),
        ]
        painted = [folder for folder in dict.fromkeys(facesets) if mask_files.painted(folder)]
        model = project.mask_model(settings.mask_model)
        return job_specs.train_mask(model, painted or facesets[:1], minutes=settings.mask_minutes)
