"""Where people look for it: the menus Strip and Add, the strips' context menu, and dropped files."""

from typing import Any

import bpy

from .. import compat


class DEEPFAKE_MT_strip(bpy.types.Menu):
    bl_idname = "DEEPFAKE_MT_strip"
    bl_label = "Face Swap"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.operator("deepfake.swap", icon="USER")
        layout.operator("deepfake.preview_swap", icon="IMAGE_DATA")
        layout.operator("deepfake.update_swap", icon="FILE_REFRESH")
        layout.operator("deepfake.place", icon="SEQ_SEQUENCER").folder = ""
        layout.separator()
        settings = compat.sequencer_scene(context).deepfake
        for role, person in (("PERFORMER", settings.performer), ("IDENTITY", settings.identity)):
            row = layout.row()
            row.enabled = bool(person)
            extract = row.operator("deepfake.extract", text=f"Extract {person or 'the Identity'}", icon="COMMUNITY")
            extract.person, extract.role = person, role
        layout.separator()
        layout.menu("DEEPFAKE_MT_swap_presets")


class DEEPFAKE_MT_swap_presets(bpy.types.Menu):
    """Settings of a swap as files: those that come along, and the user's own."""

    bl_idname = "DEEPFAKE_MT_swap_presets"
    bl_label = "Swap Presets"
    preset_subdir = "deepfake_swap"
    preset_operator = "script.execute_preset"

    def draw(self, context: bpy.types.Context) -> None:
        self.draw_preset(context)


class DEEPFAKE_FH_swap(bpy.types.FileHandler):
    """A swap's manifest.json that is dropped on the sequencer."""

    bl_idname = "DEEPFAKE_FH_swap"
    bl_label = "Finished Swap"
    bl_import_operator = "deepfake.add_swap"
    bl_file_extensions = ".json"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "SEQUENCE_EDITOR"


CLASSES = (DEEPFAKE_MT_swap_presets, DEEPFAKE_MT_strip, DEEPFAKE_FH_swap)


def _draw_strip(self: Any, context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu("DEEPFAKE_MT_strip")


def _draw_add(self: Any, context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.operator("deepfake.add_swap", text="Swap Folder…", icon="USER")


_PLACES = (
    ("SEQUENCER_MT_strip", _draw_strip),
    ("SEQUENCER_MT_context_menu", _draw_strip),
    ("SEQUENCER_MT_add", _draw_add),
)


def register() -> None:
    for menu, draw in _PLACES:
        getattr(bpy.types, menu).append(draw)


def unregister() -> None:
    for menu, draw in _PLACES:
        getattr(bpy.types, menu).remove(draw)
