"""The commands that show and measure a swap: `preview` and `evaluate`."""

import argparse
import sys
from dataclasses import replace
from typing import Any

from . import evaluations, job_specs, previewing, project, session, swap_specs
from .command_context import absolute, backend_of, consent_of, path_of, run, strip_of
from .compat import Scene
from .core import roots
from .core.errors import UsageError
from .core.job_labels import label
from .core.runner import JobSpec


def swapping(arguments: argparse.Namespace, scene: Scene) -> swap_specs.Swapping:
    """What the panel of the edit says; what the arguments of `swap`, `preview` and `export-job` say wins."""
    edit = swap_specs.of_panel(scene.deepfake)
    return replace(
        edit,
        model=absolute(arguments.model),
        identity=arguments.identity,
        settings={**edit.settings, **job_specs.key_values(arguments.set)},
        **consent_of(arguments, scene),
        mask_model=path_of(arguments.mask_model) or edit.mask_model,
        repairs=path_of(arguments.repairs) or edit.repairs,
    )


def preview(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = strip_of(arguments)
    frame = scene.frame_current if arguments.frame is None else arguments.frame
    out = path_of(arguments.out) or project.preview(strip, arguments.identity)
    spec = swap_specs.preview(scene, strip, swapping(arguments, scene), frame, out)
    print(f"Preview frame {frame} of {strip.name}. {spec.note}".strip(), file=sys.stderr, flush=True)
    current = session.current()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}.", "Choose another file: --out FILE.png."
        ) from error
    allow = roots.needed(previewing.written(spec))
    answer = previewing.make(current.backend_at(backend_of(arguments)), spec, allow, current.is_closing)
    if answer.get("message"):
        print(answer["message"], file=sys.stderr, flush=True)
    return {"frame": frame, **answer}


def evaluate(arguments: argparse.Namespace) -> dict[str, Any]:
    swap = absolute(arguments.swap)
    plate = path_of(arguments.plate) or evaluations.plate_of(swap)
    request: dict[str, Any] = {"swap": str(swap), "plate": str(plate)}
    names = ("truth", "mask", "identity_faceset", "performer_faceset")
    request |= {name: str(path) for name in names if (path := path_of(getattr(arguments, name)))}
    if arguments.frames:
        request["frames"] = "{}-{}".format(*arguments.frames)
    return run(JobSpec("evaluate", request, label("evaluate", request)), arguments)
