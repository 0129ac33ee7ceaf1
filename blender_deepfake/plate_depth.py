"""Which pictures hold exactly what a strip shows: by the deepest of the files that it is made from."""

from collections.abc import Iterator
from pathlib import Path

import bpy

from . import strips
from .compat import Scene, Strip
from .core import picture_depth
from .core.picture_depth import Depth


def of_strip(scene: Scene, strip: Strip) -> Depth:
    """The depth of the deepest file of `strip`, of its inputs and of what lies inside of it."""
    return max((_depth(part) for part in _made_from(scene, strip)), default=Depth.BYTE)


def is_hdr(scene: Scene, strip: Strip) -> bool:
    """Is there a file of PQ or HLG in it that Blender reads as light? Then its depth is LIGHT."""
    return any(_has_files(part) and picture_depth.is_hdr(_colourspace(part)) for part in _made_from(scene, strip))


def _made_from(scene: Scene, strip: Strip) -> Iterator[Strip]:
    """`strip` and all below it."""
    if strip.type != "ADJUSTMENT":
        yield strip
    home, parts = below(scene, strip)
    for part in parts:
        yield from _made_from(home, part)


def below(scene: Scene, strip: Strip) -> tuple[Scene, list[Strip]]:
    """What `strip` is made from, muted or not, and the scene that this lies in.

    Adjustment layers show all that lies below them, and scene strips what their scene renders.
    """
    if strip.type == "SCENE":
        return strip.scene, _in_edit(strip)
    if strip.type == "ADJUSTMENT":
        beside = [other for other in strips.siblings(strip) if other.channel < strip.channel]
        return scene, [other for other in beside if other.type not in ("SOUND", "ADJUSTMENT")]
    inputs = [i for i in (getattr(strip, "input_1", None), getattr(strip, "input_2", None)) if i is not None]
    return scene, [*inputs, *(s for s in getattr(strip, "strips", ()) if s.type != "SOUND")]


def _in_edit(strip: Strip) -> list[Strip]:
    """What a scene strip shows that shows its scene's own edit."""
    edit = strip.scene.sequence_editor if strip.scene is not None and strip.scene_input != "CAMERA" else None
    return [s for s in edit.strips if s.type not in ("SOUND", "SCENE")] if edit else []


def _depth(strip: Strip) -> Depth:
    """Of the strip alone. A scene that a camera films is light."""
    if strip.type == "SCENE":
        return Depth.LIGHT if strip.scene is not None and strip.scene_input == "CAMERA" else Depth.BYTE
    return picture_depth.in_space(_of_files(strip), _colourspace(strip)) if _has_files(strip) else Depth.BYTE


def _has_files(strip: Strip) -> bool:
    return strip.type in ("MOVIE", "IMAGE")


def _colourspace(strip: Strip) -> str:
    return str(strip.colorspace_settings.name)


def _of_files(strip: Strip) -> Depth:
    if strip.type == "MOVIE":
        return picture_depth.of_movie(absolute(strip, strip.filepath))
    folder, names = absolute(strip, strip.directory), [element.filename for element in strip.elements]
    suffixes = {Path(name).suffix.lower(): name for name in names}
    return max((picture_depth.of_picture(folder / name) for name in suffixes.values()), default=Depth.BYTE)


def absolute(strip: Strip, path: str) -> Path:
    """A path of `strip`, whose scene may be linked from another file."""
    return Path(bpy.path.abspath(path, library=strip.id_data.library))
