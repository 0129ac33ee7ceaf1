"""The command that hands a swap to a farm: `export-job`."""

import argparse
import sys
from dataclasses import replace
from typing import Any

from . import export_job, review_commands, swap_specs, swap_versions
from .command_context import absolute, backend_of, path_of, strip_of
from .core.backend_command import find_program


def export(arguments: argparse.Namespace) -> dict[str, Any]:
    scene, strip = strip_of(arguments)
    out = path_of(arguments.out) or swap_versions.target(strip, arguments.identity)
    swapping = replace(review_commands.swapping(arguments, scene), frames=arguments.frames)
    spec = swap_specs.swap(scene, strip, swapping, out)
    job = export_job.FarmJob(absolute(arguments.job), arguments.format, arguments.chunk, arguments.worker_backend or "")
    print(f"Job for a farm: {spec.label}. {spec.note}".strip(), file=sys.stderr, flush=True)
    answer = export_job.export(find_program(backend_of(arguments).program), spec, job)
    return {"out": str(out), **answer}
