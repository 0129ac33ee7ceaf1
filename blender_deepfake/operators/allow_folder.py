"""Allow the backend to use a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import session
from ..backend_place import backend_place
from ..core import roots
from ..core.errors import DeepfakeError, OutsideRootsError


class DEEPFAKE_OT_allow_folder(bpy.types.Operator):
    bl_idname = "deepfake.allow_folder"
    bl_label = "Allow Folder"
    bl_description = "Let the backend read and write in this folder, now and later, and start the job again"

    if TYPE_CHECKING:
        folder: str
        key: int
    else:
        folder: bpy.props.StringProperty(name="Folder", description="The folder to allow")
        key: bpy.props.IntProperty(name="Entry", description="Number of the job in the list that needs the folder")

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return f"Let the backend read and write in {getattr(properties, 'folder', '')}, and start the job again"

    def execute(self, context: bpy.types.Context) -> set[Any]:
        if not Path(self.folder).is_absolute():
            self.report({"ERROR"}, "Give the whole path of the folder")
            return {"CANCELLED"}
        current, folder = session.current(), Path(self.folder)
        entry = current.board.find(self.key)
        if not current.blocking and entry is not None and isinstance(entry.error, OutsideRootsError):
            current.allow(folder)
            return {"FINISHED"}
        try:
            roots.allow(backend_place().workspace, [folder])
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
