"""The line of a wipe as a property of the window, and the handlers that never let a comparison be saved or rendered."""

from typing import TYPE_CHECKING, Any

import bpy

from . import compare, compat
from .compat import Scene, Strip

_again: list[tuple[Scene, Strip, str]] = []


def _moved(self: Any, context: bpy.types.Context) -> None:
    for scene, result in compare.compared_now():
        compare.wipe(scene, result, self.position)


class DeepfakeCompare(bpy.types.PropertyGroup):
    """Found at `window_manager.deepfake_compare`."""

    if TYPE_CHECKING:
        position: float
    else:
        position: bpy.props.FloatProperty(
            name="Line",
            description="Where the line of the wipe lies, as part of the picture's width: the plate is left of it, the "
            "swap right of it",
            default=0.5,
            min=0.0,
            max=1.0,
            subtype="FACTOR",
            update=_moved,
        )


def position() -> float:
    context: Any = bpy.context
    return float(context.window_manager.deepfake_compare.position)


@compat.persistent
def _before_saving(*told: Any) -> None:
    _again[:] = compare.leave_all()


@compat.persistent
def _after_saving(*told: Any) -> None:
    """Who saves goes on comparing: what was left is entered again, in this session and not in the file."""
    for scene, result, how in _again:
        compare.enter(scene, result, how, position())
    _again.clear()


@compat.persistent
def _leave(*told: Any) -> None:
    compare.leave_all()


@compat.persistent
def _frame_changed(scene: Scene, *told: Any) -> None:
    for compared, result in compare.compared_now():
        if compared == scene and compare.mode(result) == compare.WIPE:
            compare.wipe(scene, result, position())


_HANDLERS = {
    "save_pre": _before_saving,
    "save_post": _after_saving,
    "save_post_fail": _after_saving,
    "render_init": _leave,
    "load_post": _leave,  # an automatic save, or a crash, may have kept one
    "frame_change_pre": _frame_changed,
}


def register() -> None:
    bpy.utils.register_class(DeepfakeCompare)
    manager: Any = bpy.types.WindowManager
    define: Any = bpy.props.PointerProperty
    manager.deepfake_compare = define(type=DeepfakeCompare)
    compat.add_handlers(_HANDLERS)


def unregister() -> None:
    compare.leave_all()
    compare.forget()
    compat.remove_handlers(_HANDLERS)
    manager: Any = bpy.types.WindowManager
    del manager.deepfake_compare
    bpy.utils.unregister_class(DeepfakeCompare)
