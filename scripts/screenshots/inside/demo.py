"""The demo file, opened as it comes, and what its text says pressed one after the other."""

import shutil
from pathlib import Path

import bpy
import freezes
import screen
from edit import MINUTES, ROOT, all_ended, any_state, board, module, select, settings, strips, tell_jobs
from screen import WORK, only, press, shoot, shoot_sidebar
from waits import Story, say, until


def story() -> Story:
    freezes.watch()
    folder = WORK / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "demo", folder, ignore=shutil.ignore_patterns("out", "deepfake"))
    bpy.ops.wm.open_mainfile(filepath=str(folder / "demo.blend"))
    yield 2.0
    screen.region(screen.sequencer(), "UI").active_panel_category = screen.TAB
    people = module("people")
    yield until("consent", lambda: all(people.person(role).consent for role in ("performer", "identity")), 60)
    screen.rest_mouse()
    yield 2.0
    shoot("demo_file", docs=False)
    say("consent", *(people.person(role).consent.text for role in ("performer", "identity")))
    settings().minutes = MINUTES
    yield from only("backend", "jobs")
    yield from press("start_backend")
    yield until("the backend runs", lambda: bool(module("session").current().client), 120)
    yield from only("people")
    yield from press('extract(person="performer_A"')
    yield until("the panel asks for the folder", lambda: any(e.state == "failed" for e in board().entries), 60)
    yield from only("jobs")
    for folder_name in ("footage", "consent"):
        yield from press(f'/demo/{folder_name}"')
        yield 1.0
        yield from shoot_sidebar(f"demo_allowed_{folder_name}", docs=False)
    yield any_state("running")
    select("take 1", "take 2")
    yield from only("people")
    yield from press('extract(person="identity_B"')
    yield all_ended(600)
    yield from only("train")
    yield from press("deepfake.train(")
    yield all_ended()
    select("plate")
    yield from only("swap")
    yield from press("deepfake.swap(")
    yield until("swapping", lambda: any(e.state == "running" for e in board().entries), 120)
    yield all_ended(600)
    tell_jobs()
    yield until("placed", lambda: len(strips()) == 4, 30)
    yield from only("jobs")
    yield from shoot_sidebar("demo_jobs", docs=False)
    yield from only()
    yield 1.0
    screen.rest_mouse()
    yield 2.0
    shoot("demo_done", docs=False)
    say("the film goes to", Path(bpy.path.abspath(bpy.context.scene.render.filepath)).relative_to(folder))
