"""Renders films and pictures that show a placed swap. Arguments: folder, the Python of the backend."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import commands, placing, render_handlers

folder = Path(sys.argv[1])
blender_deepfake.register()
scene = pictures.edit()
plate = pictures.movie(scene)
pictures.set_handles(plate, 1, 4)
scene.frame_start, scene.frame_end = 1, 3
swap = pictures.swap_of(folder / "swap", [1, 2, 3], pictures.numbered)
result = placing.place(scene, plate, swap)


def film(name: str, container: str = "MPEG4") -> None:
    settings: Any = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec = container, "H264"
    scene.render.filepath = str(folder / "renders" / name)
    (folder / "renders").mkdir(exist_ok=True)


def rendered() -> list[str]:
    """What the panel shows afterwards, and what a terminal saw."""
    render_handlers.signing().text = ""
    said = io.StringIO()
    with redirect_stderr(said):
        bpy.ops.render.render(animation=True, scene=scene.name)
    return [render_handlers.signing().text, said.getvalue()]


def command(*words: str) -> dict[str, Any]:
    said = io.StringIO()
    with redirect_stdout(said):
        commands.main([*words, "--json"])
    answer: dict[str, Any] = json.loads(said.getvalue().strip().splitlines()[-1])
    return answer


answer: dict[str, Any] = {}
film("unsigned.mp4")
answer["unsigned swap"] = rendered()[0]
subprocess.run([sys.argv[2], str(Path(__file__).parent.parent / "signed_swap.py"), str(swap)], check=True)
film("film.mp4")
answer["film"] = rendered()
answer["verified"] = command("verify", str(folder / "renders" / "film.mp4"))
records = ["--consent", str(folder / "consent"), "--swap", str(swap)]
answer["records named"] = command("verify", str(folder / "renders" / "film.mp4"), *records)
scene.deepfake.consent = str(folder / "consent")
answer["records of the edit"] = command("verify", str(folder / "renders" / "film.mp4"))
answer["not verified"] = command("verify", str(folder / "renders" / "unsigned.mp4"), str(swap))
film("other.mkv", "MKV")
answer["beside"] = [rendered()[0], sorted(path.name for path in (folder / "renders").glob("other*"))]
answer["signed again"] = command("sign", str(folder / "renders" / "unsigned.mp4"))
answer["no film"] = command("sign", str(folder / "renders" / "nothing.mp4"))
result.mute = True
film("plain.mp4")
answer["no swap shown"] = rendered()[0]
answer["named"] = command("sign", "--swap", str(swap))
result.mute = False
scene.frame_start, scene.frame_end = 10, 12
answer["other frames"] = rendered()[0]
scene.frame_start, scene.frame_end = 1, 3
pictures.edit(scene)
scene.render.filepath = str(folder / "pictures" / "a_")
answer["pictures"], answer["more pictures"] = rendered(), rendered()
answer["folder"] = command("sign", str(folder / "pictures"))
blender_deepfake.unregister()
answer["off"] = rendered()[0]
print(json.dumps(answer))
