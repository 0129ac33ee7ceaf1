"""The Blender half of the demo: run by a Python that has bpy, in a process of its own.

    python scripts/demo_edit.py EXTENSION.zip OUT MINUTES

Makes an edit with the plate and the training clips, runs extract, train and swap through the installed extension and
its backend, lays the result over the plate, saves OUT/edit.blend and renders OUT/film.mp4.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

ROOT = Path(__file__).resolve().parents[1]
FOOTAGE = ROOT / "demo" / "footage"
CONSENT = ROOT / "demo" / "consent"
MODULE = "bl_ext.user_default.deepfake_sequencer"
PERFORMER, IDENTITY = "performer_A", "identity_B"
TRAINING_FRAMES = 90  # of the plate; the rest shows what training has not seen
PRESET = "quick96"


def install(extension: Path) -> Callable[[list[str]], int]:
    """Install and enable the extension; returns the function behind `blender --command deepfake`."""
    bpy.ops.wm.read_homefile(app_template="Video_Editing", use_factory_startup=True)
    bpy.ops.extensions.package_install_files(filepath=str(extension), repo="user_default", enable_on_install=False)
    bpy.ops.preferences.addon_enable(module=MODULE)
    main: Callable[[list[str]], int] = importlib.import_module(f"{MODULE}.commands").main
    return main


def new_edit(path: Path) -> None:
    """An edit with the plate in the scene Edit, and what to learn from in the scene Training."""
    edit = bpy.context.scene
    edit.name = "Edit"
    for scene in (edit, bpy.data.scenes.new("Training")):
        scene.render.resolution_x = scene.render.resolution_y = 384
        scene.render.resolution_percentage = 100
        scene.render.fps = 25
        scene.frame_start = 1
        scene.view_settings.view_transform = "Standard"
        scene.sequence_editor_create()
    plate = _movie(edit, "plate", "plate_A.mp4", 1, 1)
    edit.frame_end = plate.frame_final_duration
    training = bpy.data.scenes["Training"]
    known = _movie(training, "plate, first part", "plate_A.mp4", 1, 1)
    known.frame_final_end = 1 + TRAINING_FRAMES
    start = 1 + TRAINING_FRAMES
    for name in ("take1", "take2"):
        strip = _movie(training, name, f"identity_B_{name}.mp4", 1, start)
        start = strip.frame_final_end
    training.frame_end = start - 1
    known = edit.deepfake  # what the panels show when the edit is opened in a window
    known.performer, known.identity, known.project, known.consent = PERFORMER, IDENTITY, "demo", str(CONSENT)
    known.performer_faceset, known.identity_faceset = f"//facesets/{PERFORMER}", f"//facesets/{IDENTITY}"
    known.model = "//model"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def _movie(scene: Any, name: str, file: str, channel: int, start: int) -> Any:
    return scene.sequence_editor.strips.new_movie(
        name=name, filepath=str(FOOTAGE / file), channel=channel, frame_start=start
    )


def render(film: Path) -> None:
    """Render the edit as H.264, to a temporary name first."""
    scene = bpy.data.scenes["Edit"]
    part = film.with_name("film.part.mp4")
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format = "MPEG4"
    scene.render.ffmpeg.codec = "H264"
    scene.render.ffmpeg.constant_rate_factor = "HIGH"
    scene.render.filepath = str(part)
    with quiet():
        bpy.ops.render.render(animation=True, scene=scene.name)
    part.replace(film)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Blender's own lines for every frame off the terminal."""
    sys.stdout.flush()
    terminal, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    try:
        yield
    finally:
        os.dup2(terminal, 1)
        os.close(terminal)
        os.close(nothing)


def main(extension: Path, out: Path, minutes: str) -> int:
    command = install(extension)
    edit, film = out / "edit.blend", out / "film.mp4"
    if edit.exists():
        bpy.ops.wm.open_mainfile(filepath=str(edit))
    else:
        new_edit(edit)
    people, model = out / "facesets", out / "model"
    place = ["--workspace", str(out / "workspace")]
    consent = ["--consent", str(CONSENT), "--project", "demo"]
    facesets = [f"{name}={people / name}" for name in (PERFORMER, IDENTITY)]
    takes = [("plate, first part", PERFORMER), ("take1", IDENTITY), ("take2", IDENTITY)]
    steps = [
        ["extract", "--strip", strip, "--name", name, "--faceset", str(people / name), *consent, *place]
        for strip, name in takes
    ]
    train = ["train", "--model", str(model), "--preset", PRESET, "--minutes", minutes, *consent, *place]
    train += ["--set", "watch_threads=true"]  # whoever tries the demo does other things beside
    steps.append(train + [word for faceset in facesets for word in ("--faceset", faceset)])
    swap = ["swap", "--strip", "plate", "--model", str(model), "--identity", IDENTITY, "--out", str(out / "swap")]
    steps.append([*swap, "--place", "--save", *consent, *place])
    for step in steps:
        if code := command(step):
            return code
    print("Rendering the edit …", file=sys.stderr, flush=True)
    render(film)
    return 0


if __name__ == "__main__":
    code = main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    bpy.ops.preferences.addon_disable(module=MODULE)  # lets go of the backend
    sys.exit(code)
