"""Which strips a button works on that takes several."""

from . import compat, strips
from .compat import Scene, Strip


def with_picture(scene: Scene) -> list[Strip]:
    """The selected strips that show a picture, the earliest first and without placed swaps beside others; where none
    is selected, the active one. For a placed swap, and a meta strip of both, the strip that was swapped."""
    edit = scene.sequence_editor
    shown = edit.meta_stack[-1].strips if edit and edit.meta_stack else edit.strips if edit else ()
    selected = [strip for strip in shown if strip.select and strips.has_picture(strip)]
    plates = [strip for strip in selected if not strip.get(strips.SWAP)] or selected
    sources = dict.fromkeys(map(strips.source_behind, plates or [strips.active(scene)]))
    return sorted(filter(strips.has_picture, sources), key=lambda strip: compat.timing(strip).left)
