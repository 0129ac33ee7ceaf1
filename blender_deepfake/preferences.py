"""The extension's preferences: where the backend is, where it works, and whether all is well there."""

from typing import TYPE_CHECKING

import bpy

from . import session
from .backend_place import backend_place
from .ui.diagnosis import draw_diagnosis
from .ui.sidebar import paragraph


class DeepfakePreferences(bpy.types.AddonPreferences):
    bl_idname = __package__ or ""

    if TYPE_CHECKING:
        backend_path: str
        workspace: str
        sign_renders: bool
    else:
        backend_path: bpy.props.StringProperty(
            name="Backend",
            description="The ml-backend program, the folder of the virtual environment it is installed in, or the "
            "command line of a container, such as: docker run --rm -i --network host -v /data:/data IMAGE ml-backend. "
            "Empty: the variable DEEPFAKE_BACKEND, else ml-backend on the PATH",
            subtype="FILE_PATH",
        )
        workspace: bpy.props.StringProperty(
            name="Workspace",
            description="The folder for the backend's jobs and logs. Empty: the backend's own folder in your user data",
            subtype="DIR_PATH",
        )
        sign_renders: bpy.props.BoolProperty(
            name="Sign Finished Renders",
            description="When a film that shows placed swaps has been rendered, sign it with content credentials, "
            "which say that faces in it were replaced and on whose consent",
            default=True,
        )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        current = session.current()
        column = layout.column()
        column.use_property_split = True
        column.prop(self, "backend_path", placeholder="Found by itself")
        column.prop(self, "workspace", placeholder=str(backend_place().workspace))
        column.prop(self, "sign_renders")
        row = layout.row()
        row.enabled = not current.checking
        row.operator("deepfake.check_backend", text="Checking…" if current.checking else "Check", icon="VIEWZOOM")
        if current.diagnosis is not None:
            draw_diagnosis(layout.box(), context, current.diagnosis, whole=True)
        elif not current.checking:
            paragraph(layout, context, "Check tells whether the backend is found, what it computes with, and how fast.")
