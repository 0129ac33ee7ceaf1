"""Collect the faces of movies on the disk."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import job_specs, project
from ..core.runner import JobSpec
from .extraction_operator import ExtractionOperator


class DEEPFAKE_OT_extract_clip(ExtractionOperator):
    bl_idname = "deepfake.extract_clip"
    bl_label = "Extract from Clips"
    bl_description = "Collect the faces of movies on the disk into this person's faceset, without strips of them"

    if TYPE_CHECKING:
        directory: str
        files: Any
        filter_movie: bool
        filter_folder: bool
    else:
        directory: bpy.props.StringProperty(name="Folder", description="Folder of the movies", subtype="DIR_PATH")
        files: bpy.props.CollectionProperty(
            name="Movies", description="The movies' file names", type=bpy.types.OperatorFileListElement
        )
        filter_movie: bpy.props.BoolProperty(
            name="Movies Only", description="Show movies only", default=True, options={"HIDDEN"}
        )
        filter_folder: bpy.props.BoolProperty(
            name="Folders", description="Show folders", default=True, options={"HIDDEN"}
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        manager: Any = context.window_manager
        manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def specs(self, context: bpy.types.Context) -> Sequence[JobSpec]:
        folder = project.absolute(self.directory)
        movies = [folder / Path(file.name).name for file in self.files if file.name]
        faceset = project.faceset(self.person, self.faceset)
        return [job_specs.extract_files(movies, self.person, faceset, self.how(context))]
