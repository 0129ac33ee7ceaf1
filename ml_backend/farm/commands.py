"""`ml-backend farm export|step|run`."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml_backend.errors import UsageError
from ml_backend.requests import SwapRequest
from ml_backend.terminal import TerminalReporter

FORMATS = ("openjd", "deadline", "opencue", "flamenco")

Fill = Callable[[argparse.Namespace], SwapRequest]
Show = Callable[[dict[str, Any], argparse.Namespace], int]


def add_farm_parser(commands: Any, add_swap: Callable[[argparse.ArgumentParser], None], fill: Fill, show: Show) -> None:
    """Add `farm` and its actions to `commands`.

    add_swap: adds the options that say what is swapped; fill makes the request of them; show prints a result.
    """
    text = "swap on a render farm, or by several processes of this machine"
    actions = commands.add_parser("farm", help=text, description=text).add_subparsers(
        dest="farm_action", required=True, metavar="ACTION"
    )
    exporting = _action(actions, "export", "write a swap as a job of a farm")
    add_swap(exporting)
    exporting.add_argument(
        "--job", required=True, type=Path, metavar="DIR", help="the job's folder, seen by all workers"
    )
    exporting.add_argument("--chunk", type=int, default=15, metavar="N", help="frames of a piece (15)")
    exporting.add_argument("--format", default="openjd", choices=FORMATS, help="what the farm reads (openjd)")
    exporting.add_argument("--name", help="the job's name (by the swap's folder)")
    exporting.add_argument(
        "--backend", default="ml-backend", metavar="PROGRAM", help="as the workers call it (ml-backend)"
    )
    exporting.set_defaults(handler=lambda args: show(_export(args, fill), args))

    step = _action(actions, "step", "do one step of a job; what a farm's workers call")
    step.add_argument("job", type=Path, metavar="JOB_DIR")
    step.add_argument("step", choices=("faces", "frames", "join"), help="in this order; frames by many at once")
    which = step.add_mutually_exclusive_group()
    which.add_argument("--frames", metavar="RANGE", help="of step frames: which ones")
    which.add_argument("--piece", type=int, metavar="N", help="of step frames: the piece, counted from 1")
    step.add_argument(
        "--path-mapping-rules", type=Path, metavar="FILE", help="Open Job Description's rules for this machine's paths"
    )
    step.add_argument("--watch-stdin", action="store_true", help="stop with standard input, as farm run asks")
    step.set_defaults(handler=lambda args: show(_step(args), args))

    run = _action(actions, "run", "do a whole job on this machine, several pieces at once")
    run.add_argument("job", type=Path, metavar="JOB_DIR")
    run.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) // 2), metavar="N", help="at once")
    run.add_argument("--retries", type=int, default=2, metavar="N", help="how often a failed piece is tried again (2)")
    run.set_defaults(handler=lambda args: show(_run(args), args))


def _action(actions: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    return parser


def _export(args: argparse.Namespace, fill: Fill) -> dict[str, Any]:
    from .export import export
    from .job import make_job

    job = make_job(fill(args), args.chunk, args.name)
    files = export(job, args.job, args.format, args.backend)
    return {"job": str(args.job), "frames": job.frames, "pieces": len(job.pieces), "files": [str(one) for one in files]}


def _step(args: argparse.Namespace) -> dict[str, Any]:
    from ml_backend.swapping.swap import run_swap

    from .job import read_job
    from .paths import rules
    from .starter import end_with_input

    if args.watch_stdin:
        end_with_input()
    job = read_job(args.job, rules(args.path_mapping_rules, os.environ))
    frames = job.piece(args.piece) if args.piece is not None else args.frames
    if (args.step == "frames") != (frames is not None):
        needs = "needs --frames or --piece" if args.step == "frames" else "is of all frames"
        raise UsageError(f"The step {args.step} {needs}.", "See ml-backend farm step --help.")
    with TerminalReporter() as reporter:
        return run_swap(job.step(args.step, frames), reporter)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    from .job import read_job
    from .local import run_job
    from .paths import rules

    if args.workers < 1 or args.retries < 0:
        raise UsageError("--workers must be 1 or more, and --retries 0 or more.", "Leave them out for the defaults.")
    job = read_job(args.job, rules(None, os.environ))
    with TerminalReporter() as reporter:
        result = run_job(job, args.job, args.workers, args.retries, reporter)
    return {**result, "frames": job.frames, "out": str(job.request.out)}
