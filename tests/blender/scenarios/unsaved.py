"""What a command that saves nothing finds again in the same edit. Argument: folder."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import command_line, review_commands, strips, swap_versions
from blender_deepfake.command_context import consent_of

folder = Path(sys.argv[1])
blender_deepfake.register()
scene = pictures.edit()
pictures.movie(scene)
pictures.movie(scene, "other", channel=2)
settings: Any = scene.deepfake
settings.project, settings.shot, settings.consent = "film", "sh010", "//records"
settings.swap_names, settings.swap_settings, settings.use_mask_model = "{strip}.####", "gaps=true grain=0.2", True
mended = folder / "deepfake" / "facesets" / "performer" / "repairs.json"
mended.parent.mkdir(parents=True)
mended.write_text("[]")
edit = str(folder / "edit.blend")
bpy.ops.wm.save_as_mainfile(filepath=edit)


def opened() -> Any:
    bpy.ops.wm.open_mainfile(filepath=edit)
    return bpy.context.scene


def targets() -> list[str]:
    edits = opened().sequence_editor.strips_all
    return [swap_versions.target(edits[name], "anna").name for name in ("plate", "other")]


def asked(**typed: str) -> dict[str, str]:
    given = {"consent": None, "project": "", "shot": "", **typed}
    told = consent_of(argparse.Namespace(**given), bpy.context.scene)
    return {name: str(value) for name, value in told.items()}


def painted(*typed: str) -> dict[str, Any]:
    """What a swap is made with."""
    words = ["swap", "--strip", "plate", "--model", "//m", "--identity", "ben", *typed]
    told = review_commands.swapping(command_line.parser().parse_args(words), bpy.context.scene)
    paths = [told.model, told.mask_model, told.repairs]
    return {
        "identity": told.identity,
        "settings": told.settings_of(bpy.context.scene.sequence_editor.strips_all["plate"]),
        "paths": [str(path.relative_to(folder.resolve())) for path in paths if path],
    }


answer: dict[str, Any] = {"first": targets(), "again": targets(), "edit says": asked()}
answer["typed"] = asked(consent=str(folder / "mine"), project="other film", shot="sh020")
answer["painted"] = [
    painted(),
    painted("--set", "grain=0.5", "--set", "names=a.####", "--mask-model", "//masks", "--repairs", "//mine.json"),
]
scene = opened()
plate = scene.sequence_editor.strips_all["plate"]
uid = strips.mark(plate)
plate.name = "renamed"
answer["same name"] = strips.mark(pictures.movie(scene, "plate", channel=5)) == uid
answer["kept"] = strips.mark(plate) == uid
blender_deepfake.unregister()
print(json.dumps(answer))
