"""Which pictures hold exactly what a strip shows: by the deepest of the files that it is made from."""

from pathlib import Path

import bpy

from .compat import Scene, Strip
from .core import picture_depth
from .core.picture_depth import Depth


def of_strip(scene: Scene, strip: Strip) -> Depth:
    """The depth of the deepest file of `strip`, of its inputs and of what lies inside of it.

    Adjustment layers show all that lies below them, and scene strips what their scene renders.
    """
    if strip.type == "ADJUSTMENT":
        below = [s for s in scene.sequence_editor.strips_all if s.type not in ("SOUND", "ADJUSTMENT")]
        return max((of_strip(scene, s) for s in below), default=Depth.BYTE)
    if strip.type == "SCENE":
        return _of_scene(strip)
    inputs = [i for i in (getattr(strip, "input_1", None), getattr(strip, "input_2", None)) if i is not None]
    inside = [s for s in getattr(strip, "strips", ()) if s.type != "SOUND"]
    return max([_of_files(strip), *(of_strip(scene, s) for s in (*inputs, *inside))])


def _of_scene(strip: Strip) -> Depth:
    """A scene that a camera films is light; one that shows its own edit is as deep as that."""
    if strip.scene is None:
        return Depth.BYTE
    if strip.scene_input == "CAMERA":
        return Depth.LIGHT
    edit = strip.scene.sequence_editor
    inside = [s for s in edit.strips if s.type not in ("SOUND", "SCENE")] if edit else []
    return max((of_strip(strip.scene, s) for s in inside), default=Depth.BYTE)


def _of_files(strip: Strip) -> Depth:
    if strip.type == "MOVIE":
        return picture_depth.of_movie(_absolute(strip.filepath))
    if strip.type == "IMAGE":
        folder, names = _absolute(strip.directory), [element.filename for element in strip.elements]
        suffixes = {Path(name).suffix.lower(): name for name in names}
        return max((picture_depth.of_picture(folder / name) for name in suffixes.values()), default=Depth.BYTE)
    return Depth.BYTE


def _absolute(path: str) -> Path:
    return Path(bpy.path.abspath(path))
