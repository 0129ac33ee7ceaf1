"""Keeps swaps of a strip side by side, shows and deletes some, and tells what an update makes. Arguments: folder."""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import compat, placing, session, strips, swap_specs, swap_updates, swap_versions
from blender_deepfake.core.entry import Entry
from blender_deepfake.core.runner import JobSpec
from blender_deepfake.core.swap_controls import CONTROLS, Number, Toggle

NUMBERS = list(range(1, 21))
SETTINGS = {c.name: c.default for c in CONTROLS if isinstance(c, Number | Toggle)}


def make(folder: Path, model: Path, checkpoint: str, offset: int) -> Path:
    """A finished swap as the backend writes it, whose red is the frame's number and `offset`."""
    pictures.swap_of(folder, NUMBERS, lambda number: pictures.numbered(number + offset))
    more: dict[str, Any] = {"output": "png8", "alpha": "straight", "settings": SETTINGS, "checkpoint": checkpoint}
    pictures.write_manifest(folder, str(pictures.PLATE), NUMBERS, model=str(model), fingerprint=folder.name, **more)
    return folder


def checkpoint(model: Path, iteration: int) -> None:
    folder = model / "checkpoints" / f"{iteration:08d}"
    folder.mkdir(parents=True)
    values = {"iteration": iteration, "seconds": 60.0, "loss": 0.1, "identities": ["identity", "actor"]}
    (folder / "checkpoint.json").write_text(json.dumps(values))


def run(scene: Any, name: str, **arguments: Any) -> str:
    """Run an operator; what it said where it failed."""
    try:
        with compat.as_sequencer_scene(scene):
            getattr(bpy.ops.deepfake, name)(**arguments)
    except RuntimeError as error:
        return str(error)
    return ""


def red(scene: Any, folder: Path) -> int:
    return int(pictures.rendered(scene, 11, folder)[pictures.SIDE // 2, pictures.SIDE // 2, 0])


def side_by_side(scene: Any, plate: Any, model: Path, folder: Path) -> dict[str, Any]:
    first = make(swap_versions.target(plate, "identity"), model, "00000100", 0)
    placing.place(scene, plate, first)
    said = [run(scene, "swap_version_new")]
    second = swap_versions.target(plate, "identity")
    begun = [second.name.removeprefix(first.name), second.exists()]
    placing.place(scene, plate, make(second, model, "00000200", 100))
    plate.name = "renamed"
    names = [path.name.removeprefix(first.name) for path in swap_versions.of_strip(plate, "identity")]
    known = [swap_versions.summary(path) for path in swap_versions.of_strip(plate, "identity")]
    shown = [red(scene, folder)]
    said.append(run(scene, "swap_version_show", folder=str(first)))
    shown.append(red(scene, folder))
    target = swap_versions.target(plate, "identity") == first
    said.append(run(scene, "swap_version_delete", folder=str(first)))
    said.append(run(scene, "swap_version_delete", folder=str(folder / "project")))
    writing = Entry(1, JobSpec("swap", {"out": str(second)}, "Swap"), state="running")
    session.current().board.entries.append(writing)
    said.append(run(scene, "swap_version_delete", folder=str(second)))
    session.current().board.entries.remove(writing)
    said.append(run(scene, "swap_version_delete", folder=str(second)))
    left = sorted(path.name.removeprefix(first.name) for path in first.parent.iterdir())
    return {
        "begun": begun,
        "names": names,
        "lines": [[version.title, version.line.split(" · ")[:2]] for version in known if version],
        "shown": shown,
        "target": target,
        "said": said,
        "left": left,
        "strips": len(scene.sequence_editor.strips_all),
    }


def updates(scene: Any, plate: Any, model: Path) -> dict[str, Any]:
    """What asks for frames to be made again, and what only for placing."""
    result = strips.results_over(plate)[0]
    folder, answer = swap_versions.folder_of(result), {}

    def reasons() -> list[str]:
        swapping = swap_updates.of_swap(folder, swap_specs.Swapping(model=Path("none"), identity="x"))
        return list(swap_updates.needed(scene, plate, folder, swapping).reasons)

    answer["same"] = reasons()
    pictures.set_handles(plate, 14, 26)
    with compat.as_sequencer_scene(scene):
        answer["trimmed"] = [reasons(), sorted(bpy.ops.deepfake.update_swap())]
    over = compat.timing(strips.results_over(plate)[0])
    answer["placed"] = [over.left, over.right, len(strips.results_over(plate))]
    pictures.set_handles(plate, 14, 36)
    answer["longer"] = reasons()
    pictures.set_handles(plate, 14, 26)
    plate.deepfake_opacity = 0.5
    answer["settings"] = reasons()
    plate.property_unset("deepfake_opacity")
    plate.strobe = 2.0
    answer["strobing"] = reasons()
    plate.strobe = 1.0
    plate.deepfake_exposure = 1.0
    answer["exposure"] = reasons()
    plate.deepfake_exposure = 0.0
    scene.render.pixel_aspect_x = 2.0
    answer["pixels"] = reasons()
    scene.render.pixel_aspect_x = 1.0
    answer["others"] = others(scene, plate, folder)
    checkpoint(model, 300)
    answer["checkpoint"] = reasons()
    named = swap_specs.Swapping(model, "b", names="{strip} by {identity}.####", settings={"gaps": "true"})
    answer["named"] = [named.settings_of(plate), list(swap_updates.needed(scene, plate, folder, named).reasons)]
    return answer


def others(scene: Any, plate: Any, folder: Path) -> list[list[str]]:
    """Mask model and repairs: chosen, then as the manifest says that they were, then without."""
    masks, repairs = folder / "masks", folder / "repairs.json"
    weights = masks / "checkpoints" / "00000007" / "ema.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    repairs.write_text("[]")
    usual = swap_updates.of_swap(folder, swap_specs.Swapping(model=Path("none"), identity="x"))
    both = replace(usual, mask_model=masks, repairs=repairs)
    told = [swap_updates.needed(scene, plate, folder, both)]
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["mask_model_sha256"] = hashlib.sha256(b"weights").hexdigest()
    manifest["repairs_sha256"] = hashlib.sha256(b"[]").hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    told += [swap_updates.needed(scene, plate, folder, swapping) for swapping in (both, usual)]
    repairs.unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest | {"mask_model_sha256": None, "repairs_sha256": None}))
    return [list(update.reasons) for update in told]


def main(folder: Path) -> None:
    blender_deepfake.register()
    scene = pictures.edit()
    plate = pictures.movie(scene, start=11)
    pictures.set_handles(plate, 11, 31)
    (folder / "project").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "project" / "edit.blend"))
    scene.deepfake.identity = "identity"
    scene.sequence_editor.active_strip = plate
    model = folder / "project" / "deepfake" / "models" / "m"
    checkpoint(model, 100)
    answer = side_by_side(scene, plate, model, folder)
    answer["updates"] = updates(scene, plate, model)
    blender_deepfake.unregister()  # as Blender does when it ends
    print(json.dumps(answer))


main(Path(sys.argv[1]))
