"""The edit after the workflow: each panel unfolded, tools over the preview, and states that go wrong."""

from pathlib import Path
from typing import Any

import bpy
import freezes
import screen
from edit import EDIT, all_ended, any_state, board, go, module, select, settings, tell_jobs
from screen import only, press, shoot, shoot_sidebar
from waits import Story, until

_HAND = ((0.3, 0.35, 0.0, 0.08), (0.45, 0.55, 0.1, 0.0), (0.6, 0.35, 0.0, -0.08), (0.45, 0.2, -0.1, 0.0))


def story() -> Story:
    freezes.watch()
    yield from opened(unfolded=True)
    yield from _unfolded()
    yield from _repair()
    yield from _masks()
    yield from _wrong()


def opened(unfolded: bool = False) -> Story:
    """`unfolded` counts only before the panels are drawn for the first time."""
    bpy.ops.wm.open_mainfile(filepath=str(EDIT), load_ui=False)
    yield 1.0
    window = screen.window()
    window.workspace.sequencer_scene = next(s for s in bpy.data.scenes if s.sequence_editor)
    window.scene = window.workspace.sequencer_scene
    freezes.phase("states")
    if unfolded:
        yield from only("backend", unfolded=True)
    yield from screen.only_sequencer()
    yield from screen.fit()
    select("sh010")
    go(20)
    yield 1.0


def _unfolded() -> Story:
    names = [cls.__name__.removeprefix("DEEPFAKE_PT_") for cls in screen.panels()]
    yield from only("people", "consent", "extraction", unfolded=True)
    yield until("consent", lambda: all(module("people").person(r).consent for r in ("performer", "identity")))
    yield from shoot_sidebar("people_unfolded", docs=False)
    yield from only("train", *(name for name in names if name.startswith("training")), unfolded=True)
    yield 2.0
    yield from shoot_sidebar("train_settings")
    yield from only("swap", "swap_settings", "swap_colour", "swap_mask_edge", "swap_place", unfolded=True)
    yield 2.0
    yield from shoot_sidebar("swap_settings")
    rest = ("swap_detail", "swap_output", "swap_others", "finished_swap")
    yield from only("swap", "swap_settings", *rest, unfolded=True)
    yield 2.0
    yield from shoot_sidebar("swap_output", docs=False)


def _repair() -> Story:
    freezes.phase("repair")
    settings().repair_role = "PERFORMER"
    yield from only("repair", unfolded=True)
    yield from press("correct_landmarks")
    yield 1.0
    shoot("landmarks", _preview_and_sidebar())
    screen.mouse("key", "Escape")
    yield 0.5


def _masks() -> Story:
    freezes.phase("masks")
    yield from screen.split_for_pictures(0.62)
    yield from only("masks", "mask_image", unfolded=True)
    yield from press("paint_mask(which='SHOWN'")
    yield 3.0
    screen.rest_mouse()
    yield 1.0
    shoot("masks", _upper(0.6))
    editor = next(a for a in screen.window().screen.areas if a.type == "IMAGE_EDITOR")
    yield from _drawn_mask(editor)
    with bpy.context.temp_override(window=screen.window(), area=editor):
        bpy.ops.screen.area_close()
    yield 0.5


def _drawn_mask(editor: Any) -> Story:
    """A shape over the right cheek in Blender's own mask, then taken as covered."""
    mask = bpy.data.masks.new(name="hand")
    spline = mask.layers.new().splines.new()
    spline.points.add(4 - len(spline.points))
    for point, (x, y, dx, dy) in zip(spline.points, _HAND, strict=True):
        point.handle_left_type = point.handle_right_type = "FREE"
        point.co, point.handle_left, point.handle_right = (x, y), (x - dx, y - dy), (x + dx, y + dy)
    spline.use_cyclic = True
    editor.spaces.active.ui_mode = "MASK"
    editor.spaces.active.mask = mask
    yield 2.0
    shoot("mask_drawn", _upper(0.6), docs=False)
    panel = screen.region(editor, "UI")
    with bpy.context.temp_override(window=screen.window(), area=editor, region=panel):
        bpy.ops.deepfake.use_drawn_mask("INVOKE_DEFAULT")
    yield 2.0
    shoot("mask_used", _upper(0.6), docs=False)
    editor.spaces.active.ui_mode = "PAINT"
    yield 1.0


def _preview_and_sidebar() -> screen.Box:
    x, y, _, height = screen.box_of(screen.region(screen.sequencer(), "PREVIEW"))
    return x, y, screen.window().width - x, height


def _upper(share: float) -> screen.Box:
    """That part of the window, without Blender's own menus."""
    menus = int(24 * screen.SCALE)
    return 0, menus, screen.window().width, int(screen.window().height * share) - menus


def _refused_preview() -> Story:
    """Why there is none is told where it was asked for."""
    yield from only("swap", "swap_settings", "swap_output", unfolded=True)
    bpy.ops.deepfake.preview_swap()
    yield until("the preview ended", lambda: not module("previewing").state().making, 120)
    yield from shoot_sidebar("preview_refused", docs=False)


def _wrong() -> Story:
    """Refused, failed, paused, queued, cancelled; long names; no consent for this project."""
    freezes.phase("wrong")
    yield from only("backend", "jobs")
    bpy.ops.deepfake.start_backend()
    yield until("the backend runs", lambda: bool(module("session").current().client), 120)
    chosen = settings()
    chosen.project = "another film"
    bpy.ops.deepfake.train()
    yield any_state("refused")
    yield from _refused_preview()
    yield from only("backend", "jobs")
    chosen.project = "demo"
    grey = Path(bpy.data.filepath).parent / "deepfake" / "a_movie_that_is_none_with_a_rather_long_file_name.mp4"
    grey.write_bytes(b"no movie at all" * 99)
    bpy.ops.deepfake.extract_clip(
        directory=str(grey.parent), files=[{"name": grey.name}], person="identity_B", role="identity"
    )
    yield until("a failure", lambda: any(e.state == "failed" for e in board().entries), 60)
    chosen.minutes = 5.0
    chosen.model = "//deepfake/models/a_model_with_a_rather_long_name_for_the_hero_close_up_v012"
    bpy.ops.deepfake.train()
    yield until("training", lambda: any(e.state == "running" and e.done > 0 for e in board().entries), 120)
    select("take 1", "take 2")
    bpy.ops.deepfake.extract(person="identity_B", role="identity")
    bpy.ops.deepfake.swap()
    yield 4.0
    yield from shoot_sidebar("jobs")
    yield from press("pause_job")
    yield any_state("paused", 60)
    for entry in list(board().entries):
        if entry.active:
            module("session").current().cancel(entry)
    yield all_ended(120)
    tell_jobs()
    yield from shoot_sidebar("jobs_ended", docs=False)
