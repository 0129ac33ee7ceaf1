"""What the panels share: their place, and text that is wider than the sidebar and may come from the backend."""

from typing import Any

import blf
import bpy

from ..core.panel_words import in_panel
from ..core.wrapping import wrap

_FONT = 0  # the interface's own
_BESIDE, _ICON = 82, 22  # pixels at scale 1: tabs, the edges of panel and box and of the label; and an icon


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
    """Draw `text` in as many lines as `share` of the region's width asks for: a label alone is cut off.

    What the backend says for a command line is said for the panels.
    """
    scale = context.preferences.system.ui_scale
    room = context.region.width * share - (_BESIDE + (_ICON if icon != "NONE" else 0)) * scale
    blf.size(_FONT, context.preferences.ui_styles[0].widget.points * scale)
    column = layout.column(align=True)
    column.scale_y = 0.8
    lines = wrap(in_panel(text), max(room, 100 * scale), lambda words: blf.dimensions(_FONT, words)[0])
    for number, line in enumerate(lines):
        column.label(text=line, icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else "NONE"))
