"""Collect the faces of the active strip."""

from typing import TYPE_CHECKING

import bpy

from .. import compat, job_specs, project, strips
from ..core import person_choice
from ..core.runner import JobSpec
from ..properties import DeepfakeChoice, DeepfakeSettings
from .job_operator import JobOperator, needs_strip


class DEEPFAKE_OT_extract(JobOperator):
    bl_idname = "deepfake.extract"
    bl_label = "Extract Faces"
    bl_description = "Collect the faces that the active strip shows into this person's faceset"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        person: str
        faceset: str
        role: str
    else:
        person: bpy.props.StringProperty(name="Person", description="Name of the person whose faces these are")
        faceset: bpy.props.StringProperty(
            name="Faceset", description="Folder for the faces. Empty: deepfake/facesets beside the edit"
        )
        role: bpy.props.StringProperty(
            name="Role",
            description="Performer or identity: whose choice in the panel tells who of the people in the strip it is. "
            "Empty: the only one",
        )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return needs_strip(cls, context)

    def spec(self, context: bpy.types.Context) -> JobSpec:
        scene = compat.sequencer_scene(context)
        settings, faceset = scene.deepfake, project.faceset(self.person, self.faceset)
        how = job_specs.Extraction(
            who=self._who(settings),
            framing=settings.framing,
            size=settings.crop_size,
            landmarks=settings.landmark_model,
            average=settings.average,
            smooth=settings.smooth,
            fan_weights=project.absolute(settings.fan_weights) if settings.fan_weights else None,
        )
        return job_specs.extract(scene, strips.active(scene), self.person, faceset, how)

    def _who(self, settings: DeepfakeSettings) -> str:
        if not self.role:
            return "only"
        choice: DeepfakeChoice = getattr(settings, f"{self.role.lower()}_choice")
        picture = project.absolute(choice.picture) if choice.picture else None
        return person_choice.of_settings(choice.who, choice.numbers, picture, choice.point)
