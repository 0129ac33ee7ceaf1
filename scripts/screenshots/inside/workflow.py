"""From an empty edit to a placed and compared swap, the main buttons pressed with the mouse."""

import bpy
import freezes
import screen
from edit import MINUTES, ROOT, all_ended, any_state, board, go, module, new, scene, select, settings, strips, tell_jobs
from screen import only, press, shoot, shoot_sidebar
from waits import Story, say, until


def story() -> Story:
    freezes.watch()
    yield from screen.only_sequencer()
    yield until("looked", lambda: module("people").person("performer").consent is not None)
    yield from shoot_sidebar("start")
    new()
    yield 1.0
    yield from screen.fit()
    yield from _people()
    yield from _extract()
    yield from _train()
    yield from _swap()
    yield from _compare()
    yield from _update()
    bpy.ops.wm.save_mainfile()


def _people() -> Story:
    freezes.phase("people")
    chosen = settings()
    chosen.performer, chosen.identity = "performer_A", "identity_B"
    select("sh010")
    yield from press("start_backend")
    yield until("the backend runs", lambda: bool(module("session").current().client), 120)
    yield from only("people")
    yield until("consent is known", lambda: all(module("people").person(r).consent for r in ("identity", "performer")))
    yield 2.0
    yield from shoot_sidebar("consent_missing")
    area = screen.sequencer()
    with bpy.context.temp_override(window=screen.window(), area=area, region=screen.region(area, "WINDOW")):
        screen.mouse("mousemove", 600, 500)
        yield 0.3
        bpy.ops.deepfake.make_consent("INVOKE_DEFAULT", role="identity")
    yield 1.5
    shoot("consent_dialog", _around(600, 500))
    screen.mouse("key", "Escape")
    yield 0.5
    for name in ("performer_A", "identity_B"):
        bpy.ops.deepfake.attach_consent(filepath=str(ROOT / "demo" / "consent" / f"{name}.json"))
    screen.redraw()
    yield 3.0
    yield from shoot_sidebar("consent_no_project", docs=False)
    chosen.project = "demo"
    yield until("consent is valid", lambda: getattr(module("people").person("identity").consent, "valid", False))


def _extract() -> Story:
    freezes.phase("extract")
    yield from only("backend", "jobs", "people")
    yield from press('extract(person="performer_A"')
    yield until("the panel asks for the folder", lambda: any(e.state == "failed" for e in board().entries), 60)
    yield from shoot_sidebar("allow_folder")
    yield from press("allow_folder")
    yield any_state("running")
    select("take 1", "take 2")
    yield from press('extract(person="identity_B"')
    yield until("three jobs", lambda: len(board().entries) == 3)
    yield until("progress", lambda: any(e.state == "running" and e.done > 3 for e in board().entries), 200)
    yield from shoot_sidebar("extracting")
    yield all_ended()
    tell_jobs()
    yield 3.0
    yield from only("people")
    bpy.ops.deepfake.show_coverage(role="performer")
    yield until("coverage", lambda: module("people").person("performer").coverage is not None)


def _train() -> Story:
    freezes.phase("train")
    chosen = settings()
    chosen.model, chosen.minutes = "//deepfake/models/a_as_b", MINUTES
    chosen.training.keeping, chosen.training.preview_minutes = True, 0.1  # a short training shows something too
    yield from screen.split_for_pictures()
    bpy.ops.deepfake.show_coverage(role="identity")
    yield until("coverage", lambda: module("people").person("identity").coverage is not None)
    screen.rest_mouse()
    yield 2.0
    shoot("people")
    select("sh010")
    yield from only("jobs", "train")
    yield from press("deepfake.train(")
    model = module("project").model(chosen.model)
    folders = module("core.model_folders")
    yield until("a first picture", lambda: folders.newest_preview(model) is not None, 240)
    editor = next(a for a in screen.window().screen.areas if a.type == "IMAGE_EDITOR")
    with bpy.context.temp_override(window=screen.window(), area=editor, region=screen.region(editor, "WINDOW")):
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.5)
    yield 0.5
    fresh = [a for a in screen.window().screen.areas if a.type == "IMAGE_EDITOR"]
    for area in fresh:
        area.spaces.active.image = None
    bpy.ops.deepfake.show_training(what="PICTURES")
    bpy.ops.deepfake.show_training(what="CURVE")
    yield until("the curve is shown", lambda: "Training Curve" in bpy.data.images, 60)
    yield from _watch_training()
    yield all_ended()
    tell_jobs()
    yield 6.0
    yield from screen.shoot_sidebar("train_done")


