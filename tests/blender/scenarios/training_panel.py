"""Models of an edit, with the real backend: trained, watched, forked, gone back. Arguments: folder."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import bpy
import pictures

import blender_deepfake
from blender_deepfake import project, trainings
from blender_deepfake.core.errors import DeepfakeError
from blender_deepfake.core.training_controls import GROUPS
from blender_deepfake.trainings import Looked

FRAMES = 4
folder = Path(sys.argv[1])


def tell(call: Any, **values: Any) -> str:
    try:
        return str(next(iter(call(**values))))
    except RuntimeError as error:  # without a window, an operator's error report raises
        return str(error)


def looked() -> Looked:
    trainings.known().key = None
    found = trainings.look(scene).looked
    assert found is not None
    assert not isinstance(found, DeepfakeError), found
    return found


def models() -> list[list[Any]]:
    return [[m.folder.name, m.newest.iteration if m.newest else None, m.line] for m in looked().models]


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
settings.performer, settings.identity, settings.project = "performer_A", "identity_B", "demo"
settings.consent = str(pictures.ROOT / "demo" / "consent")
answers: dict[str, Any] = {"empty": models(), "unseen": tell(operators.show_training, what="PICTURES")}
for name, strip_name in (("performer_A", "plate"), ("identity_B", "take")):
    for strip in strips:
        strip.select = strip.name == strip_name
    answers[name] = tell(operators.extract, person=name, role="performer" if strip_name == "plate" else "identity")

answers["new"] = [tell(operators.new_model, folder="a as b"), settings.model]
settings.preset, settings.limit, settings.iterations = "tiny", "ITERATIONS", 3
answers["train"] = tell(operators.train)
settings.iterations = 6
for group in GROUPS:  # the backend takes all that the panels offer
    setattr(settings.training, group.switch, True)
answers["all groups"] = tell(operators.train)
answers["models"] = models()
report = looked().chosen.report
answers["report"] = [report.iteration, report.loss is not None] if report else None
answers["checkpoints"] = [checkpoint.iteration for checkpoint in looked().checkpoints]
config = json.loads((looked().checkpoints[0].folder / "checkpoint.json").read_text())["config"]
answers["config"] = [config["opponent"]["kind"], config["recipe"][0]["until"], config["augmentation"]["rotate"]]

answers["pictures"] = tell(operators.show_training, what="PICTURES")
answers["curve"] = tell(operators.show_training, what="CURVE")
answers["sizes"] = [list(bpy.data.images[name].size) for name in ("Training Pictures", "Training Curve")]
answers["fork"] = [tell(operators.fork_model, folder="fork"), settings.model, tell(operators.fork_model, folder="fork")]
answers["forked"] = models()
settings.iterations = 7
for group in GROUPS:
    setattr(settings.training, group.switch, False)
answers["fork goes on"] = tell(operators.train)
answers["choose"] = [
    tell(operators.choose_model, model=str(project.models() / "a_as_b")),
    Path(project.model(settings.model)).name,
]
with closing(sqlite3.connect(project.models() / "a_as_b" / "lock.sqlite", isolation_level=None)) as elsewhere:
    elsewhere.execute("BEGIN EXCLUSIVE")  # as a training outside of this Blender does
    answers["refused"] = [tell(operators.roll_back_model, iteration=3), str(trainings.known().failure)]
answers["back"] = tell(operators.roll_back_model, iteration=3)
answers["after"] = [[checkpoint.iteration for checkpoint in looked().checkpoints], models()]
answers["no such"] = tell(operators.roll_back_model, iteration=5)
answers["doing"] = trainings.known().doing
blender_deepfake.unregister()
print(json.dumps(answers))
