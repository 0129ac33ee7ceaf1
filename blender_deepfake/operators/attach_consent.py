"""Use a consent record that somebody else made."""

from typing import TYPE_CHECKING, Any

import bpy

from .. import compat, people, project
from ..core import consent_records
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_attach_consent(bpy.types.Operator):
    bl_idname = "deepfake.attach_consent"
    bl_label = "Attach Record"
    bl_description = (
        "Choose a record that production made: a copy is kept with the edit. Choose a folder to use all of its records"
    )
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        filepath: str
        filter_glob: str
    else:
        filepath: bpy.props.StringProperty(name="Record", description="The record's file", subtype="FILE_PATH")
        filter_glob: bpy.props.StringProperty(
            name="Filter", description="What the file browser shows", default="*.json", options={"HIDDEN"}
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        manager: Any = context.window_manager
        manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        settings = compat.sequencer_scene(context).deepfake
        try:
            chosen = project.absolute(self.filepath)
            if chosen.is_dir():
                settings.consent = project.written(chosen)
                said = f"Records of {chosen} count for this edit"
            else:
                folder = project.absolute(settings.consent) if settings.consent else project.consent_records()
                name = consent_records.attach(chosen, folder)
                settings.consent = settings.consent or project.written(folder)
                said = f"The record of {name} is kept in {folder}"
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for role in people.ROLES:
            people.look_again(role)
        self.report({"INFO"}, said)
        return {"FINISHED"}
