"""Find swaps again whose pictures are not where the edit has them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .. import project, relinking, session
from ..core import swap_search
from ..core.errors import DeepfakeError, UsageError
from ..core.swap_search import Sought


class DEEPFAKE_OT_find_swaps(bpy.types.Operator):
    bl_idname = "deepfake.find_swaps"
    bl_label = "Find Missing Swaps"
    bl_description = "Look through a folder, and all below it, for the placed swaps whose pictures are missing"
    bl_options = {"UNDO"}  # noqa: RUF012  Blender wants a plain set

    if TYPE_CHECKING:
        directory: str
        filter_folder: bool
    else:
        directory: bpy.props.StringProperty(
            name="Folder", description="Where to look, in all folders below it too", subtype="DIR_PATH"
        )
        filter_folder: bpy.props.BoolProperty(
            name="Folders Only", description="Show folders only in the file browser", default=True, options={"HIDDEN"}
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        manager: Any = context.window_manager
        manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        try:
            lost = frozenset(map(relinking.sought, relinking.missing()))
            root = project.absolute(self.directory)
            if not lost:
                raise UsageError("No placed swap misses its pictures.")
            if not root.is_dir():
                raise UsageError(f"There is no folder {root}.", "Choose the folder to look in.")
        except DeepfakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        current = session.current()
        current.ask(lambda: swap_search.search(root, lost, current.is_closing), partial(_found, len(lost), root))
        self.report({"INFO"}, "Looked through" if bpy.app.background else f"Looking through {root}")
        return {"FINISHED"}


def _found(count: int, root: Path, told: dict[Sought, Path] | DeepfakeError) -> None:
    current = session.current()
    if isinstance(told, DeepfakeError):
        current.failure = str(told)
        return
    relinking.relink(told)
    if not bpy.app.background:
        bpy.ops.ed.undo_push(message="Find Missing Swaps")
    missing = count - len(told)
    current.failure = f"{missing} of {count} missing swaps are not in {root}. Choose another folder." if missing else ""
