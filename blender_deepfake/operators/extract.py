"""Collect the faces of the active strip."""

from typing import TYPE_CHECKING

import bpy

from .. import compat, job_specs, project, strips
from ..core.runner import JobSpec
from .job_operator import JobOperator, needs_strip


class DEEPFAKE_OT_extract(JobOperator):
    bl_idname = "deepfake.extract"
    bl_label = "Extract Faces"
    bl_description = "Collect the faces that the active strip shows into this person's faceset"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        person: str
        faceset: str
    else:
        person: bpy.props.StringProperty(name="Person", description="Name of the person whose faces these are")
        faceset: bpy.props.StringProperty(
            name="Faceset", description="Folder for the faces. Empty: deepfake/facesets beside the edit"
        )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def spec(self, context: bpy.types.Context) -> JobSpec:
        scene = compat.sequencer_scene(context)
        faceset = project.faceset(self.person, self.faceset)
        return job_specs.extract(scene, strips.active(scene), self.person, faceset)
