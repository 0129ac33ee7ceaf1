"""`blender -b edit.blend --command deepfake …`: the same work without a window.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused. With `--json` the last line is one JSON object.
"""

import argparse
import ctypes
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bpy

from . import (
    command_line,
    farm_commands,
    job_specs,
    placing,
    project,
    provenance_commands,
    repairing,
    review_commands,
    session,
    swap_specs,
    swap_versions,
)
from .command_context import AnsweredError, absolute, backend_of, consent_of, path_of, run, save, save_path, strip_of
from .core import doctor, person_choice, repairs, typed_values, wording
from .core.backend_command import find_program
from .core.errors import DeepfakeError
from .core.job_labels import label
from .shown_frame import shown_frame


def main(argv: list[str]) -> int:
    """Run one command, as typed after `--command deepfake`. Returns the exit code."""
    wanted = argv[0] if argv and argv[0] in _COMMANDS else ""
    try:
        answer, code = _run(argv), 0
    except SystemExit as stop:  # after --help argparse leaves the program; Blender must end by itself
        return int(stop.code or 0)
    except (DeepfakeError, OSError) as raised:
        error = raised if isinstance(raised, DeepfakeError) else _of_disk(raised)
        print(f"{f'deepfake {wanted}'.strip()}: {error}", file=sys.stderr, flush=True)
        answer = {"error": {"message": error.message, "fix": error.fix, "log": error.log}}
        answer |= error.answer if isinstance(error, AnsweredError) else {}
        code = error.exit_code
    if "--json" in argv:
        _flush_blender()
        print(json.dumps({"command": wanted, "exit_code": code, **answer}), flush=True)
    return code


def _run(argv: list[str]) -> dict[str, Any]:
    arguments = command_line.parser().parse_args(argv)
    command: Callable[[argparse.Namespace], dict[str, Any]] = _COMMANDS[arguments.command]
    return command(arguments)


def _of_disk(error: OSError) -> DeepfakeError:
    """A folder that may not be written, a disk that is full: whatever was not foreseen where it happened."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return DeepfakeError(f"{what}.", "Check that the folder can be written and that the disk has room.")


def _flush_blender() -> None:
    """Into a pipe, Blender's own lines wait in the C library's buffer and would come after ours."""
    if os.name == "posix" and bpy.app.binary_path:
        ctypes.CDLL(None).fflush(None)


def _extract(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = strip_of(arguments)
    faceset = path_of(arguments.faceset) or project.faceset(arguments.name)
    how = job_specs.Extraction(
        who=person_choice.of_text(arguments.person, absolute),
        framing=arguments.framing,
        size=arguments.size,
        smallest=arguments.smallest,
        landmarks=arguments.landmarks,
        average=arguments.average,
        smooth=arguments.smooth,
        fan_weights=path_of(arguments.fan_weights),
        frames=arguments.frames,
        **consent_of(arguments, scene),
    )
    result = run(job_specs.extract(scene, strip, arguments.name, faceset, how), arguments)
    return {**result, "faceset": str(faceset)}


def _repair(arguments: argparse.Namespace) -> dict[str, Any]:
    """Needs no backend: it writes down what the next extraction does."""
    scene, strip = strip_of(arguments)
    faceset = absolute(arguments.faceset)
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
    facesets = [absolute(folder) for folder in arguments.faceset]
    model = absolute(arguments.model)
    spec = job_specs.train_mask(model, facesets, iterations=arguments.iterations, minutes=arguments.minutes)
    return run(spec, arguments)


def _apply_masks(arguments: argparse.Namespace) -> dict[str, Any]:
    return run(job_specs.apply_masks(absolute(arguments.faceset), absolute(arguments.mask_model)), arguments)


def _train(arguments: argparse.Namespace) -> dict[str, Any]:
    people = job_specs.key_values(arguments.faceset, "a person's faces", "NAME=DIR")
    facesets = {name: absolute(folder) for name, folder in people.items()}
    training = job_specs.Training(
        model=absolute(arguments.model),
        facesets=facesets,
        preset=arguments.preset or "",
        iterations=arguments.iterations,
        minutes=arguments.minutes,
        settings=job_specs.key_values(arguments.set),
        **consent_of(arguments, bpy.context.scene),
    )
    return run(job_specs.train(training), arguments)


def _swap(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = strip_of(arguments)
    edit = save_path(arguments)
    out = path_of(arguments.out) or swap_versions.target(strip, arguments.identity)
    swapping = replace(review_commands.swapping(arguments, scene), frames=arguments.frames)
    spec = swap_specs.swap(scene, strip, swapping, out)
    answer = {"out": str(out), **run(spec, arguments)}
    if arguments.place:
        answer["strip"] = placing.place(scene, strip, out).name
    return answer | save(edit)


def _place(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = strip_of(arguments)
    edit = save_path(arguments)
    result = placing.place(scene, strip, absolute(arguments.swap))
    return {"strip": result.name, "channel": result.channel} | save(edit)


def _status(arguments: argparse.Namespace) -> dict[str, Any]:
    """Looks only: starts no backend."""
    backend = session.current().backend_at(backend_of(arguments))
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
    found = doctor.examine(find_program(backend_of(arguments).program))
    for check in found.checks:
        print(f"{check.state:8} {check.name}: {check.value}", file=sys.stderr)
        if check.fix:
            print(f"         {check.fix}", file=sys.stderr)
    if not found.ok:
        first = found.wrong[0] if found.wrong else None
        raise AnsweredError(f"{found.summary}.", first.fix if first else "", 1, {"check": found.raw})
    print(found.summary, file=sys.stderr)
    return {"check": found.raw}


def _job(arguments: argparse.Namespace) -> dict[str, Any]:
    """Starts no backend: it would end with this command, and the job be paused again."""
    backend = session.current().backend_at(backend_of(arguments))
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
    "preview": review_commands.preview,
    "evaluate": review_commands.evaluate,
    "export-job": farm_commands.export,
    "status": _status,
    "check": _check,
    "job": _job,
    "consent": provenance_commands.consent,
    "verify": provenance_commands.verify,
    "sign": provenance_commands.sign,
}
