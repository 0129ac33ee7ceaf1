"""Strips of an edit: found again by their uid, and described as plain data."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import bpy

from . import compat
from .compat import Scene, Strip
from .core.errors import UsageError
from .core.plates import StripDescription

UID = "deepfake_uid"
SWAP = "deepfake_swap"
SOURCE = "deepfake_source"


def by_name(scene: Scene, name: str) -> Strip:
    """The strip called `name`, also inside meta strips."""
    edit = scene.sequence_editor
    strip = edit.strips_all.get(name) if edit else None
    if strip is None:
        names = ", ".join(sorted(s.name for s in edit.strips_all)) if edit else ""
        raise UsageError(
            f"The scene {scene.name!r} has no strip {name!r}.",
            f"It has: {names}." if names else "Its sequencer is empty.",
        )
    return strip


def active(scene: Scene) -> Strip:
    """The active strip of the edit, or None. The context's own differs between versions."""
    return scene.sequence_editor.active_strip if scene.sequence_editor else None


def mark(strip: Strip) -> str:
    """Give `strip` a uid, which survives undo, renaming, save and reload; return it."""
    if not strip.get(UID):
        strip[UID] = uuid4().hex
    return str(strip[UID])


def find(uid: str, scene_name: str, strip_name: str) -> tuple[Scene, Strip] | None:
    """The strip with `uid`. Duplicates and cut pieces share it: then the scene's and strip's names decide."""
    found = [
        (scene, strip)
        for scene in bpy.data.scenes
        if scene.sequence_editor
        for strip in scene.sequence_editor.strips_all
        if strip.get(UID) == uid
    ]
    found.sort(key=lambda pair: (pair[0].name != scene_name, pair[1].name != strip_name))
    return found[0] if found else None


def describe(scene: Scene, strip: Strip) -> StripDescription:
    """Read all of `strip` that decides which frames it shows and how."""
    source, pictures = _files(strip)
    start = compat.strip_path(strip)
    return StripDescription(
        name=strip.name,
        kind=strip.type,
        timing=compat.timing(strip),
        source=source,
        pictures=pictures,
        fps=float(getattr(strip, "fps", 0.0)),
        scene_fps=scene.render.fps / scene.render.fps_base,
        colourspace=strip.colorspace_settings.name if hasattr(strip, "colorspace_settings") else "sRGB",
        retimed=len(getattr(strip, "retiming_keys", ())) > 0,
        strobe=float(getattr(strip, "strobe", 1.0)),
        deinterlaced=bool(getattr(strip, "use_deinterlace", False)),
        modified=len(strip.modifiers) > 0,
        graded=getattr(strip, "color_multiply", 1.0) != 1.0 or getattr(strip, "color_saturation", 1.0) != 1.0,
        multiplies_alpha=bool(getattr(strip, "multiply_alpha", False)),
        stream=int(getattr(strip, "stream_index", 0)),
        stereo=bool(getattr(strip, "use_multiview", False)),
        animated=tuple(
            curve.data_path.removeprefix(start)
            for _, curve in compat.curves(scene)
            if curve.data_path.startswith(start)
        ),
    )


def _files(strip: Strip) -> tuple[Path | None, tuple[str, ...]]:
    if strip.type == "MOVIE":
        return _absolute(strip.filepath), ()
    if strip.type == "IMAGE":
        return _absolute(strip.directory), tuple(element.filename for element in strip.elements)
    return None, ()


def _absolute(path: str) -> Path:
    return Path(bpy.path.abspath(path)).resolve()


def has_picture(strip: Any) -> bool:
    """Sound strips have no face to swap."""
    return strip is not None and strip.type != "SOUND"
