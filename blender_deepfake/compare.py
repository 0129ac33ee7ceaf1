"""Plate and swap compared in the preview: one or the other, a wipe between both, or their difference.

The placed swap's own strip is changed for as long as that lasts. What it was before is noted on the strip itself, so
that undo, a crash and another session find it and everything can be put back.
"""

import json
from pathlib import Path
from typing import Any

from . import animation, compat, strips, swap_versions
from .compat import Scene, Strip
from .core import crops, results
from .core.crops import Crop, Window
from .core.frame_mapping import StripTiming

_STATE = "deepfake_compare"
OFF, PLATE, WIPE, DIFFERENCE = "OFF", "PLATE", "WIPE", "DIFFERENCE"
_SIDES = {"min_x": "left", "max_x": "right", "min_y": "bottom", "max_y": "top"}


def mode(result: Strip) -> str:
    """How this placed swap is compared now; OFF where it is not."""
    return str(_state(result).get("mode", OFF))


def enter(scene: Scene, result: Strip, how: str, position: float) -> None:
    """Show `result` in the mode `how`; `position`, 0–1 of the picture's width, is where a wipe's line lies.

    The plate is left of the line and the swap right of it, as they are seen.
    """
    leave(scene, result)
    if how == OFF:
        return
    state: dict[str, Any] = {"mode": how, "mute": result.mute, "blend_type": result.blend_type, "stilled": []}
    state["crop"] = {name: getattr(result.crop, name) for name in _SIDES}
    moving = {PLATE: ("mute",), WIPE: ("crop.",), DIFFERENCE: ()}[how]
    for curve in _curves(scene, result, moving):
        if not curve.mute:
            state["stilled"].append([curve.data_path.removeprefix(compat.strip_path(result)), curve.array_index])
            curve.mute = True
    result[_STATE] = json.dumps(state)
    if how == PLATE:
        result.mute = True
    elif how == DIFFERENCE:
        result.blend_type = DIFFERENCE
    else:
        wipe(scene, result, position)


def leave(scene: Scene, result: Strip) -> None:
    """Put everything back as it was before `enter`."""
    state = _state(result)
    if not state:
        return
    del result[_STATE]
    result.mute, result.blend_type = state["mute"], state["blend_type"]
    for name, value in state["crop"].items():
        setattr(result.crop, name, value)
    stilled = {tuple(entry) for entry in state["stilled"]}
    start = compat.strip_path(result)
    for _, curve in compat.curves(scene):
        if (curve.data_path.removeprefix(start), curve.array_index) in stilled and curve.data_path.startswith(start):
            curve.mute = False


def leave_all() -> list[tuple[Scene, Strip, str]]:
    """Leave every comparison of the file; return what was left, to be entered again."""
    left = [(scene, result, mode(result)) for scene, result in compared_now()]
    for scene, result, _ in left:
        leave(scene, result)
    return left


def compared_now() -> list[tuple[Scene, Strip]]:
    return [pair for pair in strips.placed() if pair[1].get(_STATE)]


def wipe(scene: Scene, result: Strip, position: float) -> None:
    """Lay the line of a wipe at `position` for the frame that is shown."""
    state, source = _state(result), strips.source_of(result)
    if state.get("mode") != WIPE or source is None:
        return
    size, windows = _parts(scene, source, result)
    frame, flipped = scene.frame_current, bool(result.use_flip_x)
    if windows:
        whole = Crop(*(round(animation.values(scene, source, f"crop.{name}", [frame])[0]) for name in _SIDES))
        index = min(max(frame - compat.timing(result).left, 0), len(windows) - 1)
        cut = crops.crop(size, crops.wiped(whole, size[0], position, flipped), windows[index])
    else:
        cut = crops.wiped(Crop(*(state["crop"][name] for name in _SIDES)), size[0], position, flipped)
    for name, side in _SIDES.items():
        setattr(result.crop, name, getattr(cut, side))


def forget() -> None:
    """At unregistering: what was read of the swaps."""
    _read.clear()


_read: dict[tuple[Path, StripTiming], tuple[tuple[int, int], list[Window]]] = {}


def _parts(scene: Scene, source: Strip, result: Strip) -> tuple[tuple[int, int], list[Window]]:
    """The size of the picture, and the part of it that is shown at each frame; none where that is always all."""
    key = swap_versions.folder_of(result), compat.timing(source)
    if key not in _read:
        _read.clear()
        swap = results.read_swap(key[0])
        _read[key] = swap.size, results.place(strips.describe(scene, source), swap).windows
    return _read[key]


def _state(result: Strip) -> dict[str, Any]:
    text = result.get(_STATE)
    value = json.loads(text) if text else {}
    return value if isinstance(value, dict) else {}


def _curves(scene: Scene, strip: Strip, names: tuple[str, ...]) -> list[Any]:
    paths = tuple(compat.strip_path(strip) + name for name in names)
    return [curve for _, curve in compat.curves(scene) if paths and curve.data_path.startswith(paths)]
