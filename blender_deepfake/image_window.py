"""Shows a picture in an Image Editor."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import bpy

_TAB, _DRAWN_SECONDS = "Deepfake", 0.3


def show(context: Any, image: Any, space_mode: str = "VIEW") -> None:
    """In the Image Editor that shows it already, else in an empty one, in any, or in a new window.

    Does nothing without a window.
    """
    if bpy.app.background or not context.window_manager.windows:
        return
    area = min(_editors(context), key=lambda area: _preference(area, image), default=None) or _new_window(context)
    area.ui_type = "IMAGE_EDITOR"
    space = area.spaces.active
    space.ui_mode = space_mode
    space.image = image
    if space_mode == "PAINT":
        space.show_region_ui = True  # its panels; of a picture to look at, it would cover a part
    region = next(region for region in area.regions if region.type == "WINDOW")
    window = next(w for w in context.window_manager.windows if area in list(w.screen.areas))
    with context.temp_override(window=window, area=area, region=region):
        bpy.ops.image.view_all(fit_view=True)
    area.tag_redraw()
    if space_mode == "PAINT":
        bpy.app.timers.register(partial(_open_tab, area.as_pointer()), first_interval=_DRAWN_SECONDS)


def _open_tab(pointer: int) -> None:
    """Show our panels in the sidebar beside what is painted: a sidebar has tabs only once it was drawn."""
    context: Any = bpy.context
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            region = next((region for region in area.regions if region.type == "UI"), None)
            if area.as_pointer() == pointer and area.type == "IMAGE_EDITOR" and region is not None and region.width > 1:
                with suppress(AttributeError):  # read-only where there are no tabs
                    region.active_panel_category = _TAB
                    region.tag_redraw()


def _editors(context: Any) -> Iterator[Any]:
    for window in context.window_manager.windows:
        yield from (area for area in window.screen.areas if area.ui_type == "IMAGE_EDITOR")


def _preference(area: Any, image: Any) -> int:
    shown = area.spaces.active.image
    return 0 if shown == image else 1 if shown is None else 2


def _new_window(context: Any) -> Any:
    before = {window.as_pointer() for window in context.window_manager.windows}
    with context.temp_override(window=context.window_manager.windows[0]):  # a timer has none of its own
        bpy.ops.wm.window_new()
    window = next(w for w in context.window_manager.windows if w.as_pointer() not in before)
    return max(window.screen.areas, key=lambda area: area.width * area.height)
