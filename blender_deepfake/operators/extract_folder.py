"""Collect the faces of a folder of pictures."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import bpy

from .. import job_specs, project
from ..core.runner import JobSpec
from .extraction_operator import ExtractionOperator


class DEEPFAKE_OT_extract_folder(ExtractionOperator):
    bl_idname = "deepfake.extract_folder"
    bl_label = "Extract from Pictures"
    bl_description = "Collect the faces of a folder of pictures into this person's faceset"

    if TYPE_CHECKING:
        directory: str
        photos: bool
        filter_folder: bool
    else:
        directory: bpy.props.StringProperty(name="Folder", description="Folder of the pictures", subtype="DIR_PATH")
        photos: bpy.props.BoolProperty(
            name="Photos", description="Each picture is a photo of its own, whatever its name and size, and no frame"
        )
        filter_folder: bpy.props.BoolProperty(
            name="Folders", description="Show folders", default=True, options={"HIDDEN"}
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        manager: Any = context.window_manager
        manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def specs(self, context: bpy.types.Context) -> Sequence[JobSpec]:
        folder, faceset = project.absolute(self.directory), project.faceset(self.person, self.faceset)
        how = replace(self.how(context), photos=self.photos)
        return [job_specs.extract_files([folder], self.person, faceset, how)]
