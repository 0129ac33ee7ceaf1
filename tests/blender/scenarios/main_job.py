"""The main job with the installed extension and the real backend. Arguments: folder, zip.

Extracts both people from trimmed strips, trains three iterations, swaps, places, renders, and asks for a refusal.
"""

import importlib
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import bpy
import pictures

MODULE = "bl_ext.user_default.deepfake_sequencer"
FRAMES = 8
PROJECT = "test film"


def run(main: Any, *arguments: str) -> dict[str, Any]:
    """One command with --json; its last line, which holds its exit code."""
    text = io.StringIO()
    with redirect_stdout(text):
        code = main([*arguments, "--json"])
    print(text.getvalue(), file=sys.stderr)
    answer: dict[str, Any] = json.loads(text.getvalue().strip().splitlines()[-1])
    assert answer["exit_code"] == code
    return answer


def previews(scene: Any, folder: Path, model: Path) -> list[Any]:
    """Ask for the frame under the playhead; what came of it, and the size of the picture that is shown."""
    addons: Any = bpy.context.preferences.addons
    addons[MODULE].preferences.workspace = str(folder / "work space")
    settings = scene.deepfake
    settings.identity, settings.model, settings.consent = "actor_b", str(model), str(folder / "consent")
    settings.project = PROJECT
    scene.sequence_editor.active_strip = scene.sequence_editor.strips_all["plate"]
    scene.frame_set(13)
    done = list(bpy.ops.deepfake.preview_swap())
    image = bpy.data.images["Swap Preview"]
    return [done, Path(image.filepath).is_relative_to(folder / "deepfake" / "previews"), list(image.size)]


def on_a_farm(command: Any, folder: Path, swap: tuple[str, ...], answers: dict[str, Any]) -> dict[str, Any]:
    """The same swap as a job, run by the backend alone, then placed."""
    plate = bpy.context.scene.sequence_editor.strips_all["plate"]
    plate.color_saturation = 1.0
    job, out = folder / "job", folder / "farm swap"
    answers["export"] = run(command, "export-job", *swap[1:], "--job", str(job), "--chunk", "4")
    farm = [os.environ["DEEPFAKE_BACKEND"], "farm", "run", str(job), "--workers", "1"]
    subprocess.run(farm, check=True, stdout=sys.stderr)
    answers["place"] = run(command, "place", str(out), "--strip", "plate")
    result = bpy.context.scene.sequence_editor.strips_all[answers["place"]["strip"]]
    whole = sorted((folder / "swap").glob("*.png"))
    same = all((out / file.name).read_bytes() == file.read_bytes() for file in whole)
    placed = Path(bpy.path.abspath(result.directory)).name
    return {"placed": placed, "same": same, "pictures": len(whole)}


def filmed(command: Any, folder: Path, swap: tuple[str, ...], place: tuple[str, ...], answers: dict[str, Any]) -> Any:
    """A film that is rendered is signed by itself; then what else there is to be told of it and of the swap."""
    scene, film = bpy.context.scene, folder / "film é.mp4"
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec = "MPEG4", "H264"
    scene.frame_start, scene.frame_end = 11, 10 + FRAMES
    scene.render.filepath = str(film)
    bpy.ops.render.render(animation=True, scene=scene.name)
    signing = importlib.import_module(f"{MODULE}.render_handlers").signing()
    swapped = str(folder / "farm swap")
    people = scene.deepfake
    people.performer, people.identity, people.project, people.consent = "actor_a", "actor_b", PROJECT, swap[-3]
    answers["verify"] = run(command, "verify", str(film), swapped)
    answers["sign"] = run(command, "sign")
    answers["consent"] = run(command, "consent")
    answers["evaluate"] = run(command, "evaluate", swapped, "--frames", "11-13", *place)
    one = folder / "one.png"
    answers["preview"] = run(command, "preview", *swap[1:7], *swap[9:], "--frame", "13", "--out", str(one), *place)
    return {"signing": signing.text, "preview": one.is_file(), "report": answers["evaluate"].get("frames")}