def _watch_training() -> Story:
    """Both pictures must come by themselves; what they showed is told."""
    pictures, curve = bpy.data.images["Training Pictures"], bpy.data.images["Training Curve"]
    told: set[tuple[str, str]] = set()
    shot = False
    for _ in range(1200):
        now = (pictures.filepath.rsplit("/", 1)[-1], str(curve.get("deepfake_stamp", "")).rsplit(":", 1)[-1])
        if now not in told:
            say("shown now: picture", now[0], "curve of iteration", now[1])
            told.add(now)
        running = any(entry.state == "running" for entry in board().entries)
        if running and len(told) > 2 and not shot:
            screen.rest_mouse()
            yield 0.6
            shoot("train")
            shot = True
        if not running and not board().busy:
            break
        yield 0.25
    yield 8.0
    now = (pictures.filepath.rsplit("/", 1)[-1], str(curve.get("deepfake_stamp", "")).rsplit(":", 1)[-1])
    say("at the end: picture", now[0], "curve of iteration", now[1], "newest", *_newest())
    if not shot:
        shoot("train")


def _newest() -> tuple[str, str]:
    model = module("project").model(settings().model)
    folders = module("core.model_folders")
    report = folders.latest_report(model)
    return str(folders.newest_preview(model)), str(report.iteration if report else 0)


def _swap() -> Story:
    freezes.phase("preview")
    go(20)
    yield from only("swap", "swap_versions", "compare")
    yield from press("deepfake.preview_swap")
    yield until("the preview", lambda: "Swap Preview" in bpy.data.images, 120)
    screen.rest_mouse()
    yield 2.0
    shoot("preview")
    freezes.phase("swap")
    yield from only("jobs", "swap", "swap_versions", "compare")
    yield from press("deepfake.swap(")
    yield until("swapping", lambda: any(e.state == "running" and e.done > 3 for e in board().entries), 120)
    yield from shoot_sidebar("swapping")
    yield all_ended()
    tell_jobs()
    yield until("placed", lambda: len(strips()) == 4, 30)
    editors = [a for a in screen.window().screen.areas if a.type == "IMAGE_EDITOR"]
    for area in editors:
        with bpy.context.temp_override(window=screen.window(), area=area):
            bpy.ops.screen.area_close()
        yield 0.3
    yield from only()
    yield from screen.fit()
    screen.rest_mouse()
    yield 2.0
    shoot("placed")


def _compare() -> Story:
    freezes.phase("compare")
    yield from only("swap", "swap_versions", "compare")
    for mode in ("WIPE", "DIFFERENCE"):
        yield from press(f"compare_swap(mode='{mode}'")
        yield 2.0
        shoot(f"compare_{mode.lower()}")
    bpy.ops.deepfake.compare_swap(mode="OFF")
    yield 0.5


def _update() -> Story:
    freezes.phase("update")
    plate = strips()["sh010"]
    plate.right_handle -= 12
    select("sh010")
    yield 0.5
    yield from press("update_swap(thoroughly=False")
    yield 2.0
    say("after the trim", [(s.name, s.left_handle, s.right_handle) for s in strips()])
    plate.right_handle += 18
    yield 1.0
    yield from press("update_swap(thoroughly=False")
    yield 1.0
    yield all_ended()
    yield 3.0
    tell_jobs()
    say("after the extension", [(s.name, s.left_handle, s.right_handle) for s in strips()])
    bpy.ops.deepfake.swap_version_new()
    settings().swap_settings = "feather=0.2"
    yield from press("deepfake.swap(")
    yield 2.0
    yield all_ended()
    yield 3.0
    tell_jobs()
    yield from press("evaluate_swap")
    yield 2.0
    yield all_ended()
    yield 3.0
    tell_jobs()
    yield from shoot_sidebar("versions")
    say(scene().name, "has", [s.name for s in strips()])


def _around(x: int, y: int) -> screen.Box:
    """Where a dialog opens that is called with the mouse at a point: its button comes to lie under it."""
    return x - 402, y - 49, 456, 388
