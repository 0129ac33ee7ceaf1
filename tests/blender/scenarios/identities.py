"""Faces and consent of two people, with the real backend. Arguments: folder.

Faces come from a strip and from a folder of pictures; records are made, attached and judged.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import job_specs, people, project, selected_strips, session, thumbnails
from blender_deepfake.core.errors import DeepfakeError

FRAMES = 5
folder = Path(sys.argv[1])
CONSENT = pictures.ROOT / "demo" / "consent"


def tell(call: Any, **values: Any) -> str:
    """How an operator ended, or the error that it reported."""
    try:
        return str(next(iter(call(**values))))
    except RuntimeError as error:  # without a window, an operator's error report raises
        return str(error)


def shown(role: str) -> dict[str, Any]:
    """What the panel has to draw."""
    known = people.look(scene, role)
    assert not isinstance(known.faces, DeepfakeError), known.faces
    assert not isinstance(known.consent, DeepfakeError), known.consent
    state = known.consent
    return {
        "faces": known.faces.count if known.faces else None,
        "icons": len(known.icons),
        "consent": [state.state, state.text, state.fix] if state else None,
    }


blender_deepfake.register()
operators: Any = bpy.ops.deepfake
scene = pictures.edit()
plate = pictures.movie(scene, "plate", start=11)
take = scene.sequence_editor.strips.new_movie(
    "take", str(pictures.PLATE.with_name("identity_B_take1.mp4")), channel=2, frame_start=11
)
for strip in (plate, take):
    pictures.set_handles(strip, 20, 20 + FRAMES)
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "edit.blend"))
scene = bpy.context.scene
strips = scene.sequence_editor.strips_all
settings = scene.deepfake
settings.performer, settings.identity, settings.project = "performer_A", "", "demo"
answers: dict[str, Any] = {"empty": shown("performer"), "nobody": shown("identity")}

settings.consent = str(CONSENT)

# a strip of several that are there, then a folder of pictures
for strip in strips:
    strip.select = strip.name == "plate"
scene.sequence_editor.active_strip = strips["take"]
answers["chosen"] = [strip.name for strip in selected_strips.with_picture(scene)]
answers["extract"] = tell(operators.extract, person="performer_A", role="performer")
answers["performer"] = shown("performer")
pictures_folder = folder / "pictures of b"
pictures_folder.mkdir()
for number in range(3):
    pictures.rendered(scene, 20 + number, folder)
    shutil.move(folder / "rendered.png", pictures_folder / f"photo {'abc'[number]}.png")
settings.identity = "identity_B"
answers["pictures"] = tell(
    operators.extract_folder, directory=str(pictures_folder), photos=True, person="identity_B", role="identity"
)
answers["identity"] = shown("identity")
answers["no clip"] = tell(
    operators.extract_clip, directory=str(folder), files=[{"name": "none.mp4"}], person="identity_B", role="identity"
)
answers["files"] = job_specs.extract_files([pictures.PLATE], "b", folder / "b").request

for strip in strips:
    strip.select = True
answers["both"] = [strip.name for strip in selected_strips.with_picture(scene)]
strips["take"]["deepfake_swap"] = "a swap"
answers["no swaps"] = [strip.name for strip in selected_strips.with_picture(scene)]
for strip in strips:
    strip.select = False
answers["active"] = [strip.name for strip in selected_strips.with_picture(scene)]

answers["coverage"] = tell(operators.show_coverage, role="identity")
found = people.person("identity").coverage
assert found is not None
image: Any = bpy.data.images["Face Coverage"]
answers["covered"] = [found.faces, list(found.lines), list(found.missing), found.compared, list(image.size)]

# consent: attached, made, and what keeps one from counting
settings.consent = ""
answers["attach"] = tell(operators.attach_consent, filepath=str(CONSENT / "identity_B.json"))
answers["attached"] = [settings.consent, shown("identity")["consent"]]
answers["no record"] = tell(operators.attach_consent, filepath=str(folder / "edit.blend"))
terms = {"role": "performer", "basis": "performer", "use": "a test", "days": 30}
answers["lacks"] = tell(operators.make_consent, **terms)
rider = folder / "agreement.txt"
rider.write_text("signed")
whole = {**terms, "granted_by": "the actor", "project": "demo", "shots": "plate*", "rider": str(rider)}
answers["made"] = tell(operators.make_consent, **whole)
answers["valid"] = shown("performer")["consent"]
answers["there"] = tell(operators.make_consent, **whole)
answers["told"] = str(people.look(scene, "performer").failure)
answers["rare"] = tell(operators.make_consent, **whole, actions={"swap"}, witness="the agent", replace=True)
answers["allows"] = json.loads((Path(os.environ["ML_BACKEND_HOME"]) / "consent" / "performer_A.json").read_text())
settings.project = "another film"
answers["other"] = shown("performer")["consent"]
answers["beside"] = tell(operators.make_consent, **{**whole, "project": "another film"}, beside=True)
answers["kept"] = [
    shown("performer")["consent"],
    sorted(file.name for file in project.consent_records().iterdir()),
]
settings.consent, settings.project = str(CONSENT), ""
answers["nameless"] = shown("identity")["consent"]
settings.project = "demo"
answers["folder"] = shown("identity")["consent"]
settings.performer = "no name!"
answers["bad name"] = str(people.look(scene, "performer").consent)
answers["failure"] = session.current().failure
blender_deepfake.unregister()
answers["icons left"] = thumbnails._collection is None
print(json.dumps(answers))
