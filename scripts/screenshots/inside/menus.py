"""Menus, dropped manifests, presets, undo and redo, and a render, all with the mouse and the keyboard."""

import subprocess
from pathlib import Path

import bpy
import freezes
import screen
from edit import EDIT, module, scene, select, strips
from screen import only, shoot, shoot_sidebar
from states import opened
from waits import Story, say, until


def story() -> Story:
    freezes.watch()
    yield from opened(unfolded=True)
    yield from _menus()
    yield from _presets()
    yield from _undo()
    yield from _dropped()
    yield from _rendered()


def _told() -> list[tuple[str, int, int, int]]:
    return [(strip.name, strip.channel, strip.left_handle, strip.right_handle) for strip in strips()]


def _timeline() -> screen.Box:
    return screen.box_of(screen.region(screen.sequencer(), "WINDOW"))


def _menus() -> Story:
    freezes.phase("menus")
    yield from only()
    select("sh010")
    area = screen.sequencer()
    x, y, width, height = _timeline()
    for name, call in (
        ("menu_strip", "SEQUENCER_MT_strip"),
        ("menu_context", "SEQUENCER_MT_context_menu"),
        ("menu_add", "SEQUENCER_MT_add"),
        ("menu_face_swap", "DEEPFAKE_MT_strip"),
        ("menu_presets", "DEEPFAKE_MT_swap_presets"),
    ):
        screen.mouse("mousemove", x + width // 3, y + height // 3)
        yield 0.4
        with bpy.context.temp_override(window=screen.window(), area=area, region=screen.region(area, "WINDOW")):
            bpy.ops.wm.call_menu("INVOKE_DEFAULT", name=call)
        yield 1.2
        if name == "menu_face_swap":
            shoot("menu", (0, y + height // 4, x + width * 3 // 4, height * 3 // 4))
        shoot(name, docs=False)
        screen.mouse("key", "Escape")
        yield 0.6


def _presets() -> Story:
    freezes.phase("presets")
    yield from only("swap", "swap_settings", "swap_mask_edge", unfolded=True)
    presets = [path for folder in bpy.utils.preset_paths("deepfake_swap") for path in Path(folder).glob("Soft_Edge.py")]
    bpy.ops.script.execute_preset(filepath=str(presets[0]), menu_idname="DEEPFAKE_MT_swap_presets")
    yield 1.0
    yield from shoot_sidebar("preset_chosen", docs=False)
    area = screen.sequencer()
    x, y, _, _ = screen.sidebar()
    screen.mouse("mousemove", x - 300, y + 300)
    yield 0.4
    with bpy.context.temp_override(window=screen.window(), area=area, region=screen.region(area, "UI")):
        bpy.ops.deepfake.add_swap_preset("INVOKE_DEFAULT")
    yield 1.2
    shoot("preset_dialog", docs=False)
    screen.mouse("key", "Escape")
    yield 0.5


def _undo() -> Story:
    freezes.phase("undo")
    yield from only()
    say("before", _told())
    bpy.ops.ed.undo_push(message="before")
    result = next(strip for strip in strips() if strip.get("deepfake_source"))
    folder = module("swap_versions").folder_of(result)
    say("the swap shown lies in", folder)
    strips().remove(result)
    bpy.ops.ed.undo_push(message="remove")
    select("sh010")
    with bpy.context.temp_override(window=screen.window(), area=screen.sequencer()):
        bpy.ops.deepfake.place("INVOKE_DEFAULT", True, folder=str(folder))
    yield 1.0
    say("placed", _told())
    x, y, width, height = _timeline()
    for keys, what in (("ctrl+z", "undone"), ("ctrl+shift+z", "redone"), ("ctrl+z", "undone"), ("ctrl+z", "undone")):
        screen.mouse("mousemove", x + width // 2, y + height - 40)
        yield 0.3
        screen.mouse("key", keys)
        yield 1.0
        say(what, _told())
    screen.rest_mouse()
    yield 1.0
    shoot("undone", docs=False)


def _dropped() -> Story:
    """A manifest is dragged from a File Browser into the timeline."""
    freezes.phase("dropped")
    result = next(strip for strip in strips() if strip.get("deepfake_source"))
    folder = module("swap_versions").folder_of(result)
    strips().remove(result)
    yield from screen.split_for_pictures(0.3)
    browser = min(screen.window().screen.areas, key=lambda a: a.x)
    browser.ui_type = "FILES"
    yield 1.0
    browser.spaces.active.params.directory = str(folder).encode()
    browser.spaces.active.params.filter_search = "manifest"
    browser.spaces.active.params.display_type = "LIST_VERTICAL"
    browser.spaces.active.params.use_filter = True
    with bpy.context.temp_override(window=screen.window(), area=browser):
        bpy.ops.file.refresh()
    yield 1.5
    bx, by, _, _ = screen.box_of(screen.region(browser, "WINDOW"))
    x, y, _, height = _timeline()
    start, end = (bx + 22, by + 38), (x + 160, y + height // 2)
    screen.mouse("mousemove", *start)
    yield 0.5
    screen.mouse("mousedown", 1)
    yield 0.3
    for step in range(1, 9):
        screen.mouse("mousemove", *(a + (b - a) * step // 8 for a, b in zip(start, end, strict=True)))
        yield 0.15
    yield 0.5
    shoot("dragging", docs=False)
    screen.mouse("mouseup", 1)
    yield 1.5
    shoot("dropped", docs=False)
    say("dropped", _told())
    with bpy.context.temp_override(window=screen.window(), area=browser):
        bpy.ops.screen.area_close()
    yield 0.5
    yield from _dropped_from_outside(folder)


def _dropped_from_outside(swap: Path) -> Story:
    """As from a file manager: first the folder, which Blender hands to nobody, then its manifest."""
    for what in (swap, swap / "manifest.json"):
        for strip in [strip for strip in strips() if strip.get("deepfake_source")]:
            strips().remove(strip)
        yield 3.0  # what draws its thumbnails must end first
        x, y, width, height = _timeline()
        program = Path(__file__).parents[1] / "drop_file.py"
        words = ["python3", str(program), str(what), str(x + width // 2), str(y + height // 2)]
        source = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        yield until("dropped", lambda source=source: source.poll() is not None, 60)
        yield 1.5
        say("from outside:", what.name, source.communicate()[0].strip(), _told())
    shoot("dropped_from_outside", docs=False)


def _rendered() -> Story:
    """A film of placed swaps, rendered with the window open; it is signed after it."""
    freezes.phase("rendered")
    scene().render.filepath = "//film.mp4"
    scene().render.image_settings.media_type = "VIDEO"
    scene().render.image_settings.file_format = "FFMPEG"
    scene().render.ffmpeg.format = "MPEG4"
    scene().frame_end = 30
    film = EDIT.parent / "film.mp4"
    yield from only("backend", "jobs")
    bpy.context.preferences.view.render_display_type = "NONE"
    bpy.ops.render.render("INVOKE_DEFAULT", animation=True)
    yield 3.0
    shoot("rendering", docs=False)
    signing = module("render_handlers").signing
    yield until("signed", lambda: "igned" in signing().text, 120)
    yield from shoot_sidebar("signed", docs=False)
    say("film", film.stat().st_size if film.exists() else None, signing().text)
