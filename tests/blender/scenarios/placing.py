"""Places swaps in edits of many shapes and tells what came of it. Arguments: folder, case."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pictures

from blender_deepfake import compat, placing, strips

NUMBERS = list(range(1, 31))


def layout(scene: Any) -> list[Any]:
    """Every strip: name, type, channel, first and last frame, the meta strip it lies in."""
    rows = []
    for strip in scene.sequence_editor.strips_all:
        timing, meta = compat.timing(strip), strip.parent_meta()
        rows.append([strip.name, strip.type, strip.channel, timing.left, timing.right, meta.name if meta else None])
    return sorted(rows)


def reds(scene: Any, frames: range, folder: Path) -> list[int]:
    return [int(pictures.rendered(scene, frame, folder)[pictures.SIDE // 2, pictures.SIDE // 2, 0]) for frame in frames]


def plain(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """The look is copied, the settings are right, the uid is there, placing twice leaves one result."""
    plate.transform.offset_x, plate.transform.offset_y, plate.transform.rotation = 12, -7, 0.1
    plate.transform.scale_x, plate.transform.filter, plate.transform.origin = 0.8, "BOX", (0.25, 0.75)
    plate.crop.min_x, plate.crop.max_y = 11, 5
    plate.use_flip_x = True
    scene.sequence_editor.active_strip = plate
    result = placing.place(scene, plate, swap)
    result = placing.place(scene, plate, swap)
    same = [
        *(getattr(result.transform, n) == getattr(plate.transform, n) for n in ("offset_x", "rotation", "scale_x")),
        result.transform.filter == "BOX",
        tuple(result.transform.origin) == (0.25, 0.75),
        (result.crop.min_x, result.crop.max_y) == (11, 5),
        result.use_flip_x and not result.use_flip_y,
        (result.alpha_mode, result.blend_type, result.colorspace_settings.name) == ("STRAIGHT", "ALPHA_OVER", "sRGB"),
        not scene.sequence_editor.show_missing_media,
        result[strips.SOURCE] == plate[strips.UID],
        result[strips.SWAP] == swap.name,
        scene.sequence_editor.active_strip == plate,
    ]
    return {"same": same}


def frames(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Trimmed, reversed, held at its end: each frame shows the swap of the frame the plate shows there."""
    pictures.set_trim(plate, 4, 90 + 8)
    plate.use_reverse_frames = True
    first = compat.timing(plate).content_start
    pictures.set_handles(plate, first + 2, first + 20)
    result = placing.place(scene, plate, swap)
    timing = compat.timing(plate)
    assert compat.timing(result).frames == timing.frames
    return {"reds": reds(scene, timing.frames, folder), "count": timing.content_duration}


def covered_partly(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """A swap of some frames is laid where those are."""
    pictures.set_handles(plate, 21, 61)
    placing.place(scene, plate, swap)
    return {}


def occupied(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """A title in the way: it stays on top, and nothing else changes."""
    pictures.set_handles(plate, 11, 31)
    title = pictures.swap_of(folder / "title", [1], lambda number: half(255))
    scene.sequence_editor.strips.new_image("title", str(title / "000001.png"), channel=2, frame_start=11)
    pictures.set_handles(scene.sequence_editor.strips["title"], 11, 31)
    title_strip = scene.sequence_editor.strips["title"]
    title_strip.select, plate.select = True, False
    placing.place(scene, plate, swap)
    picture = pictures.rendered(scene, 15, folder)
    side = pictures.SIDE
    return {
        "left": int(picture[side // 2, 10, 0]),
        "right": int(picture[side // 2, side - 10, 0]),
        "selected": [s.name for s in scene.sequence_editor.strips_all if s.select],
        "again": placing.place(scene, scene.sequence_editor.strips_all["plate"], swap).name,
    }


def half(red: int) -> np.ndarray:
    image = pictures.numbered(red)
    image[:, pictures.SIDE // 2 :] = 0
    return image


def nested(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """A plate inside a meta strip whose neighbour above is taken."""
    pictures.set_handles(plate, 11, 31)
    other = pictures.movie(scene, "other", channel=2, start=11)
    pictures.set_handles(other, 11, 31)
    other.mute = True
    plate.select = other.select = True
    with compat.as_sequencer_scene(scene):
        bpy.ops.sequencer.meta_make()
    placing.place(scene, scene.sequence_editor.strips_all["plate"], swap)
    return {"reds": reds(scene, range(11, 14), folder), "shown": len(scene.sequence_editor.meta_stack)}


def locked(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """A locked channel above is left alone."""
    scene.sequence_editor.channels[2].lock = True
    placing.place(scene, plate, swap)
    return {}


def animated(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """A plate that moves carries its swap along."""
    for frame, x in ((11, 0), (21, 100)):
        plate.transform.offset_x = x
        plate.transform.keyframe_insert("offset_x", frame=frame)
    result = placing.place(scene, plate, swap)
    found = []
    for frame in (11, 14, 19, 30):
        scene.frame_set(frame)
        found.append([plate.transform.offset_x, result.transform.offset_x])
    return {"offsets": found}


def saved(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Saved, moved with its swap, opened again: the strip is found and the frames show."""
    edit = folder / "project" / "edit.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(edit))
    uid = strips.mark(plate)
    plate.name = "renamed"
    placing.place(scene, plate, swap)
    bpy.ops.wm.save_mainfile()
    (folder / "project").rename(folder / "elsewhere")
    bpy.ops.wm.open_mainfile(filepath=str(folder / "elsewhere" / "edit.blend"))
    found = strips.find(uid, scene_name="Scene", strip_name="plate")
    assert found is not None
    result = next(s for s in found[0].sequence_editor.strips_all if s.type == "IMAGE")
    return {"found": found[1].name, "directory": result.directory, "reds": reds(found[0], range(11, 14), folder)}


def duplicates(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """A cut piece shares the uid; the name tells them apart, and each keeps its own result."""
    uid = strips.mark(plate)
    pictures.set_handles(plate, 11, 41)
    piece = plate.split(frame=21, split_method="SOFT")
    first = strips.find(uid, "Scene", plate.name)
    second = strips.find(uid, "Scene", piece.name)
    assert first is not None
    assert second is not None
    placing.place(*first, swap)
    placing.place(*second, swap)
    placing.place(*first, swap)
    return {"found": [first[1].name == plate.name, second[1].name == piece.name]}


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    case.__name__: case
    for case in (plain, frames, covered_partly, occupied, nested, locked, animated, saved, duplicates)
}


def main(folder: Path, name: str) -> None:
    scene = pictures.edit()
    plate = pictures.movie(scene, start=11)
    swap = pictures.swap_of(folder / "project" / "swap", NUMBERS, pictures.numbered)
    answer = CASES[name](scene, plate, swap, folder)
    print(json.dumps({"layout": layout(bpy.data.scenes["Scene"]), **answer}))


main(Path(sys.argv[1]), sys.argv[2])
