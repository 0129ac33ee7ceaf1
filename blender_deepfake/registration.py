"""Registers everything with Blender and takes it away again. Starts no thread and no process."""

from typing import Any

import bpy

from . import (
    commands,
    compare_state,
    mask_overlay,
    operators,
    people,
    properties,
    relinking,
    session,
    swap_settings,
    swap_versions,
    training_view,
    trainings,
    ui,
)
from .preferences import DeepfakePreferences

_COMMAND = "deepfake"
_command_handle: Any = None


def register() -> None:
    global _command_handle  # noqa: PLW0603  Blender gives the handle here and wants it back in unregister
    bpy.utils.register_class(DeepfakePreferences)
    properties.register()
    swap_settings.register()
    compare_state.register()
    relinking.register()
    for cls in (*operators.CLASSES, *ui.CLASSES):
        bpy.utils.register_class(cls)
    utils: Any = bpy.utils
    _command_handle = utils.register_cli_command(_COMMAND, commands.main)


def unregister() -> None:
    global _command_handle  # noqa: PLW0603
    session.close()
    mask_overlay.disable()
    training_view.close()
    trainings.forget()
    people.forget()
    swap_versions.forget()
    if _command_handle is not None:
        bpy.utils.unregister_cli_command(_command_handle)
        _command_handle = None
    for cls in reversed((*operators.CLASSES, *ui.CLASSES)):
        bpy.utils.unregister_class(cls)
    relinking.unregister()
    compare_state.unregister()
    swap_settings.unregister()
    properties.unregister()
    bpy.utils.unregister_class(DeepfakePreferences)
