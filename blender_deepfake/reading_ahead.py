"""Blender reads frames of an edit ahead in a thread of its own: taking strips away under it can crash."""

from typing import Any

import bpy

from . import compat
from .compat import Scene


def stop(scene: Scene) -> None:
    """Before strips of `scene` are taken away or change their files. It goes on by itself at the next drawing."""
    if bpy.app.background:
        return  # nothing is drawn
    operator: Any = bpy.ops.sequencer.refresh_all  # as Blender's own Delete does; it forgets all that was read
    with compat.as_sequencer_scene(scene):
        if operator.poll():
            operator()
