"""`blender -b edit.blend --command deepfake …`: the same work without a window.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused. With `--json` the last line is one JSON object.
"""

import argparse
import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from . import command_line, job_specs, placing, project, repairing, session, strips, swap_specs
from .backend_place import BackendPlace, backend_place
from .compat import Scene, Strip
from .core import doctor, person_choice, repairs, typed_values, wording
from .core.backend_command import find_program
from .core.board import Entry
from .core.errors import DeepfakeError, UsageError
from .core.job_labels import label
from .core.runner import JobSpec
from .shown_frame import shown_frame

_SHOW_SECONDS = 5.0


def main(argv: list[str]) -> int:
    """Run one command, as typed after `--command deepfake`. Returns the exit code."""
    try:
        arguments = command_line.parser().parse_args(argv)
    except SystemExit as stop:  # argparse leaves the program; Blender must end by itself
        return int(stop.code or 0)
    run: Callable[[argparse.Namespace], dict[str, Any]] = _COMMANDS[arguments.command]
    try:
        answer, code = run(arguments), 0
    except DeepfakeError as error:
        print(f"deepfake {arguments.command}: {error}", file=sys.stderr, flush=True)
        answer = {"error": {"message": error.message, "fix": error.fix, "log": error.log}}
        answer |= {"check": error.found} if isinstance(error, _Unfit) else {}
        code = error.exit_code
    if arguments.json:
        _flush_blender()
        print(json.dumps({"command": arguments.command, "exit_code": code, **answer}), flush=True)
    return code


def _flush_blender() -> None:
    """Into a pipe, Blender's own lines wait in the C library's buffer and would come after ours."""
    if os.name == "posix" and bpy.app.binary_path:
        ctypes.CDLL(None).fflush(None)


