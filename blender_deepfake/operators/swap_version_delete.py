"""Delete a version of a strip's swap from the disk."""

from functools import partial
from typing import TYPE_CHECKING, Any

import bpy

from .. import project, session, swap_versions
from ..core import swap_folders
from ..core.errors import DeepfakeError


class DEEPFAKE_OT_swap_version_delete(bpy.types.Operator):
    bl_idname = "deepfake.swap_version_delete"
    bl_label = "Delete This Version"
    bl_description = "Delete the pictures of this version from the disk. This cannot be undone"

    if TYPE_CHECKING:
        folder: str
    else:
        folder: bpy.props.StringProperty(name="Folder", description="The folder of the version")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        manager: Any = context.window_manager
        answer: set[Any] = manager.invoke_confirm(
            self,
            event,
            title=f"Delete {project.absolute(self.folder).name}?",
            message="Its pictures are deleted from the disk. This cannot be undone.",
            confirm_text="Delete",
            icon="WARNING",
        )
        return answer

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            folder = project.absolute(self.folder)
            swap_versions.refuse_in_use(folder)
            work = partial(swap_folders.delete, folder, swap_versions.swaps())
            session.current().in_background(work, lambda: None)
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
