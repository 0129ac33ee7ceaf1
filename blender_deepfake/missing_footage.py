"""Is all footage there that a strip shows? Blender says nothing where it is missing, and renders empty pictures."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import animation, compat, plate_depth
from .compat import Scene, Strip
from .core import frame_mapping
from .core.errors import UsageError


def refuse(scene: Scene, strip: Strip, frames: Sequence[int]) -> None:
    """Raise UsageError where a file is missing that `strip` shows at these frames of the timeline, or a part of it."""
    for part, file in _missing(scene, strip, frames):
        kind = "movie" if part.type == "MOVIE" else "picture"
        raise UsageError(
            f"The {kind} {file} of the strip {part.name!r} is missing.",
            "Relink the strip, or connect the disk that its footage lies on.",
        )


def _missing(scene: Scene, strip: Strip, frames: Sequence[int]) -> Iterator[tuple[Strip, Path]]:
    """Each missing file with the strip that reads it."""
    timing = compat.timing(strip)
    shown = [frame for frame in frames if timing.left <= frame < timing.right]
    if not shown:
        return
    if strip.type == "MOVIE":
        movie = plate_depth.absolute(strip, strip.filepath)
        if not movie.is_file():
            yield strip, movie
    elif strip.type == "IMAGE":
        for picture in _missing_pictures(strip, shown):
            yield strip, picture
    home, parts = plate_depth.below(scene, strip)
    inside = _frames_inside(strip, shown)
    for part in parts:
        at = compat.timing(part).frames if inside is None else inside
        yield from _missing(home, part, _not_muted(home, strip, part, at))


def _missing_pictures(strip: Strip, frames: Sequence[int]) -> Iterator[Path]:
    folder, names = plate_depth.absolute(strip, strip.directory), [element.filename for element in strip.elements]
    if not _is_retimed(strip):
        indices = {frame_mapping.source_index(compat.timing(strip), frame) for frame in frames}
        names = [names[min(index, len(names) - 1)] for index in sorted(indices)]
    there = _names_in(folder) if len(names) > 1 else set()  # one look, also for thousands
    return (folder / name for name in names if name not in there and not (folder / name).is_file())


def _names_in(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in os.scandir(folder)}
    except OSError:
        return set()


def _frames_inside(strip: Strip, frames: Sequence[int]) -> Sequence[int] | None:
    """Which frames of what it is made from `strip` shows at `frames`; None: it may be any."""
    if strip.type == "SPEED" or _is_retimed(strip):
        return None
    if strip.type != "SCENE" or strip.scene is None:
        return frames
    timing = compat.timing(strip)
    return [int(strip.scene.frame_start) + frame_mapping.source_index(timing, frame) for frame in frames]


def _not_muted(home: Scene, whole: Strip, part: Strip, frames: Sequence[int]) -> Sequence[int]:
    """Those of `frames` at which `part` counts. Effects show their inputs also where these are muted."""
    if hasattr(whole, "input_count") and whole.type != "ADJUSTMENT":
        return frames
    if whole.type != "ADJUSTMENT" and _channels(whole)[part.channel].mute:
        return []
    muted = animation.values(home, part, "mute", frames)
    return [frame for frame, is_muted in zip(frames, muted, strict=True) if not is_muted]


def _channels(whole: Strip) -> Sequence[Strip]:
    """Of a meta strip, or of the edit that a scene strip shows."""
    holder = whole.scene.sequence_editor if whole.type == "SCENE" else whole
    channels: Sequence[Strip] = holder.channels
    return channels


def _is_retimed(strip: Strip) -> bool:
    return len(getattr(strip, "retiming_keys", ())) > 0