def _extract(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = _strip(arguments)
    faceset = _path(arguments.faceset) or project.faceset(arguments.name)
    how = job_specs.Extraction(
        who=person_choice.of_text(arguments.person, _absolute),
        framing=arguments.framing,
        size=arguments.size,
        landmarks=arguments.landmarks,
        average=arguments.average,
        smooth=arguments.smooth,
        fan_weights=_path(arguments.fan_weights),
    )
    result = _run(job_specs.extract(scene, strip, arguments.name, faceset, how), arguments)
    return {**result, "faceset": str(faceset)}


def _repair(arguments: argparse.Namespace) -> dict[str, Any]:
    """Needs no backend: it writes down what the next extraction does."""
    scene, strip = _strip(arguments)
    faceset = _absolute(arguments.faceset)
    if arguments.undo:
        return {"taken_back": repairs.remove_last(faceset), "faceset": str(faceset)}
    shown = shown_frame(scene, strip, arguments.frame)
    where = shown.source, shown.number
    if arguments.add:
        repair = repairs.add(*where, typed_values.box(arguments.add), arguments.roll)
    elif arguments.delete:
        repair = repairs.delete(*where, typed_values.point(arguments.delete))
    elif arguments.move:
        at, box = arguments.move
        repair = repairs.move(*where, typed_values.point(at), typed_values.box(box), arguments.roll)
    else:
        at, *points = arguments.landmarks
        repair = repairs.landmarks(*where, typed_values.point(at), typed_values.points(points))
    print(repairing.keep(faceset, repair), file=sys.stderr)
    return {"repair": repair, "faceset": str(faceset)}


def _train_mask(arguments: argparse.Namespace) -> dict[str, Any]:
    facesets = [_absolute(folder) for folder in arguments.faceset]
    model = _absolute(arguments.model)
    spec = job_specs.train_mask(model, facesets, iterations=arguments.iterations, minutes=arguments.minutes)
    return _run(spec, arguments)


def _apply_masks(arguments: argparse.Namespace) -> dict[str, Any]:
    return _run(job_specs.apply_masks(_absolute(arguments.faceset), _absolute(arguments.mask_model)), arguments)


def _train(arguments: argparse.Namespace) -> dict[str, Any]:
    facesets = {name: _absolute(folder) for name, folder in job_specs.key_values(arguments.faceset).items()}
    training = job_specs.Training(
        model=_absolute(arguments.model),
        facesets=facesets,
        preset=arguments.preset or "",
        iterations=arguments.iterations,
        minutes=arguments.minutes,
        settings=job_specs.key_values(arguments.set),
        consent=_path(arguments.consent),
    )
    return _run(job_specs.train(training), arguments)


def _swap(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = _strip(arguments)
    out = _path(arguments.out) or project.swap(strip, arguments.identity)
    swapping = swap_specs.Swapping(
        model=_absolute(arguments.model),
        identity=arguments.identity,
        settings=job_specs.key_values(arguments.set),
        consent=_path(arguments.consent),
        mask_model=_path(arguments.mask_model),
        repairs=_path(arguments.repairs),
    )
    spec = swap_specs.swap(scene, strip, swapping, out)
    answer = {"out": str(out), **_run(spec, arguments)}
    if arguments.place:
        answer["strip"] = placing.place(scene, strip, out).name
    return answer | _save(arguments)


def _place(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = _strip(arguments)
    result = placing.place(scene, strip, _absolute(arguments.swap))
    return {"strip": result.name, "channel": result.channel} | _save(arguments)


def _status(arguments: argparse.Namespace) -> dict[str, Any]:
    """Looks only: starts no backend."""
    backend = session.current().backend_at(_where(arguments))
    client = backend.attach()
    if client is None:
        print(f"No backend runs in {backend.workspace}.", file=sys.stderr)
        return {"running": False, "workspace": str(backend.workspace)}
    jobs = client.jobs()
    for line in [*_about(backend.status), *map(_job_line, jobs)]:
        print(line, file=sys.stderr)
    return {"running": True, "workspace": str(backend.workspace), "status": backend.status, "jobs": jobs}


def _about(status: dict[str, Any]) -> list[str]:
    devices = [f"{device['label']} ({device['name']})" for device in status.get("devices") or ()]
    return [
        f"Backend {status['version']}, process {status['pid']}, protocol {status['protocol']}",
        f"Computes with: {', '.join(devices) or status.get('device') or 'not known yet'}",
        f"Allowed folders: {', '.join(status.get('roots') or ())}",
        f"Jobs: {status['running']} running, {status['queued']} queued, {status['paused']} paused",
    ]


def _job_line(job: dict[str, Any]) -> str:
    progress = job.get("progress") or {}
    done, total = float(progress.get("done") or 0), float(progress.get("total") or 0)
    left = progress.get("seconds_left") if job["state"] == "running" else None
    place = f"place {job['place']}" if job.get("place") else ""
    text = place or wording.progress(str(progress.get("stage") or ""), done, total, left)
    state = f"{job['state']} ({job['asked']} asked)" if job.get("asked") else job["state"]
    return f"{job['id']}  {state:9}  {label(job['kind'], job['request'])}  {text}".rstrip()


def _check(arguments: argparse.Namespace) -> dict[str, Any]:
    """Fails where the backend is not usable; warnings are no failure."""
    found = doctor.examine(find_program(_where(arguments).program))
    for check in found.checks:
        print(f"{check.state:8} {check.name}: {check.value}", file=sys.stderr)
        if check.fix:
            print(f"         {check.fix}", file=sys.stderr)
    if not found.ok:
        first = found.wrong[0] if found.wrong else None
        raise _Unfit(f"{found.summary}.", first.fix if first else "", found.raw)
    print(found.summary, file=sys.stderr)
    return {"check": found.raw}


class _Unfit(DeepfakeError):
    """The backend examined itself and is not usable; `found` is its whole answer."""

    def __init__(self, message: str, fix: str, found: dict[str, Any]) -> None:
        super().__init__(message, fix)
        self.found = found


def _job(arguments: argparse.Namespace) -> dict[str, Any]:
    """Starts no backend: it would end with this command, and the job be paused again."""
    backend = session.current().backend_at(_where(arguments))
    client = backend.attach()
    if client is None:
        raise DeepfakeError(
            f"No backend runs in {backend.workspace}.", f"Start it: ml-backend serve --workspace {backend.workspace}"
        )
    if arguments.action == "remove":
        client.remove(arguments.id)
        return {"removed": arguments.id}
    act: Callable[[str], dict[str, Any]] = getattr(client, arguments.action)
    job = act(arguments.id)
    print(_job_line(job), file=sys.stderr)
    return {"job": job}


_COMMANDS = {
    "extract": _extract,
    "repair": _repair,
    "train-mask": _train_mask,
    "apply-masks": _apply_masks,
    "train": _train,
    "swap": _swap,
    "place": _place,
    "status": _status,
    "check": _check,
    "job": _job,
}


def _run(spec: JobSpec, arguments: argparse.Namespace) -> dict[str, Any]:
    print(f"{spec.label}. {spec.note}".strip(), file=sys.stderr, flush=True)
    return session.current().run(spec, _where(arguments), _Printer()).result or {}


class _Printer:
    """Prints a job's progress now and then, only when it changed."""

    def __init__(self) -> None:
        self._last = ("", 0.0)

    def __call__(self, entry: Entry) -> None:
        text = wording.progress(entry.stage or entry.state, entry.done, entry.total, entry.seconds_left)
        if text != self._last[0] and time.monotonic() - self._last[1] >= _SHOW_SECONDS:
            self._last = (text, time.monotonic())
            print(text, file=sys.stderr, flush=True)


def _strip(arguments: argparse.Namespace) -> tuple[Scene, Strip]:
    scenes = bpy.data.scenes
    if arguments.scene and arguments.scene not in scenes:
        raise UsageError(f"The edit has no scene {arguments.scene!r}.", f"It has: {', '.join(scenes.keys())}.")
    if arguments.scene:
        return (scene := scenes[arguments.scene]), strips.by_name(scene, arguments.strip)
    scene = bpy.context.scene
    holding = [s for s in scenes if s.sequence_editor and arguments.strip in s.sequence_editor.strips_all]
    if scene not in holding and len(holding) == 1:
        scene = holding[0]
    return scene, strips.by_name(scene, arguments.strip)


def _save(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.save is None:
        return {}
    path = arguments.save or bpy.data.filepath
    if not path:
        raise UsageError("The edit has no file to save to.", "Give one: --save PATH.")
    bpy.ops.wm.save_as_mainfile(filepath=str(_absolute(path)))
    return {"saved": str(_absolute(path))}


def _where(arguments: argparse.Namespace) -> BackendPlace:
    usual = backend_place()
    return BackendPlace(arguments.backend or usual.program, _path(arguments.workspace) or usual.workspace)


def _path(text: str | None) -> Path | None:
    return _absolute(text) if text else None


def _absolute(text: str) -> Path:
    return project.absolute(text) if text.startswith("//") else Path(text).expanduser().resolve()
