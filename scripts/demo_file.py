"""Make demo/demo.blend: the demo footage in an edit that is ready for its first swap, with what to press beside it.

    python scripts/demo_file.py

Run by a Python that has bpy 4.5, so that all supported Blenders open the file.
"""

import os
import sys
from pathlib import Path
from typing import Any

import bpy

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "demo" / "demo.blend"
_FRAMES, _GAP = 120, 10
_STEPS = """\
Demo: the face of identity_B on performer_A.
Both are made by computer. What they are used for is in demo/consent.

Choose the tab Deepfake at the right edge of the timeline below (N shows and hides it). Home shows all strips. \
Then, from the top:

1  Backend: press Start.

2  People: click the strip "plate" and press Extract of the performer. If Jobs asks whether \
the folders of the footage and of the records may be used, press Allow of both.

3  Click "take 1", Shift-click "take 2", press Extract of the identity.

4  Train: press Train. Ten minutes are enough to see whether it works. Pictures and Curve show how \
far it is.

5  Click "plate" again. Swap: Preview Frame shows the frame under the playhead, Swap Face makes all of \
them. The result is laid over the plate when it is done.

6  Compare: Wipe, and drag Line. Settings: change what you like, then Update.

7  Render, Render Animation: the film is signed.
"""


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import blender_deepfake

    blender_deepfake.register()
    bpy.ops.wm.read_homefile(app_template="Video_Editing", use_factory_startup=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(FILE))  # paths relative to it can be given from here on
    _edit(bpy.context.scene)
    _window(bpy.data.screens["Video Editing"])
    bpy.ops.wm.save_as_mainfile(filepath=str(FILE), compress=True)
    FILE.with_suffix(".blend1").unlink(missing_ok=True)
    print(FILE, FILE.stat().st_size, "bytes", flush=True)


def _edit(scene: Any) -> None:
    scene.name = "Edit"
    scene.render.resolution_x = scene.render.resolution_y = 384
    scene.render.fps = 25
    scene.frame_start, scene.frame_end = 1, _FRAMES
    scene.frame_set(20)
    scene.view_settings.view_transform = "Standard"
    scene.render.filepath = "//deepfake/film.mp4"
    scene.render.image_settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec = "MPEG4", "H264"
    edit = scene.sequence_editor or scene.sequence_editor_create()
    start = 1
    for name, file in (("plate", "plate_A"), ("take 1", "identity_B_take1"), ("take 2", "identity_B_take2")):
        path = f"//footage/{file}.mp4"
        strip = edit.strips.new_movie(name=name, filepath=path, channel=1, frame_start=start)
        strip.select = name == "plate"
        start += _FRAMES + _GAP
    edit.active_strip = edit.strips["plate"]
    settings = scene.deepfake
    settings.performer, settings.identity = "performer_A", "identity_B"
    settings.project, settings.consent = "demo", "//consent"
    settings.minutes = 10.0


def _window(screen: Any) -> None:
    """The steps where Blender has its file browser, and the sidebar open."""
    text = bpy.data.texts.new("What to press")
    text.write(_STEPS)
    text.cursor_set(0)
    for area in screen.areas:
        if area.type == "FILE_BROWSER":
            area.spaces.active.params.directory = b"//"  # else the home folder of whoever makes the file is kept
            area.type = "TEXT_EDITOR"
            space = area.spaces.active
            space.text, space.show_word_wrap = text, True
            space.show_line_numbers = space.show_syntax_highlight = False
        elif area.type == "SEQUENCE_EDITOR" and area.spaces.active.view_type == "SEQUENCER":
            area.spaces.active.show_region_ui = True


if __name__ == "__main__":
    main()
    os._exit(0)  # 4.5 as a module may hang at its end
