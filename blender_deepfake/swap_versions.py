"""The versions of the swap of a strip: which there are, which is shown, and into which the next swap goes."""

from dataclasses import dataclass, field
from pathlib import Path

import bpy

from . import compat, project, session, strips
from .compat import Scene, Strip
from .core import swap_folders
from .core.errors import DeepfakeError, UsageError
from .core.plates import folder_name
from .core.swap_folders import SwapVersion


@dataclass
class _Known:
    """What was read of the manifests, by folder and the time of change of its manifest."""

    read: dict[tuple[Path, int], SwapVersion] = field(default_factory=dict)
    reading: set[Path] = field(default_factory=set)


_known = _Known()


def forget() -> None:
    """At unregistering."""
    _known.read.clear()
    _known.reading.clear()


def swaps() -> Path:
    return project.folder() / "swaps"


def first(strip: Strip, identity: str) -> Path:
    """The folder of the first version, which a strip keeps when it is renamed. Gives the strip its uid."""
    usual = project.swap(strip, identity)
    return swap_folders.find_base(usual.parent, strips.uid_of(strip), folder_name(identity), usual.name)


def target(strip: Strip, identity: str) -> Path:
    """Where a swap of this strip goes: into the chosen version; where that is another edit's, into one of its own."""
    return swap_folders.own_version(chosen(strip, identity), project.edit_name())


def is_own(folder: Path) -> bool:
    """May a swap be made into `folder` again, or would it change what another edit shows?"""
    edit = swap_folders.edit_of(folder)
    return not edit or (edit == project.edit_name() and folder.parent == swaps().resolve())


def claim(folder: Path) -> None:
    """Write down that the swap in `folder` is for this edit, where it lies among the edit's own."""
    if folder.parent == swaps():
        swap_folders.claim(folder, project.edit_name())


def chosen(strip: Strip, identity: str) -> Path:
    """The version that was chosen or begun last, else the first."""
    base = first(strip, identity)
    folder = base.with_name(str(strip.get(strips.CURRENT) or base.name))
    return folder if swap_folders.base(folder) == base else base


def of_strip(strip: Strip, identity: str) -> list[Path]:
    """The versions on disk, the newest first, and the one that is shown wherever that lies. Changes nothing."""
    uid = strips.uid_of(strip)
    if not uid or not identity:
        return []
    base = swap_folders.find_base(swaps(), uid, folder_name(identity), "")
    found = swap_folders.versions(base) if base != swaps() else []
    now = shown(strip)
    return found if now is None or now in found else [now, *found]


def shown(strip: Strip) -> Path | None:
    """The folder of the swap that lies over `strip`, whether it is still there or not."""
    over = strips.results_over(strip)
    return folder_of(over[0]) if over else None


def folder_of(result: Strip) -> Path:
    """Where a placed swap has its pictures: what Blender shows counts, and not what was noted."""
    return Path(bpy.path.abspath(result.directory)).resolve()


def summary(folder: Path) -> SwapVersion | None:
    """What a version is. None while a thread reads its manifest; the panel is drawn again after it."""
    try:
        stamp = (folder / "manifest.json").stat().st_mtime_ns
    except OSError:
        return SwapVersion(folder)
    found = _known.read.get((folder, stamp))
    if found is None and folder not in _known.reading:
        _known.reading.add(folder)

        def done(told: SwapVersion | DeepfakeError) -> None:
            _known.reading.discard(folder)
            if isinstance(told, SwapVersion):
                _known.read[(folder, stamp)] = told

        session.current().ask(lambda: swap_folders.summarise(folder), done)
        found = _known.read.get((folder, stamp))
    return found


def begin(strip: Strip, identity: str) -> Path:
    """Have the next swap of `strip` go into a version of its own; return its folder, which the swap will make."""
    folder = swap_folders.next_version(first(strip, identity))
    strip[strips.CURRENT] = folder.name
    return folder


def users(folder: Path) -> list[Strip]:
    """The placed swaps of all scenes that show this version."""
    placed = [strip for _, strip in strips.everywhere() if strip.get(strips.SOURCE)]
    return [strip for strip in placed if folder_of(strip) == folder.resolve()]


def is_being_made(folder: Path) -> bool:
    """Does a job write this version now, or will it soon?"""
    entries = session.current().board.entries
    return any(
        entry.active and entry.spec.kind == "swap" and Path(str(entry.spec.request.get("out"))) == folder
        for entry in entries
    )


def refuse_in_use(folder: Path) -> None:
    if is_being_made(folder):
        raise UsageError(f"A job makes {folder.name} now.", "Cancel the job first, or wait for its end.")
    using = users(folder)
    if using:
        raise UsageError(
            f"The strip {using[0].name!r} shows {folder.name}.",
            "Show another version there first.",
        )


def source_and_result(scene: Scene) -> tuple[Strip, Strip | None]:
    """The active strip and the swap over it, also where that swap is the active one, or a meta strip of both."""
    active, strip = strips.active(scene), strips.source_of_active(scene)
    if active is not None and strip is None:
        raise UsageError(f"The strip that {active.name!r} was placed over is gone.", "Select a strip to swap in.")
    if not strips.has_picture(strip):
        raise UsageError("No strip with a picture is selected.", "Select the strip whose face is swapped.")
    over = strips.results_over(strip)
    return strip, over[0] if over else None


def covers(strip: Strip, result: Strip) -> bool:
    """Does the placed swap lie over all of the strip, and nowhere else?"""
    return compat.timing(strip).frames == compat.timing(result).frames
