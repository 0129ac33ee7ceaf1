"""ml-backend: the command line."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from ml_backend import __version__
from ml_backend.doctor.commands import add_doctor_parser
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.facesets.commands import add_faceset_parser
from ml_backend.jobs import JOB_KINDS
from ml_backend.provenance.commands import add_consent_parser
from ml_backend.requests import EvaluateRequest, ExtractRequest, SwapRequest, TrainRequest
from ml_backend.service.commands import add_serve_parser
from ml_backend.service.protocol import PROTOCOL
from ml_backend.terminal import TerminalReporter, log_crash

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 done, 1 failed, 2 wrong usage, 3 refused, 130 stopped by Ctrl-C.

    Raises SystemExit: with 2 for arguments that do not fit, with 0 after --help and --version.
    """
    args = _parser().parse_args(argv)
    try:
        code = int(args.handler(args))
        sys.stdout.flush()
        return code
    except BackendError as error:
        print(f"ml-backend: {_line(error)}", file=sys.stderr)
        return error.exit_code
    except (Cancelled, KeyboardInterrupt):
        print("ml-backend: stopped. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit does not fail
        return 1
    except Exception as error:
        print(f"ml-backend: {type(error).__name__}: {_line(error)}. Log: {log_crash()}", file=sys.stderr)
        return 1


def _line(error: Exception) -> str:
    """The error's text on one line."""
    return " ".join(str(error).split())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ml-backend", description="Face replacement for Blender's sequencer: the machine-learning backend."
    )
    parser.add_argument("--version", action="version", version=f"ml-backend {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    extract = _job(commands, "extract", "find the faces of sources and store them as a faceset", _extract_request)
    extract.add_argument("sources", nargs="+", metavar="SOURCE", help="movie, folder, pattern (####) or plate JSON")
    extract.add_argument("--faceset", required=True, type=Path, metavar="DIR")
    extract.add_argument("--identity", metavar="NAME", help="whose faces these are")
    extract.add_argument("--frames", metavar="RANGE", help="such as 1-100 or 5-")
    extract.add_argument("--size", type=int, default=256, metavar="PX", help="side of the stored crops (256)")

    train = _job(commands, "train", "train a model from facesets", _train_request)
    train.add_argument("--model", required=True, type=Path, metavar="DIR")
    train.add_argument("--faceset", required=True, action="append", metavar="NAME=DIR", help="give two or more")
    train.add_argument("--preset", metavar="P", help="tiny, quick64, quick96, fast128, fine192 or fine256")
    train.add_argument("--iterations", type=int, metavar="N", help="steps that the model shall have had in all")
    train.add_argument("--minutes", type=float, metavar="M", help="minutes that it shall have trained in all")

    swap = _job(commands, "swap", "replace the performer's face on every frame of a plate", _swap_request)
    swap.add_argument("plate", metavar="PLATE", help="movie, folder, pattern (####) or plate JSON")
    swap.add_argument("--model", required=True, type=Path, metavar="DIR")
    swap.add_argument("--identity", required=True, metavar="NAME", help="whose face to paint")
    swap.add_argument("--out", required=True, type=Path, metavar="DIR")
    swap.add_argument("--frames", metavar="RANGE")
    for command in (train, swap):
        command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting")
        command.add_argument("--consent", type=Path, metavar="DIR", help="consent records besides your own")

    evaluate = _job(commands, "evaluate", "measure a swap against the truth", _evaluate_request)
    evaluate.add_argument("swap", type=Path, metavar="SWAP_DIR")
    evaluate.add_argument("--plate", required=True, metavar="PLATE")
    evaluate.add_argument("--truth", required=True, metavar="SOURCE")
    evaluate.add_argument("--mask", metavar="SOURCE", help="grey footage: where to measure")
    evaluate.add_argument("--frames", metavar="RANGE")
    evaluate.add_argument("--identity-faceset", type=Path, metavar="DIR")
    evaluate.add_argument("--performer-faceset", type=Path, metavar="DIR")

    add_faceset_parser(commands)
    add_consent_parser(commands)
    add_serve_parser(commands)
    add_doctor_parser(commands, PROTOCOL)
    return parser


def _job(commands: Any, name: str, text: str, make_request: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    parser.set_defaults(handler=lambda args: _run_job(name, args, make_request))
    return parser


def _run_job(name: str, args: argparse.Namespace, make_request: Any) -> int:
    try:
        request: BaseModel = make_request(args)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{place}: {first['input']!r} is not possible: {first['msg']}.") from error
    with TerminalReporter() as reporter:
        result = JOB_KINDS[name].run(request, reporter)
    if args.json:
        print(to_json(result, inf_nan_mode="null", fallback=str).decode())
    else:
        print("\n".join(f"{key.replace('_', ' '):>22}  {value}" for key, value in result.items()))
    return 0


def _extract_request(args: argparse.Namespace) -> ExtractRequest:
    return ExtractRequest(
        sources=args.sources, faceset=args.faceset, identity=args.identity, frames=args.frames, size=args.size
    )


def _train_request(args: argparse.Namespace) -> TrainRequest:
    return TrainRequest(
        model=args.model,
        facesets={name: Path(folder) for name, folder in _pairs("--faceset", args.faceset).items()},
        preset=args.preset,
        iterations=args.iterations,
        minutes=args.minutes,
        settings=_pairs("--set", args.set),
        consent=args.consent,
    )


def _swap_request(args: argparse.Namespace) -> SwapRequest:
    return SwapRequest(
        plate=args.plate,
        model=args.model,
        identity=args.identity,
        out=args.out,
        frames=args.frames,
        settings=_pairs("--set", args.set),
        consent=args.consent,
    )


def _evaluate_request(args: argparse.Namespace) -> EvaluateRequest:
    return EvaluateRequest(
        swap=args.swap,
        plate=args.plate,
        truth=args.truth,
        mask=args.mask,
        frames=args.frames,
        identity_faceset=args.identity_faceset,
        performer_faceset=args.performer_faceset,
    )


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or not value:
            raise UsageError(f"{option} {text} is not of the form NAME=VALUE.")
        if key in pairs:
            raise UsageError(f"{option} gives {key} twice.")
        pairs[key] = value
    return pairs


if __name__ == "__main__":
    sys.exit(main())
