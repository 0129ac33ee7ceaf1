"""A swap with the plate's colours turned round, over strips that are hard to place on; and what is rendered then.

Arguments: folder, kind of strip. What shows must be the negative of what the strip alone shows, at each frame.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pictures
from sequencer import operate, select

import blender_deepfake
from blender_deepfake import compat, job_specs, placing, plate_copy, strips
from blender_deepfake.core import rendering

START, COUNT = 11, 8


def short_movie(scene: Any) -> Any:
    strip = pictures.movie(scene, start=START)
    pictures.set_handles(strip, START, START + COUNT)
    return strip


def in_meta(scene: Any, strip: Any) -> Any:
    """Put `strip` into a meta strip beside it; returns that."""
    home, edit = strips.siblings(strip), scene.sequence_editor
    before = set(home.keys())
    edit.display_stack(strip.parent_meta())
    select(scene, strip.name)
    with compat.as_sequencer_scene(scene):
        bpy.ops.sequencer.meta_make()
    edit.display_stack(None)
    return next(one for one in home if one.name not in before)


def proxy(scene: Any, folder: Path) -> Any:
    """A quarter of the size, in a folder of its own, and Blender is told to use it."""
    strip = short_movie(scene)
    strip.use_proxy = True
    strip.proxy.use_proxy_custom_directory = True
    strip.proxy.directory = str(folder / "proxies")
    strip.proxy.build_25 = True
    scene.sequence_editor.proxy_storage = "PER_STRIP"
    select(scene, strip.name)
    operate(scene, bpy.ops.sequencer.rebuild_proxy)
    for area in bpy.context.window.screen.areas:
        if area.type == "SEQUENCE_EDITOR":
            area.spaces.active.use_proxies = True
            area.spaces.active.proxy_render_size = "PROXY_25"
    assert any((folder / "proxies").rglob("*")), "no proxy was built"
    return strip


def meta_in_meta(scene: Any, folder: Path) -> Any:
    strip = short_movie(scene)
    outer = in_meta(scene, in_meta(scene, strip))
    outer.transform.offset_y = 20
    return strip


def inner_meta(scene: Any, folder: Path) -> Any:
    inner = in_meta(scene, short_movie(scene))
    in_meta(scene, inner).use_flip_x = True
    return inner


def retimed(scene: Any, folder: Path) -> Any:
    """Half as fast from the middle on; an operator makes the keys, as `add` crashes some versions."""
    strip = pictures.movie(scene, start=START)
    select(scene, strip.name)
    scene.frame_set(START + 4)
    operate(scene, lambda: bpy.ops.sequencer.retiming_key_add(timeline_frame=START + 4))
    assert len(strip.retiming_keys) > 2
    strip.retiming_keys[1].timeline_frame = START + 2
    pictures.set_handles(strip, START, START + COUNT)
    return strip


def camera(scene: Any, folder: Path) -> Any:
    """A scene seen by its camera, not by its own edit."""
    other = bpy.data.scenes.new("stage")
    other.render.engine, other.cycles.samples, other.cycles.use_denoising = "CYCLES", 1, False
    eye = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
    eye.location = (0, 0, 5)
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "SUN"))
    mesh = bpy.data.meshes.new("sheet")
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (0, 1, 0)], [], [(0, 1, 2)])
    sheet = bpy.data.objects.new("sheet", mesh)
    for item in (eye, lamp, sheet):
        other.collection.objects.link(item)
    other.camera = eye
    other.render.dither_intensity = scene.render.dither_intensity = 0.0
    for frame in (1, 100):
        sheet.location.x = frame / 20
        sheet.keyframe_insert("location", frame=frame)
    other.frame_end = 100
    pictures.edit(other)
    strip = scene.sequence_editor.strips.new_scene("stage", other, channel=1, frame_start=START)
    strip.scene_input = "CAMERA"
    pictures.set_handles(strip, START, START + 3)
    return strip


def half_frames(scene: Any, folder: Path) -> Any:
    """The content starts between two frames, as after a slip with Shift held."""
    return slipped(scene, START - 4.4)


def more_than_half(scene: Any, folder: Path) -> Any:
    return slipped(scene, START - 4.6)


def slipped(scene: Any, start: float) -> Any:
    strip = short_movie(scene)
    setattr(strip, "content_start" if hasattr(strip, "content_start") else "frame_start", start)
    pictures.set_handles(strip, START, START + COUNT)
    return strip


def offset(scene: Any, folder: Path) -> Any:
    strip = pictures.movie(scene, start=START)
    names = ("left_handle_offset", "right_handle_offset")
    if not hasattr(strip, "left_handle_offset"):
        names = ("frame_offset_start", "frame_offset_end")
    for name, value in zip(names, (5.5, 108.5), strict=True):
        setattr(strip, name, value)
    return strip


KINDS = {
    kind.__name__: kind
    for kind in (proxy, meta_in_meta, inner_meta, retimed, camera, half_frames, more_than_half, offset)
}


def plate_of(scene: Any, strip: Any, folder: Path) -> tuple[str, list[int], list[Path]]:
    """The source of the plate that a job gets, its frames' numbers, and these as pictures."""
    spec = job_specs.extract(scene, strip, "a", folder / "faces")
    plate = spec.request["sources"][0]
    first, _, last = plate["frames"].partition("-")
    numbers = list(range(int(first), int(last or first) + 1))
    render = spec.render
    if render is None:  # the backend decodes it: the plain movie in a plain scene shows the same, bit for bit
        plain = pictures.edit(bpy.data.scenes.new("plain"))
        bare = pictures.movie(plain)
        pictures.set_handles(bare, numbers[0], numbers[-1] + 1)
        pictures_folder, render = plate_copy.prepare(plain, bare, folder / "plain")
    else:
        pictures_folder = Path(plate["source"])
    rendering.run(render, lambda done, total: None, lambda: False)
    return plate["source"], numbers, sorted(pictures_folder.glob("0*.*"))


def negative(picture: np.ndarray) -> np.ndarray:
    image = 255 - picture
    return np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])


def main(folder: Path, kind: str) -> None:
    blender_deepfake.register()
    scene = pictures.edit()
    strip = KINDS[kind](scene, folder)
    name = strip.name
    source, numbers, files = plate_of(scene, strip, folder)
    strip = scene.sequence_editor.strips_all[name]
    frames = compat.timing(strip).frames
    window: Any = bpy.context.window
    window.scene = scene
    alone = [pictures.rendered(scene, frame, folder) for frame in frames]
    light = files[0].suffix == ".exr"  # what a camera sees: its tones in 8 bit are those of the render
    shown = dict(zip(numbers, alone if light else map(pictures.read, files), strict=True))
    swap = pictures.swap_of(folder / "swap", numbers, lambda number: negative(shown[number]), source)
    result = placing.place(scene, strip, swap)
    over = [pictures.rendered(scene, frame, folder) for frame in frames]
    rows = slice(0, pictures.SIDE - 20)  # what lies outside of a moved picture is black, before and after
    off = [pictures.difference(255 - a[rows], b[rows]) for a, b in zip(alone, over, strict=True)]
    answer = {
        "rendered": not source.endswith(".mp4"),
        "length": len(frames),
        "result": len(compat.timing(result).frames),
        "off": off,
        "changes": [pictures.difference(a, b) for a, b in pairwise(alone)],
    }
    blender_deepfake.unregister()
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2])
