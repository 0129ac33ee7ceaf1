"""Collect the faces of the selected strips."""

from collections.abc import Sequence

import bpy

from .. import compat, job_specs, project, selected_strips
from ..core.runner import JobSpec
from .extraction_operator import ExtractionOperator


class DEEPFAKE_OT_extract(ExtractionOperator):
    bl_idname = "deepfake.extract"
    bl_label = "Extract Faces"
    bl_description = "Collect the faces that the selected strips show into this person's faceset; one job a strip"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if selected_strips.with_picture(compat.sequencer_scene(context)):
            return True
        cls.poll_message_set("Select a strip that shows a picture")
        return False

    def specs(self, context: bpy.types.Context) -> Sequence[JobSpec]:
        scene = compat.sequencer_scene(context)
        faceset, how = project.faceset(self.person, self.faceset), self.how(context)
        return [
            job_specs.extract(scene, strip, self.person, faceset, how) for strip in selected_strips.with_picture(scene)
        ]
