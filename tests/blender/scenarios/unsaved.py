"""What a command that saves nothing finds again in the same edit. Argument: folder."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import strips, swap_versions
from blender_deepfake.command_context import consent_of

folder = Path(sys.argv[1])
blender_deepfake.register()
scene = pictures.edit()
pictures.movie(scene)
pictures.movie(scene, "other", channel=2)
settings: Any = scene.deepfake
settings.project, settings.shot, settings.consent = "film", "sh010", "//records"
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


answer: dict[str, Any] = {"first": targets(), "again": targets(), "edit says": asked()}
answer["typed"] = asked(consent=str(folder / "mine"), project="other film", shot="sh020")
scene = opened()
plate = scene.sequence_editor.strips_all["plate"]
uid = strips.mark(plate)
plate.name = "renamed"
answer["same name"] = strips.mark(pictures.movie(scene, "plate", channel=5)) == uid
answer["kept"] = strips.mark(plate) == uid
blender_deepfake.unregister()
print(json.dumps(answer))
