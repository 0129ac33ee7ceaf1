"""Renders plates of a moved, trimmed, reversed, held strip and compares them with the movie's plain frames."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

from blender_deepfake import compat, placing, plate_copy, strips
from blender_deepfake.core import frame_mapping, plates, rendering


def render(scene: Any, strip: Any, folder: Path) -> list[Path]:
    plate, task = plate_copy.prepare(scene, strip, folder)
    rendering.run(task, lambda done, total: None, lambda: False)
    assert not task.copy.exists()
    return sorted(plate.glob("*.png"))


def digest(path: Path) -> str:
    return hashlib.sha256(pictures.read(path).tobytes()).hexdigest()


def case(name: str, folder: Path) -> dict[str, Any]:
    """Compare the frames that Blender shows with the numbers that the mapping gives."""
    scene = pictures.edit()
    strip = pictures.movie(scene, start=11)
    if "trim" in name:
        pictures.set_trim(strip, 7, 5)
    first = compat.timing(strip).content_start
    if "reverse" in name:
        strip.use_reverse_frames = True
    left = first + 3
    if "held" in name:
        left = first - 3
    pictures.set_handles(strip, left, left + 7)
    strip.transform.offset_x, strip.transform.scale_y, strip.crop.min_x = 20, 0.5, 30
    if "meta" in name:
        with compat.as_sequencer_scene(scene):
            strip.select = True
            bpy.ops.sequencer.meta_make()
        strip = scene.sequence_editor.strips_all["plate"]
    description = strips.describe(scene, strip)
    numbers = frame_mapping.movie_numbers(description.timing)
    shown = [digest(path) for path in render(scene, strip, folder / name)]
    return {
        "numbers": numbers,
        "shown": shown,
        "different": len(set(shown)),
        "reasons": plates.reasons_to_render(description),
    }


def main(folder: Path, name: str) -> None:
    answer = case(name, folder)
    scene = pictures.edit(bpy.data.scenes.new("plain"))
    strip = pictures.movie(scene)
    wanted = sorted(set(answer["numbers"]))
    pictures.set_handles(strip, wanted[0], wanted[-1] + 1)
    files = render(scene, strip, folder / "plain")
    by_number = {wanted[0] + index: digest(path) for index, path in enumerate(files)}
    answer["expected"] = [by_number[number] for number in answer["numbers"]]
    swap = folder / "swap"
    swap.mkdir()
    for number, file in zip(by_number, files, strict=True):
        file.rename(swap / f"{number:06d}.png")
    pictures.write_manifest(swap, str(pictures.PLATE), list(by_number))
    source = pictures.edit(bpy.data.scenes["Scene"])
    strip = source.sequence_editor.strips_all["plate"]
    result = placing.place(source, strip, swap)
    frames = compat.timing(strip).frames
    over = [pictures.rendered(source, frame, folder) for frame in frames]
    result.mute = True
    alone = [pictures.rendered(source, frame, folder) for frame in frames]
    answer["over"] = max(map(pictures.difference, over, alone))
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2])
