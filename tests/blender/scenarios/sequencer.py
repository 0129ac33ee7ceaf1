"""What scenarios do with a sequencer, and read from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pictures

from blender_deepfake import compat, strips


def layout(scene: Any) -> list[Any]:
    rows = []
    for strip in scene.sequence_editor.strips_all:
        timing = compat.timing(strip)
        rows.append([strip.name, strip.type, strip.channel, timing.left, timing.right])
    return sorted(rows)


def reds(scene: Any, frames: range, folder: Path) -> list[int]:
    """The number of the swap's frame that shows at each frame."""
    window: Any = bpy.context.window
    window.scene = scene
    middle = pictures.SIDE // 2
    return [int(pictures.rendered(scene, frame, folder)[middle, middle, 0]) for frame in frames]


def pairs(scene: Any) -> dict[str, list[str]]:
    """The placed swaps by the name of the strip that they belong to."""
    found = scene.sequence_editor.strips_all
    return {s.name: [r.name for r in strips.results_over(s)] for s in found if s.get(strips.UID)}


def select(scene: Any, *names: str) -> None:
    for strip in scene.sequence_editor.strips_all:
        strip.select = strip.name in names
    scene.sequence_editor.active_strip = scene.sequence_editor.strips_all[names[0]]


def operate(scene: Any, call: Callable[[], Any]) -> None:
    """Run an operator of the sequencer in a window that shows it."""
    context: Any = bpy.context
    window = context.window
    window.scene = scene
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = scene
    area = max(window.screen.areas, key=lambda area: area.width * area.height)
    area.type = "SEQUENCE_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    with context.temp_override(window=window, area=area, region=region):
        call()
