"""A model's pictures and its curve in an Image Editor, brought up to date while it is trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import backend_words, image_window, project, session
from .core import model_folders
from .core.errors import DeepfakeError, UsageError

PICTURES, CURVE = "Training Pictures", "Training Curve"
_MODEL, _STAMP = "deepfake_model", "deepfake_stamp"
_TICK_SECONDS = 2.0
_TICKS_PER_CURVE = 10  # drawing it takes the backend seconds


@dataclass
class _Looking:
    busy: bool = False
    ticks: int = 0


_looking = _Looking()


def show(context: Any, model: Path, what: str) -> None:
    """Open the newest picture of `model`, or its curve, and keep it up to date while it is shown.

    Raises UsageError where there is none yet.
    """
    found = model_folders.newest_preview(model) if what == PICTURES else _curve_source(model)
    if found is None:
        raise UsageError(f"The model {model.name} has nothing to show yet.", "Train it for a minute first.")
    if what == PICTURES:
        image_window.show(context, _open(what, model, found))
    else:
        _draw_curve(model, lambda file: image_window.show(bpy.context, _open(what, model, file)))
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_TICK_SECONDS)


def close() -> None:
    """At unregistering."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _looking.busy, _looking.ticks = False, 0


def _curve_source(model: Path) -> Path | None:
    file = model / model_folders.CURVES
    return file if file.is_file() else None


def _open(what: str, model: Path, file: Path) -> Any:
    image: Any = bpy.data.images.get(what)
    if image is None:
        image = bpy.data.images.load(str(file), check_existing=False)
        image.name = what
    image[_MODEL] = str(model)
    image.filepath = str(file)
    image.reload()
    return image


def _draw_curve(model: Path, then: Any) -> None:
    """Have the backend draw it into the edit's own folder."""
    out, run = project.folder() / "previews" / f"curve_{model.name}.png", backend_words.runner()

    def work() -> Path:
        out.parent.mkdir(parents=True, exist_ok=True)
        run(["model", "curve", str(model), "--out", str(out), "--json"])
        return out

    def done(told: Path | DeepfakeError) -> None:
        _looking.busy = False
        if not isinstance(told, DeepfakeError):
            then(told)
        elif bpy.app.background:
            raise told
        else:
            session.current().failure = str(told)

    _looking.busy = True
    session.current().ask(work, done)


def _shown(what: str) -> Any:
    """The image, where an Image Editor shows it."""
    context: Any = bpy.context
    areas = [area for window in context.window_manager.windows for area in window.screen.areas]
    images = [area.spaces.active.image for area in areas if area.type == "IMAGE_EDITOR"]
    return next((image for image in images if image is not None and image.name == what and image.get(_MODEL)), None)


def _tick() -> float | None:
    pictures, curve = _shown(PICTURES), _shown(CURVE)
    if pictures is None and curve is None:
        return None
    _looking.ticks += 1
    if _looking.busy:
        return _TICK_SECONDS
    if pictures is not None:
        _renew_pictures(Path(pictures[_MODEL]))
    if curve is not None and _looking.ticks % _TICKS_PER_CURVE == 0:
        _renew_curve(curve, Path(curve[_MODEL]))
    return _TICK_SECONDS


def _renew_pictures(model: Path) -> None:
    def then(newest: Path | DeepfakeError | None) -> None:
        _looking.busy = False
        image: Any = bpy.data.images.get(PICTURES)
        wanted = image is not None and image.get(_MODEL) == str(model)
        if wanted and isinstance(newest, Path) and image.filepath != str(newest):
            _open(PICTURES, model, newest)
            _redraw()

    _looking.busy = True
    session.current().ask(lambda: model_folders.newest_preview(model), then)


def _renew_curve(image: Any, model: Path) -> None:
    report = model_folders.latest_report(model)
    stamp = f"{model}:{report.iteration if report else 0}"
    if image.get(_STAMP) == stamp:
        return
    image[_STAMP] = stamp

    def then(file: Path) -> None:
        if bpy.data.images.get(CURVE) is not None:
            _open(CURVE, model, file)
            _redraw()

    _draw_curve(model, then)


def _redraw() -> None:
    context: Any = bpy.context
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                area.tag_redraw()
