"""Compares a placed swap with its plate in every way, for full and cropped files. Arguments: folder."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pictures

import blender_deepfake
from blender_deepfake import compare, compare_state, compat, placing, strips

SIDE, START = pictures.SIDE, 11
NUMBERS = [1, 2, 3, 4]
MODES = (compare.PLATE, compare.WIPE, compare.DIFFERENCE)


def window(number: int) -> list[int]:
    return [100 + 10 * number, 80, 160, 140]


def swap_picture(number: int) -> np.ndarray:
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    x, y, width, height = window(number)
    image[y : y + height, x : x + width] = (0, 200, 30 * number, 255)
    return image


def plate_picture(number: int) -> np.ndarray:
    image = np.full((SIDE, SIDE, 4), 255, np.uint8)
    image[..., :3] = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3))
    return image


def cropped(folder: Path, plate: Path) -> Path:
    folder.mkdir()
    for number in NUMBERS:
        x, y, width, height = window(number)
        part = np.ascontiguousarray(swap_picture(number)[y : y + height, x : x + width])
        pictures.write_rgba(folder / f"{number:06d}.png", part)
    windows = {number: window(number) for number in NUMBERS}
    pictures.write_manifest(folder, str(plate), NUMBERS, windows=windows, output="png8", alpha="straight")
    return folder


def choose(scene: Any, mode: str) -> None:
    with compat.as_sequencer_scene(scene):
        assert bpy.ops.deepfake.compare_swap(mode=mode) == {"FINISHED"}


def seen(scene: Any, frame: int, folder: Path) -> np.ndarray:
    """What the preview shows: a render without the handler that ends comparisons first."""
    handlers: Any = bpy.app.handlers.render_init
    kept = [handler for handler in handlers if handler.__module__ == compare_state.__name__]
    for handler in kept:
        handlers.remove(handler)
    try:
        return pictures.rendered(scene, frame, folder)
    finally:
        for handler in kept:
            handlers.append(handler)


def wiped(number: int, position: float, flipped: bool) -> np.ndarray:
    """The plate left of the line and the swap right of it, as they are seen."""
    plate, swap = plate_picture(number), swap_picture(number)
    both = np.where(swap[..., 3:] > 0, swap, plate)[..., :3]
    plate = plate[..., :3]
    if flipped:
        both, plate = both[:, ::-1], plate[:, ::-1]
    line = round(SIDE * position)
    return np.concatenate([plate[:, :line], both[:, line:]], axis=1)


def looks(result: Any) -> list[Any]:
    crop = [result.crop.min_x, result.crop.max_x, result.crop.min_y, result.crop.max_y]
    return [result.mute, result.blend_type, *crop]


def case(scene: Any, plate: Any, swap: Path, folder: Path) -> dict[str, Any]:
    result = placing.place(scene, plate, swap)
    scene.frame_set(START)
    before, normal = looks(result), [pictures.rendered(scene, START + n - 1, folder) for n in NUMBERS]
    answer: dict[str, Any] = {"wipe": [], "left": [], "rendered": []}
    choose(scene, compare.PLATE)
    answer["plate"] = pictures.difference(seen(scene, START + 1, folder), plate_picture(2)[..., :3])
    choose(scene, compare.DIFFERENCE)
    wanted = plate_picture(3)[..., :3].astype(int)
    inside = swap_picture(3)[..., 3] > 0
    wanted[inside] = np.abs(wanted - swap_picture(3)[..., :3].astype(int))[inside]
    answer["difference"] = pictures.difference(seen(scene, START + 2, folder), wanted)
    choose(scene, compare.WIPE)
    manager: Any = bpy.context.window_manager
    for flipped in (False, True):
        plate.use_flip_x = result.use_flip_x = flipped
        for position, number in ((0.5, 1), (0.5, 3), (0.62, 4), (0.0, 2), (1.0, 2)):
            scene.frame_set(START + number - 1)
            manager.deepfake_compare.position = position
            shown = seen(scene, START + number - 1, folder)
            answer["wipe"].append(pictures.difference(shown, wiped(number, position, flipped)))
    plate.use_flip_x = result.use_flip_x = False
    manager.deepfake_compare.position = 0.5
    for mode in MODES:
        choose(scene, mode)
        answer["left"].append(compare.mode(result) == mode)
        choose(scene, compare.OFF)
        answer["left"].append(looks(result)[:2] == before[:2] and compare.mode(result) == compare.OFF)
        choose(scene, mode)
        shown = [pictures.rendered(scene, START + n - 1, folder) for n in NUMBERS]
        answer["rendered"].append(max(map(pictures.difference, shown, normal)))
    return answer


def saved(scene: Any, plate: Any, folder: Path) -> dict[str, Any]:
    """The file holds no comparison, the session goes on with it; one that a crash left is ended at opening."""
    result = strips.results_over(plate)[0]
    file, answer = folder / "edit.blend", {}
    for mode in MODES:
        choose(scene, mode)
        bpy.ops.wm.save_as_mainfile(filepath=str(file))
        answer[mode] = [compare.mode(result)]
        shutil.copy(file, folder / "copy.blend")
        load: Any = bpy.data.libraries.load
        with load(str(folder / "copy.blend")) as (_, here):
            here.scenes = ["Scene"]
        copy = next(other for other in bpy.data.scenes if other != scene)
        strip = next(s for s in copy.sequence_editor.strips_all if s.get(strips.SOURCE))
        answer[mode] += [compare.mode(strip), *looks(strip)[:2]]
        bpy.data.scenes.remove(copy)
    handlers: Any = bpy.app.handlers.save_pre
    kept = list(handlers)
    handlers.clear()
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    handlers.extend(kept)
    bpy.ops.wm.open_mainfile(filepath=str(file))
    placed = strips.placed()
    return {**answer, "opened": [compare.mode(placed[0][1]), *looks(placed[0][1])[:2]]}


def main(folder: Path) -> None:
    blender_deepfake.register()
    scene = pictures.edit()
    shot = pictures.swap_of(folder / "plate", NUMBERS, plate_picture)
    plate = scene.sequence_editor.strips.new_image("plate", str(shot / "000001.png"), channel=1, frame_start=START)
    for number in NUMBERS[1:]:
        plate.elements.append(f"{number:06d}.png")
    full = pictures.swap_of(folder / "full", NUMBERS, swap_picture, str(shot))
    answer = {
        "full": case(scene, plate, full, folder),
        "cropped": case(scene, plate, cropped(folder / "cropped", shot), folder),
        "saved": saved(scene, plate, folder),
    }
    blender_deepfake.unregister()  # as Blender does when it ends
    print(json.dumps(answer))


main(Path(sys.argv[1]))
