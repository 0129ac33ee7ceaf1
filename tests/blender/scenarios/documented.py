"""Saves the edit that the documentation's commands are about as edit.blend. Argument: folder.

plate and take_1 show the performer, take_2 the identity; what is rendered is film.mp4 beside the edit.
"""

import json
import sys
from pathlib import Path

import bpy
import pictures

import blender_deepfake

FRAMES = 12


def main(folder: Path) -> None:
    blender_deepfake.register()
    scene = pictures.edit()
    shown = {"plate": "plate_A.mp4", "take_1": "plate_A.mp4", "take_2": "identity_B_take1.mp4"}
    for channel, (name, clip) in enumerate(shown.items()):
        source = str(pictures.PLATE.with_name(clip))
        strip = scene.sequence_editor.strips.new_movie(name, source, channel=1 + 3 * channel, frame_start=1)
        pictures.set_handles(strip, 1, 1 + FRAMES)
        strip.mute = name != "plate"
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec = "MPEG4", "H264"
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.render.filepath = "//film.mp4"
    scene.deepfake.project = "The Film"
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
    blender_deepfake.unregister()
    print(json.dumps({"strips": list(shown)}))


main(Path(sys.argv[1]))
