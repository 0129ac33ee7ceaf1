"""Swaps of thousands of frames: placed, shortened, grown, in a meta strip and in another scene. Argument: folder.

The plate holds its last picture for most of its length, so that a few pictures are enough.
"""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import compat, placing

folder = Path(sys.argv[1])
FIRST, LAST = 100, 120  # what the swap has of the movie's frames


def names(strip: Any) -> list[str]:
    return [element.filename for element in strip.elements]


def told(result: Any) -> dict[str, Any]:
    timing, shown = compat.timing(result), names(result)
    meta = result.parent_meta()
    return {
        "ends": [timing.left, timing.right, timing.content_start, timing.content_duration],
        "count": len(shown),
        "first": shown[:3],
        "held": len(set(shown[LAST - FIRST :])),
        "in": Path(bpy.path.abspath(result.directory)).name,
        "meta": meta.name if meta else "",
    }


blender_deepfake.register()
scene = pictures.edit()
swap = pictures.swap_of(folder / "swap", list(range(FIRST, LAST + 1)), pictures.numbered)
plate = pictures.movie(scene, start=1)
active = pictures.movie(scene, name="active", channel=5)
pictures.set_handles(plate, FIRST, FIRST + 5000)
answer: dict[str, Any] = {"placed": told(placing.place(scene, plate, swap))}
answer["active"] = scene.sequence_editor.active_strip.name
pictures.set_handles(plate, FIRST, FIRST + 300)
answer["shorter"] = told(placing.place(scene, plate, swap))
pictures.set_handles(plate, FIRST, FIRST + 6000)
title = pictures.movie(scene, name="title", channel=2, start=FIRST + 5500)
answer["grown"] = told(placing.place(scene, plate, swap))

other = bpy.data.scenes.new("Other")
other.sequence_editor_create()
there = pictures.movie(other, name="there", start=1)
pictures.set_handles(there, FIRST, FIRST + 4000)
answer["elsewhere"] = told(placing.place(other, there, swap))
blender_deepfake.unregister()
print(json.dumps(answer))
