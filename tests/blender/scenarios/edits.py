"""What artists do to an edit with a placed swap, and what is left of it then. Arguments: folder, case."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pictures
from sequencer import layout, operate, pairs, reds, select

import blender_deepfake
from blender_deepfake import compat, pending_places, placing, project, relinking, strips, swap_settings, swap_versions

NUMBERS = list(range(1, 31))


def updated_in_place(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Trimmed, slipped and moved: the strip that lies over it is changed, with what was done to it, not doubled."""
    result = placing.place(scene, plate, swap)
    result.name, result.color_tag, result.blend_alpha = "my face", "COLOR_04", 0.5
    for left, right in ((15, 31), (12, 26)):
        pictures.set_handles(plate, left, right)
        placing.place(scene, plate, swap)
    start = "content_start" if hasattr(plate, "content_start") else "frame_start"
    setattr(plate, start, getattr(plate, start) + 100)
    result = placing.place(scene, plate, swap)
    kept = [result.name, result.color_tag, round(result.blend_alpha, 3)]
    result.blend_alpha = 1.0
    return {"kept": kept, "reds": reds(scene, range(112, 115), folder)}


def duplicated(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    placing.place(scene, plate, swap)
    select(scene, plate.name, "plate as identity")
    operate(scene, bpy.ops.sequencer.duplicate)
    for strip in scene.sequence_editor.strips_all:
        if strip.name.endswith(".001"):
            strip.channel += 4
    copy = scene.sequence_editor.strips_all["plate.001"]
    before = strips.uid_of(plate)
    strips.mark(copy)
    return {"pairs": pairs(scene), "apart": before == strips.uid_of(plate) != strips.uid_of(copy)}


def split(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    placing.place(scene, plate, swap)
    select(scene, plate.name, "plate as identity")
    scene.frame_set(21)
    operate(scene, lambda: bpy.ops.sequencer.split(frame=21, type="SOFT", side="BOTH", ignore_selection=True))
    shown = reds(scene, range(19, 24), folder)
    right = next(s for s in scene.sequence_editor.strips_all if s.type == "MOVIE" and compat.timing(s).left == 21)
    left = next(s for s in scene.sequence_editor.strips_all if s.type == "MOVIE" and compat.timing(s).left == 11)
    placing.place(scene, right, swap)
    placing.place(scene, left, swap)
    uids = [strips.uid_of(left), strips.uid_of(right)]
    names = [[left.name], [right.name]]
    counts = [len(strips.results_over(strip)) for strip in (left, right)]
    return {
        "shown": shown,
        "again": reds(scene, range(19, 24), folder),
        "apart": uids[0] != uids[1],
        "counts": counts,
        "named": len(names),
    }


def split_alone(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Only the plate is cut, under its swap: the swap goes on to lie over both pieces, and each can have its own."""
    placing.place(scene, plate, swap)
    select(scene, plate.name)
    operate(scene, lambda: bpy.ops.sequencer.split(frame=21, type="SOFT", side="BOTH", ignore_selection=False))
    shown = reds(scene, range(19, 24), folder)
    for left in (21, 11):
        placing.place(scene, next(s for s in _movies(scene) if compat.timing(s).left == left), swap)
    return {"shown": shown, "again": reds(scene, range(19, 24), folder), "pairs": pairs(scene)}


def cut_and_pasted(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Taken out and put in elsewhere: it is the same strip with the same swap, and is updated in place."""
    uid = strips.mark(plate)
    placing.place(scene, plate, swap)
    select(scene, plate.name, "plate as identity")
    operate(scene, bpy.ops.sequencer.copy)
    operate(scene, bpy.ops.sequencer.delete)
    gone = len(scene.sequence_editor.strips_all)
    scene.frame_set(61)
    operate(scene, bpy.ops.sequencer.paste)
    (plate,) = _movies(scene)
    shown = reds(scene, range(61, 64), folder)
    placing.place(scene, plate, swap)
    again = reds(scene, range(61, 64), folder)
    return {"gone": gone, "same": strips.uid_of(plate) == uid, "shown": shown, "again": again, "pairs": pairs(scene)}


def _movies(scene: Any) -> list[Any]:
    return [strip for strip in scene.sequence_editor.strips_all if strip.type == "MOVIE"]


def copied_between_scenes(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    placing.place(scene, plate, swap)
    select(scene, plate.name, "plate as identity")
    operate(scene, bpy.ops.sequencer.copy)
    other = pictures.edit(bpy.data.scenes.new("other"))
    other.frame_set(scene.frame_current)
    operate(other, lambda: bpy.ops.sequencer.paste(keep_offset=True))
    there = next(s for s in other.sequence_editor.strips_all if s.type == "MOVIE")
    strips.mark(there)
    found = strips.find(strips.uid_of(plate), scene.name, plate.name)
    return {
        "reds": reds(other, range(11, 14), folder),
        "counts": [len(strips.results_over(plate)), len(strips.results_over(there))],
        "apart": strips.uid_of(plate) != strips.uid_of(there),
        "found": found is not None and found[0] == scene,
    }


def undone(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Undo and redo of a placement; the strip is found by its uid each time."""
    uid = strips.mark(plate)
    operate(scene, lambda: bpy.ops.ed.undo_push(message="before"))
    placing.place(scene, plate, swap)
    operate(scene, lambda: bpy.ops.ed.undo_push(message="Place Face Swap"))
    counts = []
    for step in ("undo", "redo"):
        operate(bpy.data.scenes["Scene"], getattr(bpy.ops.ed, step))
        found = strips.find(uid, "Scene", "plate")
        assert found is not None
        counts.append(len(strips.results_over(found[1])))
    scene, plate = found
    placing.place(scene, plate, swap)
    return {"counts": counts, "after": len(strips.results_over(plate)), "reds": reds(scene, range(11, 14), folder)}


def saved_elsewhere(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Saved as into another folder: swap and the settings' paths stay right; a copy saved elsewhere changes nothing."""
    model = folder / "project" / "deepfake" / "models" / "m"
    for place in (model, folder / "a copy", folder / "elsewhere"):
        place.mkdir(parents=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "project" / "edit.blend"))
    placing.place(scene, plate, swap)
    scene.deepfake.model = "//deepfake/models/m"
    awaited = folder / "project" / "deepfake" / "swaps" / "awaited"
    pending_places.remember(plate, awaited)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "a copy" / "edit.blend"), copy=True)
    kept = [scene.deepfake.model, plate[pending_places.PENDING]]
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "elsewhere" / "edit.blend"))
    here = Path(bpy.path.abspath(scene.deepfake.model)).resolve()
    missing = len(relinking.missing())
    note = project.absolute(plate[pending_places.PENDING])
    bpy.ops.wm.open_mainfile(filepath=str(folder / "elsewhere" / "edit.blend"))
    scene = bpy.data.scenes["Scene"]
    note_again = project.absolute(scene.sequence_editor.strips_all["plate"][pending_places.PENDING])
    again = Path(bpy.path.abspath(scene.deepfake.model)).resolve()
    return {
        "kept": kept,
        "model": [here == model, again == model],
        "awaited": [note == awaited, note_again == awaited],
        "missing": [missing, len(relinking.missing())],
        "reds": reds(scene, range(11, 14), folder),
    }


