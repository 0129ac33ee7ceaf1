"""The strip of an edit that a finished swap belongs over."""

from pathlib import Path

from . import compat, strips
from .compat import Scene, Strip
from .core import results
from .core.errors import UsageError


def strip_for(scene: Scene, folder: Path) -> Strip:
    """The active strip, a selected one, the one at the playhead, or the only one: the first of these that shows what
    the swap in `folder` was made from. Raises where there is none, or it cannot be told which is meant."""
    swap = results.read_swap(folder)
    edit = scene.sequence_editor
    fitting = [strip for strip in (edit.strips_all if edit else ()) if _fits(scene, strip, swap)]
    if not fitting:
        raise UsageError(
            f"No strip of the scene {scene.name!r} shows {swap.plate_source}, which the swap {folder} was made from.",
            "Add that footage to the edit first.",
        )
    active, now = strips.source_of_active(scene), scene.frame_current
    for chosen in (
        [strip for strip in fitting if strip == active],
        [strip for strip in fitting if strip.select],
        [strip for strip in fitting if now in compat.timing(strip).frames],
        fitting,
    ):
        if len(chosen) == 1:
            return chosen[0]
    names = ", ".join(sorted(strip.name for strip in fitting))
    raise UsageError(f"Several strips show the plate of the swap {folder}: {names}.", "Select one of them.")


def _fits(scene: Scene, strip: Strip, swap: results.Swap) -> bool:
    if strip.type not in ("MOVIE", "IMAGE") or strip.get(strips.SOURCE):
        return False
    try:
        results.place(strips.describe(scene, strip), swap)
    except UsageError:
        return False
    return True
