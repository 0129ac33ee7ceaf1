"""Registers everything with Blender and takes it away again. Starts no thread and no process."""

import atexit
from pathlib import Path
from typing import Any

import bpy

from . import (
    commands,
    compare_state,
    exposure,
    mask_overlay,
    operators,
    pending_places,
    people,
    previewing,
    properties,
    relinking,
    render_handlers,
    session,
    swap_settings,
    swap_versions,
    training_view,
    trainings,
    ui,
    unsaved,
)
from .preferences import DeepfakePreferences
from .ui import menus

_COMMAND = "deepfake"
_FOLDER = str(Path(__file__).parent)  # with the folder `presets`
_command_handle: Any = None


def register() -> None:
    global _command_handle  # noqa: PLW0603  Blender gives the handle here and wants it back in unregister
    bpy.utils.register_class(DeepfakePreferences)
    properties.register()
    swap_settings.register()
    exposure.register()
    compare_state.register()
    unsaved.register()
    relinking.register()
    pending_places.register()
    render_handlers.register()
    for cls in (*operators.CLASSES, *ui.CLASSES):
        bpy.utils.register_class(cls)
    menus.register()
    utils: Any = bpy.utils
    utils.register_preset_path(_FOLDER)
    _command_handle = utils.register_cli_command(_COMMAND, commands.main)
    if not bpy.app.binary_path:  # Blender as a module: 4.5 crashes or hangs at its end where anything is left
        atexit.register(unregister)


def unregister() -> None:
    """Does nothing where all is taken away already: a module of Blender asks once more at its end."""
    global _command_handle  # noqa: PLW0603
    if _command_handle is None:
        return
    atexit.unregister(unregister)
    session.close()
    mask_overlay.disable()
    training_view.close()
    trainings.forget()
    people.forget()
    previewing.forget()
    swap_versions.forget()
    bpy.utils.unregister_cli_command(_command_handle)
    _command_handle = None
    utils: Any = bpy.utils
    utils.unregister_preset_path(_FOLDER)
    menus.unregister()
    for cls in reversed((*operators.CLASSES, *ui.CLASSES)):
        bpy.utils.unregister_class(cls)
    render_handlers.unregister()
    pending_places.unregister()
    relinking.unregister()
    unsaved.unregister()
    compare_state.unregister()
    exposure.unregister()
    swap_settings.unregister()
    properties.unregister()
    bpy.utils.unregister_class(DeepfakePreferences)
