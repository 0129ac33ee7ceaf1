"""The window: its layout, the panels that are shown, pictures of it, and a real mouse and keyboard."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import freezes
from waits import Story, say

WORK, OUT = Path(os.environ["SHOTS_WORK"]), Path(os.environ["SHOTS_OUT"])
SCALE = float(os.environ["SHOTS_SCALE"])
TAB = "Deepfake"
Box = tuple[int, int, int, int]


def window() -> Any:
    return bpy.context.window_manager.windows[0]


def sequencer() -> Any:
    """The one with the timeline."""
    areas = [a for a in window().screen.areas if a.type == "SEQUENCE_EDITOR"]
    return next(a for a in areas if a.spaces.active.view_type != "PREVIEW")


def region(area: Any, kind: str) -> Any:
    return next(r for r in area.regions if r.type == kind)


def only_sequencer() -> Story:
    """One area: the preview above the timeline, and the sidebar as high as the window."""
    screens = window().screen
    bpy.context.window.workspace.sequencer_scene = bpy.context.window.scene if bpy.context.window else None
    keep = next(a for a in screens.areas if a.type == "SEQUENCE_EDITOR" and a.spaces.active.view_type == "SEQUENCER")
    for area in [a for a in screens.areas if a != keep]:
        with bpy.context.temp_override(window=window(), area=area):
            bpy.ops.screen.area_close()
        yield 0.3
    area = sequencer()
    area.spaces.active.view_type = "SEQUENCER_PREVIEW"
    area.spaces.active.show_region_ui = True
    area.spaces.active.show_region_toolbar = False
    yield 1.0
    region(area, "UI").active_panel_category = TAB
    yield 0.5


def redraw() -> None:
    """What a script changes, Blender shows at the next move of the mouse only."""
    for area in window().screen.areas:
        area.tag_redraw()
        for each in area.regions:
            each.tag_redraw()


def fit() -> Story:
    """All of the timeline and of the picture."""
    area = sequencer()
    for kind, call in (("WINDOW", bpy.ops.sequencer.view_all), ("PREVIEW", bpy.ops.sequencer.view_all_preview)):
        with bpy.context.temp_override(window=window(), area=area, region=region(area, kind)):
            call()
    yield 1.0


def split_for_pictures(factor: float = 0.45) -> Story:
    """An Image Editor left of the sequencer."""
    area = sequencer()
    with bpy.context.temp_override(window=window(), area=area, region=region(area, "WINDOW")):
        bpy.ops.screen.area_split(direction="VERTICAL", factor=factor)
    yield 0.5
    areas = sorted((a for a in window().screen.areas if a.type == "SEQUENCE_EDITOR"), key=lambda a: a.x)
    areas[0].ui_type = "IMAGE_EDITOR"
    yield 0.5
    region(sequencer(), "UI").active_panel_category = TAB
    yield 0.5


def panels() -> list[Any]:
    return list(sys.modules[f"{freezes.EXTENSION}.ui"].CLASSES)


def only(*names: str, unfolded: bool = False) -> Story:
    """Show just these panels of the sidebar (all where none is named), with what is folded at first `unfolded`."""
    everything = panels()
    for cls in reversed(everything):
        if cls.is_registered:
            bpy.utils.unregister_class(cls)
    for cls in everything:
        if unfolded:
            cls.bl_options = set()
        if not names or any(cls.__name__ == f"DEEPFAKE_PT_{name}" for name in names) or "_MT_" in cls.__name__:
            bpy.utils.register_class(cls)
    yield 0.3
    for area in window().screen.areas:
        if area.type == "SEQUENCE_EDITOR" and region(area, "UI").width > 1:
            region(area, "UI").active_panel_category = TAB
            area.tag_redraw()
    yield 1.0


def restore() -> None:
    """All panels again, as the extension expects them when it is disabled."""
    for cls in panels():
        if not cls.is_registered:
            bpy.utils.register_class(cls)


def box_of(place: Any) -> Box:
    """A region or an area, from the top left."""
    return place.x, window().height - place.y - place.height, place.width, place.height


def sidebar() -> Box:
    """Without the tabs."""
    x, y, width, height = box_of(region(sequencer(), "UI"))
    return x, y, width - int(24 * SCALE), height


def shoot(name: str, box: Box | None = None, docs: bool = True, trim: bool = False) -> None:
    """A PNG with a palette: of the whole window or of `box`; `trim` cuts off what is empty around it."""
    place = OUT / f"window_{name}.png" if docs and SCALE == 1 else WORK / "review" / f"{name}_{SCALE:g}.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    crop = ["-crop", "{2}x{3}+{0}+{1}".format(*box), "+repage"] if box else []
    crop += ["-fuzz", "1%", "-trim", "+repage", "-bordercolor", "#303030", "-border", "6"] if trim else []
    whole = WORK / "whole.png"
    subprocess.run(["import", "-silent", "-window", "root", str(whole)], check=True)
    few = [*crop, "-dither", "None", "-colors", "192", "-strip", "-define", "png:compression-level=9"]
    subprocess.run(["magick", str(whole), *few, f"PNG8:{place}"], check=True)
    say("picture", place.name, place.stat().st_size // 1024, "kB")
    freezes.pardon()


def shoot_sidebar(name: str, docs: bool = True) -> Story:
    rest_mouse()
    redraw()
    yield 1.2
    shoot(name, sidebar(), docs, trim=True)


def mouse(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True)
    freezes.pardon()


def rest_mouse() -> None:
    mouse("mousemove", window().width - 2, window().height - 2)


def press(words: str) -> Story:
    """Click on the button of the sidebar whose operator, as Python, holds `words`; the mouse looks for it."""
    x, y, width, height = sidebar()
    bpy.context.window_manager.clipboard = ""
    for share in (0.5, 0.75, 0.25, 0.84, 0.9):
        for down in range(y + int(8 * SCALE), y + height - 8, int(11 * SCALE)):
            mouse("mousemove", x + int(width * share), down)
            yield 0.06
            if words not in _hovered():
                continue
            yield 0.3  # what was under the mouse before may be told for a moment longer
            if words in _hovered():
                say("click on", _hovered())
                mouse("click", 1)
                yield 0.3
                rest_mouse()
                yield 0.3
                return
    raise LookupError(f"no button {words} in the sidebar")


def _hovered() -> str:
    """The operator of the button under the mouse, as Python."""
    area = sequencer()
    with bpy.context.temp_override(window=window(), area=area, region=region(area, "UI")):
        if not bpy.ops.ui.copy_python_command_button.poll():
            return ""
        bpy.ops.ui.copy_python_command_button()
    return str(bpy.context.window_manager.clipboard)


def drag_sidebar(by: int) -> Story:
    """Move the sidebar's edge to the right, which makes it narrower."""
    x, y, _, height = box_of(region(sequencer(), "UI"))
    middle = y + height * 3 // 4
    mouse("mousemove", x, middle)
    yield 0.4
    mouse("mousedown", 1)
    yield 0.2
    for step in range(1, 7):
        mouse("mousemove", x + by * step // 6, middle)
        yield 0.15
    mouse("mouseup", 1)
    rest_mouse()
    yield 0.8
