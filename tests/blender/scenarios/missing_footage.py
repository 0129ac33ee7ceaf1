"""Asks for the plates of strips whose footage is offline, in whole or in part; prints what is said of each."""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures
from sequencer import select

from blender_deepfake import compat, job_specs
from blender_deepfake.core.errors import UsageError

folder = Path(sys.argv[1])
FEW = list(range(1, 5))


def said(scene: Any, strip: Any, frame: int | None = None) -> str:
    try:
        job_specs.plate_request(scene, strip, frame)
    except UsageError as error:
        return str(error)
    return ""


def sequence(scene: Any) -> Any:
    shot = pictures.swap_of(folder / "shot", FEW, pictures.numbered)
    strip = scene.sequence_editor.strips.new_image("shot", str(shot / "000001.png"), channel=1, frame_start=1)
    for number in FEW[1:]:
        strip.elements.append(f"{number:06d}.png")
    strip.color_saturation = 0.5
    return strip


def lost_movie(scene: Any, name: str, channel: int = 1) -> Any:
    """Frames 1 to 4 of a movie that went away."""
    strip = pictures.movie(scene, name, channel)
    pictures.set_handles(strip, 1, 5)
    strip.filepath = str(folder / "lost.mp4")
    return strip


def effect(scene: Any, kind: str, channel: int, **inputs: Any) -> Any:
    collection = scene.sequence_editor.strips
    names = collection.bl_rna.functions["new_effect"].parameters.keys()
    end = {"frame_end": 5} if "frame_end" in names else {"length": 4}
    return collection.new_effect(name=kind, type=kind, channel=channel, frame_start=1, **end, **inputs)


def fresh(name: str) -> Any:
    return pictures.edit(bpy.data.scenes.new(name))


def of_pictures() -> None:
    scene = fresh("pictures")
    strip = sequence(scene)
    lost = folder / "shot" / "000002.png"
    lost.unlink()
    answer["one picture"] = said(scene, strip)
    answer["one picture, another frame"] = said(scene, strip, 3)
    pictures.set_handles(strip, 3, 5)
    answer["one picture, trimmed away"] = said(scene, strip)
    pictures.set_handles(strip, 1, 5)
    (folder / "shot").rename(folder / "unplugged")
    answer["pictures"] = said(scene, strip)


def in_a_meta() -> None:
    scene = fresh("meta")
    inner = lost_movie(scene, "inner")
    beside = pictures.movie(scene, "beside", 2)
    pictures.set_handles(beside, 1, 5)
    select(scene, "inner", "beside")
    with compat.as_sequencer_scene(scene):
        bpy.ops.sequencer.meta_make()
    meta = scene.sequence_editor.strips["MetaStrip"]
    inner = scene.sequence_editor.strips_all["inner"]
    answer["movie in a meta strip"] = said(scene, meta)
    inner.mute = True
    answer["muted in a meta strip"] = said(scene, meta)
    inner.mute = False
    meta.channels[inner.channel].mute = True
    answer["in a muted channel"] = said(scene, meta)


def in_another_scene() -> None:
    scene, other = fresh("scene"), fresh("other")
    lost_movie(other, "beyond")
    other.frame_start, other.frame_end = 1, 20
    strip = scene.sequence_editor.strips.new_scene("within", other, channel=1, frame_start=11)
    strip.scene_input = "SEQUENCER"
    answer["movie in another scene"] = said(scene, strip)
    pictures.set_handles(strip, 15, 31)
    answer["another time of another scene"] = said(scene, strip)


def under_effects() -> None:
    scene = fresh("effects")
    under = lost_movie(scene, "under")
    blur = effect(scene, "GAUSSIAN_BLUR", 2, input1=under)
    under.mute = True
    answer["movie under an effect"] = said(scene, blur)
    under.mute = False
    scene = fresh("adjustments")
    under = lost_movie(scene, "under")
    layer = effect(scene, "ADJUSTMENT", 2)
    answer["movie under an adjustment"] = said(scene, layer)
    under.channel = 3
    answer["above an adjustment"] = said(scene, layer)


answer: dict[str, str] = {}
of_pictures()
in_a_meta()
in_another_scene()
under_effects()
print(json.dumps(answer))
