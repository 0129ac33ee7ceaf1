"""Small pictures of files for panels. Load them outside a draw function; few are kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy.utils.previews

_KEPT = 64
_collection: Any = None


def load(files: Sequence[Path], stamp: str) -> tuple[int, ...]:
    """The icons' numbers. `stamp` tells one state of the files from another: what has it is not read again."""
    global _collection  # noqa: PLW0603  Blender keeps such a collection by the reference to it
    if not files:
        return ()
    if _collection is None or len(_collection) > _KEPT:
        close()
        _collection = bpy.utils.previews.new()
    icons = []
    for file in files:
        key = f"{file}|{stamp}"
        if key not in _collection:
            _collection.load(key, str(file), "IMAGE")
        icons.append(int(_collection[key].icon_id))
    return tuple(icons)


def close() -> None:
    """At unregistering: Blender complains of collections that are left."""
    global _collection  # noqa: PLW0603
    if _collection is not None:
        bpy.utils.previews.remove(_collection)
        _collection = None