def main(folder: Path, extension: str) -> None:
    bpy.ops.extensions.package_install_files(filepath=extension, repo="user_default", enable_on_install=False)
    bpy.ops.preferences.addon_enable(module=MODULE)
    command = importlib.import_module(f"{MODULE}.commands").main
    workspace = ("--workspace", str(folder / "work space"))
    consent = ("--consent", str(folder / "consent"), "--project", PROJECT)
    scene = pictures.edit()
    plate = pictures.movie(scene, "plate")
    take = scene.sequence_editor.strips.new_movie(
        "take", str(pictures.PLATE.with_name("identity_B_take1.mp4")), channel=3, frame_start=1
    )
    take.mute = True
    for strip in (plate, take):
        pictures.set_handles(strip, 11, 11 + FRAMES)
    for frame, opacity in ((11, 0.25), (14, 1.0)):
        plate.deepfake_opacity = opacity
        plate.keyframe_insert("deepfake_opacity", frame=frame)
    plate.deepfake_colour = "mean"
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
    faces, model, out = folder / "facesets", folder / "model", folder / "swap"
    facesets = [f"actor_a={faces / 'actor_a'}", f"actor_b={faces / 'actor_b'}"]
    train = ("train", "--model", str(model), "--faceset", facesets[0], "--faceset", facesets[1])
    tiny = ("--preset", "tiny", "--iterations", "3")
    swap = ("swap", "--strip", "plate", "--model", str(model), "--identity", "actor_b", "--out", str(out))
    stranger = ("--faceset", f"stranger={faces / 'actor_b'}")
    answers = {
        "extract_a": run(
            command,
            *("extract", "--strip", "plate", "--name", "actor_a", "--faceset", str(faces / "actor_a")),
            *workspace,
            *consent,
        ),
        "extract_b": run(
            command,
            *("extract", "--strip", "take", "--name", "actor_b", "--faceset", str(faces / "actor_b")),
            *("--frames", "13-90"),
            *workspace,
            *consent,
        ),
        "refused": run(command, *train[:5], *stranger, *tiny, *workspace),
        "train": run(command, *train, *tiny, *workspace, *consent),
        "swap": run(command, *swap, "--place", "--save", *workspace, *consent),
        "again": run(command, *swap, *workspace, *consent),
        "placed_again": run(command, "place", str(out), "--strip", "plate"),
        "some": run(command, *swap[:-1], str(folder / "some"), "--frames", "12-14", *workspace, *consent),
        "status": run(command, "status", *workspace),
    }
    scene = bpy.context.scene
    result = scene.sequence_editor.strips_all[answers["swap"]["strip"]]
    placed = {"files": [e.filename for e in result.elements], "channel": result.channel}
    result.mute = True
    alone = pictures.rendered(scene, 14, folder)
    result.mute = False
    over = pictures.rendered(scene, 14, folder)
    changed = (alone != over).any(axis=2)
    manifest = json.loads((out / "manifest.json").read_text())
    placed["controls"] = [manifest["settings"]["colour"], [frame for frame, _ in manifest["keys"]["opacity"]]]
    placed["previews"] = previews(scene, folder, model)
    scene.sequence_editor.strips_all["plate"].color_saturation = 0.9
    placed["previews"] += previews(scene, folder, model)
    graded = (*swap[:-1], str(folder / "graded"))
    answers["graded"] = run(command, *graded, "--place", *workspace, *consent)
    result = scene.sequence_editor.strips_all[answers["graded"]["strip"]]
    placed["graded"] = [e.filename for e in result.elements]
    again = (*swap[:-1], str(folder / "farm swap"), *consent)
    farm = on_a_farm(command, folder, again, answers)
    film = filmed(command, folder, again, workspace, answers)
    bpy.ops.preferences.addon_disable(module=MODULE)
    gone = not (folder / "work space" / "endpoint.json").exists()
    print(
        json.dumps(
            {**answers, "placed": placed, "farm": farm, "film": film, "changed": float(changed.mean()), "gone": gone}
        )
    )


main(Path(sys.argv[1]), sys.argv[2])
