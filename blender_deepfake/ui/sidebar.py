"""What the panels share: their place, and text that is wider than the sidebar."""

import textwrap
from typing import Any

import bpy


class SidebarPanel(bpy.types.Panel):
    """A panel in the tab Deepfake of the sequencer's sidebar."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Deepfake"

    def draw(self, context: bpy.types.Context) -> None:
        self.fill(self.layout, context)

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        raise NotImplementedError


def paragraph(layout: Any, context: Any, text: str, icon: str = "NONE", share: float = 1.0) -> None:
    """Draw `text` in as many lines as `share` of the region's width asks for: a label alone is cut off."""
    scale = context.preferences.system.ui_scale
    letters = max(16, int((context.region.width / scale * share - 60) / 6.5))
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, letters)):
        column.label(text=line, icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else "NONE"))
