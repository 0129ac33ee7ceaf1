"""Lays a swap over strips that are faded, keyed, blended and used by effects, over something else.

What shows must be what shows where the strip holds the swapped pictures itself. Arguments: folder.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pictures

from blender_deepfake import compat, placing, strips

START, COUNT = 11, 6
SIDE = pictures.SIDE
NUMBERS = list(range(1, COUNT + 1))
FACE = (slice(100, 220), slice(140, 260))


def noise(seed: int) -> np.ndarray:
    image = np.full((SIDE, SIDE, 4), 255, np.uint8)
    image[..., :3] = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3))
    return image


def face(number: int) -> np.ndarray:
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    image[FACE] = noise(100 + number)[FACE]
    return image


def swapped(number: int) -> np.ndarray:
    image = noise(number)
    image[FACE] = face(number)[FACE]
    return image


def faded(scene: Any, strip: Any) -> None:
    strip.blend_alpha = 0.4


def keyed(scene: Any, strip: Any) -> None:
    for frame, value in ((START, 0.0), (START + 4, 1.0)):
        strip.blend_alpha = value
        strip.keyframe_insert("blend_alpha", frame=frame)


def fade_operator(scene: Any, strip: Any) -> None:
    """As the menu Fades makes it."""
    for other in scene.sequence_editor.strips_all:
        other.select = other == strip
    scene.sequence_editor.active_strip = strip
    with compat.as_sequencer_scene(scene):
        bpy.ops.sequencer.fades_add(duration_seconds=0.12, type="IN_OUT")


def driven(scene: Any, strip: Any) -> None:
    strip.driver_add("blend_alpha").driver.expression = "frame / 20"


def added(scene: Any, strip: Any) -> None:
    strip.blend_type, strip.blend_alpha = "ADD", 0.7


def screened_small(scene: Any, strip: Any) -> None:
    strip.blend_type = "SCREEN"
    strip.transform.scale_x = strip.transform.scale_y = 0.5
    strip.transform.offset_x = 31


def replaced(scene: Any, strip: Any) -> None:
    """Replacing, opacity darkens what is shown."""
    strip.blend_type, strip.blend_alpha = "REPLACE", 0.5


def muted(scene: Any, strip: Any) -> None:
    strip.mute = True


def muted_by_keys(scene: Any, strip: Any) -> None:
    for frame, value in ((START, False), (START + 3, True)):
        strip.mute = value
        strip.keyframe_insert("mute", frame=frame)


def blurred(scene: Any, strip: Any) -> None:
    """An effect takes its picture from the strip."""
    names = scene.sequence_editor.strips.bl_rna.functions["new_effect"].parameters.keys()
    end = {"frame_end": START + COUNT} if "frame_end" in names else {"length": COUNT}
    effect = scene.sequence_editor.strips.new_effect(
        name="blur", type="GAUSSIAN_BLUR", channel=3, frame_start=START, input1=strip, **end
    )
    effect.size_x = effect.size_y = 9.0


def driven_place(scene: Any, strip: Any) -> None:
    strip.transform.driver_add("offset_x").driver.expression = "frame * 3"


CASES: dict[str, Callable[[Any, Any], None]] = {
    case.__name__: case
    for case in (
        faded,
        keyed,
        fade_operator,
        driven,
        added,
        screened_small,
        replaced,
        muted,
        muted_by_keys,
        blurred,
        driven_place,
    )
}


def edit(folder: Path, shot: Path, case: str) -> tuple[Any, Any]:
    """A new scene: something below, and the strip as the case asks."""
    scene = pictures.edit(bpy.data.scenes.new(case))
    window: Any = bpy.context.window
    window.scene = scene
    home = scene.sequence_editor.strips
    home.new_image("below", str(folder / "below.png"), channel=1, frame_start=START)
    pictures.set_handles(home["below"], START, START + COUNT)
    strip = home.new_image("plate", str(shot / "000001.png"), channel=2, frame_start=START)
    for number in NUMBERS[1:]:
        strip.elements.append(f"{number:06d}.png")
    CASES[case](scene, strip)
    return scene, strip


def shown(scene: Any, folder: Path) -> list[np.ndarray]:
    return [pictures.rendered(scene, frame, folder) for frame in (START, START + 2, START + COUNT - 1)]


def main(folder: Path) -> None:
    pictures.write_rgba(folder / "below.png", noise(999))
    plate = pictures.swap_of(folder / "plate", NUMBERS, noise)
    whole = pictures.swap_of(folder / "swapped", NUMBERS, swapped)
    swap = pictures.swap_of(folder / "swap", NUMBERS, face, str(plate))
    answer = {}
    for case in CASES:
        wanted = shown(edit(folder, whole, case)[0], folder)
        scene, strip = edit(folder, plate, case)
        alone = shown(scene, folder)
        placing.place(scene, strip, swap)
        once = shown(scene, folder)
        layout = sorted(strip.name for strip in scene.sequence_editor.strips_all)
        source = scene.sequence_editor.strips_all["plate"]
        result = placing.place(scene, source, swap)
        twice = shown(scene, folder)
        answer[case] = {
            "off": max(map(pictures.difference, wanted, once)),
            "off_again": max(map(pictures.difference, wanted, twice)),
            "changed": max(map(pictures.difference, alone, once)),
            "layout": layout,
            "layout_again": sorted(strip.name for strip in scene.sequence_editor.strips_all),
            "belongs": strips.source_of(result) == source,
        }
    print(json.dumps(answer))


main(Path(sys.argv[1]))