def shared_action(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """Two scenes with an action of which each has its own slot, and strips of one name."""
    key(plate, "deepfake_opacity", (11, 0.25), (40, 1.0))
    key(plate, "transform.offset_x", (11, 0.0), (40, 8.0))
    other = pictures.edit(bpy.data.scenes.new("other"))
    twin = pictures.movie(other, plate.name, start=11)
    pictures.set_handles(twin, 11, 41)
    data, action = other.animation_data_create(), scene.animation_data.action
    data.action, data.action_slot = action, action.slots.new("SCENE", "other")
    key(twin, "deepfake_opacity", (11, 0.5), (40, 0.75))
    placing.place(other, twin, swap)
    slots = [scene.animation_data.action_slot, data.action_slot]
    assert slots[0] != slots[1]
    return {
        "opacity": [swap_settings.read(*pair, NUMBERS).keys["opacity"] for pair in ((scene, plate), (other, twin))],
        "curves": [len(action.layers[0].strips[0].channelbag(slot).fcurves) for slot in slots],
    }


def key(strip: Any, name: str, *pairs: tuple[int, float]) -> None:
    owner, _, last = name.rpartition(".")
    keyed = strip.path_resolve(owner) if owner else strip
    for frame, value in pairs:
        setattr(keyed, last, value)
        assert keyed.keyframe_insert(last, frame=frame)


def linked_and_appended(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    placing.place(scene, plate, swap)
    scene.name = "cut"
    file = folder / "project" / "edit.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    answer: dict[str, Any] = {}
    (folder / "linking").mkdir()
    for link in (True, False):
        bpy.ops.wm.read_homefile(use_empty=False)
        load: Any = bpy.data.libraries.load
        with load(str(file), link=link) as (there, here):
            here.scenes = list(there.scenes)
        scene = bpy.data.scenes["cut"]
        plate = next(s for s in scene.sequence_editor.strips_all if s.type == "MOVIE")
        refused = ""
        try:
            placing.place(scene, plate, swap)
        except blender_deepfake.core.errors.UsageError as error:
            refused = error.message
        bpy.ops.wm.save_as_mainfile(filepath=str(folder / "linking" / f"{link}.blend"))
        scene = bpy.data.scenes["cut"]
        answer["linked" if link else "appended"] = {
            "reds": reds(scene, range(11, 14), folder),
            "refused": refused,
            "pairs": pairs(scene),
        }
    return answer


def found_again(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """The swap's folder is renamed and moved: it is found by its fingerprint, not by another's name."""
    placing.place(scene, plate, swap)
    file = folder / "project" / "edit.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    decoy = pictures.swap_of(folder / "attic" / "a" / swap.name, NUMBERS[:20], pictures.numbered)
    shutil.move(swap, folder / "attic" / "b" / "renamed")
    bpy.ops.wm.open_mainfile(filepath=str(file))
    scene, before = bpy.data.scenes["Scene"], len(relinking.missing())
    done = [list(bpy.ops.deepfake.find_swaps(directory=str(folder / "attic")))]
    result = next(s for s in scene.sequence_editor.strips_all if s.get(strips.SOURCE))
    there = swap_versions.folder_of(result).name
    return {
        "before": before,
        "done": done,
        "there": there,
        "decoy": decoy.name != there,
        "missing": len(relinking.missing()),
        "reds": reds(scene, range(11, 14), folder),
    }


def moved_along(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    """The edit noted whole paths; it and its folder `deepfake` move together, and opening it finds all again."""
    home = folder / "project" / "deepfake"
    (home / "models" / "m").mkdir(parents=True)
    (home / "swaps").mkdir()
    swap = Path(shutil.move(swap, home / "swaps" / "plate_as_x"))
    placing.place(scene, plate, swap)
    scene.deepfake.model = str(home / "models" / "m")
    result = strips.results_over(plate)[0]
    file = folder / "project" / "edit.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file), relative_remap=False)
    result.directory = str(swap) + "/"
    bpy.ops.wm.save_mainfile(relative_remap=False)
    (folder / "project").rename(folder / "moved")
    bpy.ops.wm.open_mainfile(filepath=str(folder / "moved" / "edit.blend"))
    scene = bpy.data.scenes["Scene"]
    return {
        "missing": len(relinking.missing()),
        "model": scene.deepfake.model,
        "reds": reds(scene, range(11, 14), folder),
    }


CASES: dict[str, Callable[..., dict[str, Any]]] = {
    case.__name__: case
    for case in (
        updated_in_place,
        duplicated,
        split,
        split_alone,
        cut_and_pasted,
        copied_between_scenes,
        undone,
        saved_elsewhere,
        shared_action,
        linked_and_appended,
        found_again,
        moved_along,
    )
}


def main(folder: Path, name: str) -> None:
    blender_deepfake.register()
    scene = pictures.edit()
    plate = pictures.movie(scene, start=11)
    pictures.set_handles(plate, 11, 41)
    swap = pictures.swap_of(folder / "project" / "swap", NUMBERS, pictures.numbered)
    pictures.write_manifest(swap, str(pictures.PLATE), NUMBERS, output="png8", alpha="straight", fingerprint="f1")
    answer = CASES[name](scene, plate, swap, folder)
    edit = next(scene for scene in bpy.data.scenes if scene.sequence_editor and scene.sequence_editor.strips_all)
    blender_deepfake.unregister()  # as Blender does when it ends
    print(json.dumps({"layout": layout(edit), **answer}))


main(Path(sys.argv[1]), sys.argv[2])
