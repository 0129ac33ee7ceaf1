"""Menus, presets and dropped swaps. Arguments: folder."""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import strips, swap_settings
from blender_deepfake.core import swap_presets

folder = Path(sys.argv[1])
blender_deepfake.register()
operators: Any = bpy.ops.deepfake
scene = pictures.edit()
plate = pictures.movie(scene)
scene.sequence_editor.active_strip = plate
answer: dict[str, Any] = {}


def use(path: str) -> dict[str, str]:
    bpy.ops.script.execute_preset(filepath=path, menu_idname="DEEPFAKE_MT_swap_presets")
    return swap_settings.chosen(plate)


def presets() -> dict[str, str]:
    """The path of each by its name, as the menu finds them."""
    folders = bpy.utils.preset_paths("deepfake_swap")
    return {file.stem: str(file) for found in folders for file in sorted(Path(found).glob("*.py"))}


def shipped() -> dict[str, Any]:
    """Each one sets what it says, whatever was set before, and is written as the user's own are."""
    plate.deepfake_opacity = 0.25
    plate.keyframe_insert("deepfake_opacity", frame=3)
    found = {name: [use(path), Path(path).read_text("utf-8")] for name, path in presets().items()}
    return {name: [values, text == swap_presets.written(values)] for name, (values, text) in found.items()}


def own() -> dict[str, Any]:
    """Saved in the user's folder, used, taken away; the ones that came along stay."""
    operators.reset_swap()
    plate.deepfake_feather, plate.deepfake_blend, plate.deepfake_crop = 0.5, "poisson", True
    operators.add_swap_preset(name="My Look")
    path = presets()["My_Look"]
    operators.reset_swap()
    used = use(path)
    operators.add_swap_preset(name="My_Look", remove_name=True)
    return {
        "in_user_folder": Path(path).is_relative_to(bpy.utils.user_resource("SCRIPTS")),
        "used": used,
        "left": "My_Look" in presets(),
    }


def refused(settings: str) -> str:
    plate.deepfake_feather = 0.5
    try:
        operators.use_swap_settings(settings=settings)
    except RuntimeError as error:
        return f"{error} {plate.deepfake_feather}"
    return ""


def dropped() -> dict[str, Any]:
    """A manifest, a folder; over the strip that shows the plate, which is not the active one."""
    swap = pictures.swap_of(folder / "swap", list(range(1, 7)), pictures.numbered)
    other = pictures.swap_of(folder / "other", [1, 2], pictures.numbered, source="/elsewhere/clip.mp4")
    within = scene.sequence_editor.strips.new_effect(
        **{"name": "black", "type": "COLOR", "channel": 5, "frame_start": 1} | end(scene, 10)
    )
    scene.sequence_editor.active_strip = within
    plate.select = False
    operators.add_swap("EXEC_DEFAULT", filepath=str(swap / "manifest.json"))
    operators.add_swap("INVOKE_DEFAULT", filepath=f"{swap}/")
    errors = []
    for path in (other, folder / "nothing"):
        try:
            operators.add_swap(filepath=str(path))
        except RuntimeError as error:
            errors.append(str(error).strip())
    pictures.movie(scene, "again", 7, 1).select = plate.select = False
    scene.sequence_editor.active_strip = within
    try:
        operators.add_swap(filepath=str(swap))
    except RuntimeError as error:
        errors.append(str(error).strip())
    placed = [[s.name, s.channel] for s in scene.sequence_editor.strips_all if s.get(strips.SWAP)]
    return {"placed": placed, "errors": errors}


def end(scene: Any, frames: int) -> dict[str, int]:
    names = scene.sequence_editor.strips.bl_rna.functions["new_effect"].parameters.keys()
    return {"frame_end": 1 + frames} if "frame_end" in names else {"length": frames}


def drawn() -> dict[str, Any]:
    """Is our part in each menu, and gone with the extension?"""
    names = ("SEQUENCER_MT_strip", "SEQUENCER_MT_context_menu", "SEQUENCER_MT_add")
    menus: list[Any] = [getattr(bpy.types, name) for name in names]

    def ours() -> list[int]:
        functions = [getattr(menu.draw, "_draw_funcs", []) for menu in menus]
        return [sum(f.__module__.startswith("blender_deepfake") for f in found) for found in functions]

    handler: Any = bpy.types.DEEPFAKE_FH_swap
    told = {"menus": ours(), "handler": [handler.bl_import_operator, handler.bl_file_extensions]}
    blender_deepfake.unregister()
    return {**told, "after": ours(), "paths": "Soft_Edge" in presets()}


answer["shipped"] = shipped()
answer["own"] = own()
answer["refused"] = [refused(text) for text in ("beard=1", "feather=wide", "blend=loud", "crop=maybe", "feather")]
answer["dropped"] = dropped()
answer["drawn"] = drawn()
print(json.dumps(answer))
