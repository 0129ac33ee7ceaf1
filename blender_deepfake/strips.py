"""Strips of an edit: found again by their uid, and described as plain data."""

import os
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import bpy

from . import compat
from .compat import Scene, Strip
from .core.errors import UsageError
from .core.plates import StripDescription

UID = "deepfake_uid"
SWAP = "deepfake_swap"
SOURCE = "deepfake_source"
OWNER = "deepfake_uid_of"
CURRENT = "deepfake_version"
GROUP = "deepfake_group"


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


def uid_of(strip: Strip) -> str:
    """The uid of `strip`; empty where it never got one. Changes nothing, so that panels may ask."""
    return str(strip.get(UID) or "")


def mark(strip: Strip) -> str:
    """Give `strip` a uid, which survives undo, renaming, save and reload; return it.

    Duplicates, cut pieces and copies come with the uid of their original. Here they get one of their own, and what lies
    over them follows.
    """
    known, home = uid_of(strip), _home(strip)
    if known and _owner(known) != (strip.id_data, strip):
        lying = results_over(strip)
        strip[UID] = _new_uid(strip)
        for name in (CURRENT, OWNER):
            if name in strip:
                del strip[name]
        for result in lying:
            result[SOURCE] = strip[UID]
    elif not known:
        strip[UID] = _new_uid(strip)
    if strip.get(OWNER) != home:
        strip[OWNER] = home
    return uid_of(strip)


def _new_uid(strip: Strip) -> str:
    """By the names of edit, scene and strip and by the footage, so that a command which saves nothing finds its folders
    again, and other footage under an old name does not.

    At random where another strip has that one, and in an edit that has no file, thus no folder of its own.
    """
    if bpy.data.filepath:
        named = uuid5(NAMESPACE_URL, f"{Path(bpy.data.filepath).name}\n{_home(strip)}\n{_footage(strip)}").hex
        if _owner(named) is None:
            return named
    return uuid4().hex


def _footage(strip: Strip) -> str:
    """The strip's movie or first picture as it is found from the edit's folder: both can move together."""
    source, pictures = _files(strip)
    if source is None:
        return ""
    file = str(source.joinpath(*pictures[:1]))
    try:
        return Path(os.path.relpath(file, Path(bpy.data.filepath).resolve().parent)).as_posix()
    except ValueError:  # on another drive
        return file


def _home(strip: Strip) -> str:
    """Where a strip was when it got its uid: a copy's differs."""
    return f"{strip.id_data.name}\n{strip.name}"


def is_original(strip: Strip) -> bool:
    """Is it where it got its uid, and no duplicate, cut piece or copy?"""
    return bool(strip.get(OWNER) == _home(strip))


def everywhere() -> list[tuple[Scene, Strip]]:
    """Every strip of every scene, with its scene."""
    scenes: list[Scene] = [scene for scene in bpy.data.scenes if scene.sequence_editor]
    return [(scene, strip) for scene in scenes for strip in scene.sequence_editor.strips_all]


def placed() -> list[tuple[Scene, Strip]]:
    """Every placed swap that can be changed here: not those of scenes that are linked from other files."""
    return [(scene, strip) for scene, strip in everywhere() if strip.get(SOURCE) and scene.library is None]


def _owner(wanted: str) -> tuple[Scene, Strip] | None:
    """The one of the strips with this uid that got it first."""
    sharing = [pair for pair in everywhere() if uid_of(pair[1]) == wanted]
    return next((pair for pair in sharing if pair[1].get(OWNER) == _home(pair[1])), sharing[0] if sharing else None)


def siblings(strip: Strip) -> Any:
    """The collection that `strip` lies in: that of the edit, or of a meta strip."""
    return (strip.parent_meta() or strip.id_data.sequence_editor).strips


def results_over(strip: Strip) -> list[Strip]:
    """The placed swaps that belong to `strip`.

    Those with its uid that lie over it in time; of several strips that share the uid, over the nearest one below them.
    """
    wanted = uid_of(strip)
    if not wanted:
        return []
    beside = list(siblings(strip))
    sharing = [other for other in beside if uid_of(other) == wanted]
    found = []
    for result in (other for other in beside if other.get(SOURCE) == wanted):
        under = [other for other in sharing if _overlap(other, result)]
        under.sort(key=lambda other: (other.channel > result.channel, abs(result.channel - other.channel)))
        if (under and under[0] == strip) or (not under and len(sharing) == 1):
            found.append(result)
    return found


def source_of(result: Strip) -> Strip | None:
    """The strip that a placed swap belongs to; None where it is gone."""
    sharing = [strip for strip in siblings(result) if uid_of(strip) == result.get(SOURCE)]
    return next((strip for strip in sharing if result in results_over(strip)), None)


def source_behind(strip: Strip | None) -> Strip | None:
    """The strip whose face is swapped: `strip`; where that is a placed swap, or the meta strip of both, the one below.

    None where that is gone.
    """
    if strip is not None and strip.type == "META" and strip.get(GROUP):
        strip = next((inner for inner in strip.strips if inner.get(SOURCE)), strip)
    return source_of(strip) if strip is not None and strip.get(SOURCE) else strip


def source_of_active(scene: Scene) -> Strip | None:
    """The strip that the panels are about: the active one, or the one behind it."""
    return source_behind(active(scene))


def _overlap(one: Strip, other: Strip) -> bool:
    a, b = compat.timing(one), compat.timing(other)
    return a.left < b.right and a.right > b.left


def find(uid: str, scene_name: str, strip_name: str) -> tuple[Scene, Strip] | None:
    """The strip with `uid`. Duplicates and cut pieces share it: then the scene's and strip's names decide."""
    found = [pair for pair in everywhere() if pair[1].get(UID) == uid]
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
