"""ml-backend: the command line."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from ml_backend import __version__
from ml_backend.delivery.commands import add_delivery_parsers
from ml_backend.delivery.deliver_commands import add_deliver_parser
from ml_backend.doctor.commands import add_doctor_parser
from ml_backend.errors import BackendError, Cancelled, UsageError, is_full_disk, long_names_refused
from ml_backend.facesets.commands import add_faceset_parser
from ml_backend.farm.commands import add_farm_parser
from ml_backend.jobs import JOB_KINDS
from ml_backend.provenance.audit_commands import add_audit_parser
from ml_backend.provenance.commands import add_consent_parser
from ml_backend.provenance.plain import plain
from ml_backend.requests import (
    ApplyMasksRequest,
    EvaluateRequest,
    ExtractRequest,
    Framing,
    LandmarkModel,
    PreviewRequest,
    SwapRequest,
    TrainMaskRequest,
    TrainRequest,
)
from ml_backend.service.commands import add_serve_parser
from ml_backend.service.protocol import PROTOCOL
from ml_backend.terminal import TerminalReporter, let_all_be_printed, log_crash
from ml_backend.training.models.model_commands import add_model_parser

Request = TypeVar("Request", bound=BaseModel)

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended
_LONGEST_LINE = 20_000  # letters of an error's text
_LONGEST_LIST = 20  # values that are shown without --json


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 done, 1 failed, 2 wrong usage, 3 refused, 130 stopped by Ctrl-C.

    Raises SystemExit: with 2 for arguments that do not fit, with 0 after --help and --version.
    """
    let_all_be_printed()
    args = parser().parse_args(argv)
    if os.environ.get("RANK", "0") != "0":  # of the processes that torchrun starts, one tells the result
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    code = _run(args)
    if "TORCHELASTIC_RUN_ID" in os.environ:
        # all is written: torchrun starts a process anew that aborts while Python takes down the threads of its
        # libraries, and the new one waits for partners that have ended
        sys.stderr.flush()
        os._exit(code)
    return code


def _run(args: argparse.Namespace) -> int:
    try:
        with long_names_refused():
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
        if is_full_disk(error):
            print(f"ml-backend: {_line(error)}. Free some space there, then run the command again.", file=sys.stderr)
            return 1
        print(f"ml-backend: {type(error).__name__}: {_line(error)}. Log: {log_crash()}", file=sys.stderr)
        return 1


def _line(error: Exception) -> str:
    """The error's text on one line, in which what records or files are called does not steer the terminal."""
    return plain(" ".join(str(error).split()), _LONGEST_LINE)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ml-backend", description="Face replacement for Blender's sequencer: the machine-learning backend."
    )
    parser.add_argument("--version", action="version", version=f"ml-backend {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_extract(commands)
    _add_trainings(commands)
    _add_swap(commands)
    _add_preview(commands)
    actions = add_faceset_parser(commands)
    apply = _job(actions, "apply-masks", "say of every face what covers it, with a mask model", _apply_masks_request)
    apply.add_argument("faceset", type=Path, metavar="DIR")
    apply.add_argument("--mask-model", required=True, type=Path, metavar="DIR")
    add_model_parser(commands)
    add_deliver_parser(commands)
    add_delivery_parsers(commands)
    add_farm_parser(commands, _add_swap_options, _swap_request, _show)
    add_consent_parser(commands, _look_at)
    add_audit_parser(commands)
    add_serve_parser(commands)
    add_doctor_parser(commands, PROTOCOL)
    return parser


def _add_extract(commands: Any) -> None:
    extract = _job(commands, "extract", "find the faces of sources and store them as a faceset", _extract_request)
    extract.add_argument("sources", nargs="+", metavar="SOURCE", help="movie, folder, pattern (####) or plate JSON")
    extract.add_argument("--faceset", required=True, type=Path, metavar="DIR")
    extract.add_argument("--identity", metavar="NAME", help="whose faces these are")
    extract.add_argument("--frames", metavar="RANGE", help="such as 1-100 or 5-")
    extract.add_argument(
        "--photos", action="store_true", help="folders hold photos, each alone, whatever their names and sizes"
    )
    extract.add_argument(
        "--person",
        default="only",
        metavar="WHO",
        help="whose faces: only (the only person there), largest, all, 1 or 1,3 (of people.png), a reference picture, "
        "FRAME:X,Y or FRAME:X,Y@SOURCE (the face at that pixel)",
    )
    extract.add_argument(
        "--framing", default="face", choices=get_args(Framing), help="the most of the head that training can use (face)"
    )
    extract.add_argument("--size", type=int, metavar="PX", help="side of the stored crops (by the footage)")
    extract.add_argument(
        "--landmarks", default="mesh", choices=get_args(LandmarkModel), help="landmark model (mesh; fan: extra [fan])"
    )
    extract.add_argument("--fan-weights", type=Path, metavar="FILE", help="FAN's weights (torch's hub folder)")
    extract.add_argument("--average", action="store_true", help="measure every face in several crops: steadier, slower")
    extract.add_argument("--smooth", type=float, default=1.0, metavar="X", help="smoothing over time (1; 0: off)")
    extract.add_argument(
        "--smallest", type=float, metavar="PX", help="side of the smallest face wanted (20, or 1/50 of the height)"
    )
    _add_colour(extract)
    _add_consent(extract)


def _add_trainings(commands: Any) -> None:
    mask = _job(commands, "train-mask", "learn from painted masks what covers a face", _train_mask_request)
    mask.add_argument("--model", required=True, type=Path, metavar="DIR", help="the mask model's folder")
    mask.add_argument("--faceset", required=True, action="append", type=Path, metavar="DIR", help="with painted masks")
    mask.add_argument("--iterations", type=int, metavar="N", help="steps that the model shall have had in all")
    mask.add_argument("--minutes", type=float, metavar="M", help="minutes that it shall have trained in all")
    mask.add_argument("--size", type=int, default=128, metavar="PX", help="side of the network's picture (128)")
    _add_settings(mask)

    train = _job(commands, "train", "train a model from facesets", _train_request)
    train.add_argument("--model", required=True, type=Path, metavar="DIR")
    train.add_argument("--faceset", required=True, action="append", metavar="NAME=DIR", help="give two or more")
    train.add_argument(
        "--preset", metavar="P", help="what a new model is, such as quick96; docs/training.md lists them"
    )
    train.add_argument(
        "--iterations", type=int, metavar="N", help="steps that the model shall have had in all (100000, or --minutes)"
    )
    train.add_argument("--minutes", type=float, metavar="M", help="minutes that it shall have trained in all")
    train.add_argument("--devices", type=int, default=1, metavar="N", help="GPUs of this machine that train it (1)")
    train.add_argument("--find-rate", action="store_true", help="try learning rates and say which one is good; no more")
    _add_settings(train)
    _add_consent(train)


def _add_swap(commands: Any) -> None:
    swap = _job(commands, "swap", "replace the performer's face on every frame of a plate", _swap_request)
    _add_swap_options(swap)
    swap.add_argument(
        "--step",
        default="all",
        choices=("all", "faces", "frames", "join"),
        help="for a farm: faces (of all frames, once), frames (a piece; many at once), join (them); all does it in one",
    )

    evaluate = _job(commands, "evaluate", "measure a swap and write a report on it", _evaluate_request)
    evaluate.add_argument("swap", type=Path, metavar="SWAP_DIR")
    evaluate.add_argument("--plate", required=True, metavar="PLATE")
    evaluate.add_argument("--truth", metavar="SOURCE", help="the perfect swap, where there is one")
    evaluate.add_argument("--mask", metavar="SOURCE", help="grey footage: where to compare with the truth")
    evaluate.add_argument("--frames", metavar="RANGE")
    evaluate.add_argument("--identity-faceset", type=Path, metavar="DIR", help="(what the swap's model remembers)")
    evaluate.add_argument("--performer-faceset", type=Path, metavar="DIR", help="(what the swap's model remembers)")
    _add_colour(evaluate)
    evaluate.add_argument("--no-report", action="store_true", help="write the figures only, and no report.html")


def _add_swap_options(command: argparse.ArgumentParser) -> None:
    _add_face(command)
    command.add_argument("--out", required=True, type=Path, metavar="DIR", help="the swap's folder")
    command.add_argument("--frames", metavar="RANGE")


def _add_preview(commands: Any) -> None:
    text = "render one frame of a swap"
    preview = commands.add_parser("preview", help=text, description=text)
    _add_face(preview)
    preview.add_argument("--frame", required=True, type=int, metavar="N")
    out = "the frame; beside it FILE.layer.png, the swap alone"
    preview.add_argument("--out", required=True, type=Path, metavar="FILE.png", help=out)
    preview.add_argument(
        "--swap", type=Path, metavar="DIR", help="a swap of this plate: what it saw steadies the faces"
    )
    preview.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    preview.set_defaults(handler=_run_preview)


def _add_face(command: argparse.ArgumentParser) -> None:
    """Whose face goes into which plate, and how; `_face` takes it."""
    command.add_argument("plate", metavar="PLATE", help="movie, folder, pattern (####) or plate JSON")
    command.add_argument("--model", required=True, type=Path, metavar="DIR")
    command.add_argument("--identity", required=True, metavar="NAME", help="whose face to paint")
    command.add_argument("--mask-model", type=Path, metavar="DIR", help="what covers the face stays in front of it")
    command.add_argument("--repairs", type=Path, metavar="FILE", help="a repairs.json of faces corrected by hand")
    command.add_argument(
        "--keys", type=Path, metavar="FILE.json", help='settings that change: {"opacity": [[1, 0.0], [24, 1.0]]}'
    )
    _add_colour(command)
    _add_settings(command)
    _add_consent(command)


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting")


def _add_colour(command: argparse.ArgumentParser) -> None:
    command.add_argument("--colourspace", metavar="NAME", help="of the footage, such as ACEScg (what its files say)")
    command.add_argument("--ocio", type=Path, metavar="FILE", help="an OpenColorIO configuration that knows the name")


def _add_consent(command: argparse.ArgumentParser) -> None:
    command.add_argument("--consent", type=Path, metavar="DIR", help="consent records besides your own")
    command.add_argument("--project", metavar="NAME", help="the production this is for (ML_BACKEND_PROJECT)")
    command.add_argument("--shot", metavar="NAME", help="the shot this is for (ML_BACKEND_SHOT, or the footage's name)")


def _look_at(picture: Path) -> Sequence[float]:
    """The embedding (128) of the face on a picture; the networks are loaded when it is called."""
    from ml_backend.facesets.people import look_at

    numbers: list[float] = look_at(picture).tolist()
    return numbers


def _permitted(args: argparse.Namespace) -> dict[str, Any]:
    return {"consent": args.consent, "project": args.project, "shot": args.shot}


def _job(commands: Any, name: str, text: str, make_request: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    parser.set_defaults(handler=lambda args: _run_job(name, args, make_request))
    return parser


def _run_job(name: str, args: argparse.Namespace, make_request: Any) -> int:
    request = _filled(make_request, args)
    with TerminalReporter() as reporter:
        result = JOB_KINDS[name].run(request, reporter)
    return _show(result, args)


def _run_preview(args: argparse.Namespace) -> int:
    request = _filled(_preview_request, args)
    from ml_backend.swapping.previews.previewer import Previewer
    from ml_backend.training.device import best_device

    return _show(Previewer(best_device()).render(request), args)


def _filled(make_request: Callable[[argparse.Namespace], Request], args: argparse.Namespace) -> Request:
    try:
        return make_request(args)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{place}: {first['input']!r} is not possible: {first['msg']}.") from error


def _show(result: dict[str, Any], args: argparse.Namespace) -> int:
    if args.json:
        print(to_json(result, inf_nan_mode="null", fallback=str).decode())
    else:
        print("\n".join(f"{key.replace('_', ' '):>22}  {_shown(value)}" for key, value in result.items()))
    return 0


def _shown(value: Any) -> Any:
    """The value, or of a long list only how long it is."""
    return f"{len(value)} values, see --json" if isinstance(value, list) and len(value) > _LONGEST_LIST else value


def _extract_request(args: argparse.Namespace) -> ExtractRequest:
    return ExtractRequest(
        sources=args.sources,
        faceset=args.faceset,
        identity=args.identity,
        frames=args.frames,
        photos=args.photos,
        person=args.person,
        framing=args.framing,
        size=args.size,
        landmarks=args.landmarks,
        fan_weights=args.fan_weights,
        average=args.average,
        smooth=args.smooth,
        smallest=args.smallest,
        colourspace=args.colourspace,
        ocio=args.ocio,
        **_permitted(args),
    )


def _train_mask_request(args: argparse.Namespace) -> TrainMaskRequest:
    return TrainMaskRequest(
        model=args.model,
        facesets=args.faceset,
        iterations=args.iterations,
        minutes=args.minutes,
        size=args.size,
        settings=_pairs("--set", args.set),
    )


def _apply_masks_request(args: argparse.Namespace) -> ApplyMasksRequest:
    return ApplyMasksRequest(faceset=args.faceset, mask_model=args.mask_model)


def _train_request(args: argparse.Namespace) -> TrainRequest:
    return TrainRequest(
        model=args.model,
        facesets={name: Path(folder) for name, folder in _pairs("--faceset", args.faceset).items()},
        preset=args.preset,
        iterations=args.iterations,
        minutes=args.minutes,
        devices=args.devices,
        find_rate=args.find_rate,
        settings=_pairs("--set", args.set),
        **_permitted(args),
    )


def _swap_request(args: argparse.Namespace) -> SwapRequest:
    return SwapRequest(**_face(args), out=args.out, frames=args.frames, step=getattr(args, "step", "all"))


def _preview_request(args: argparse.Namespace) -> PreviewRequest:
    return PreviewRequest(**_face(args), frame=args.frame, out=args.out, swap=args.swap)


def _face(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "plate": args.plate,
        "model": args.model,
        "identity": args.identity,
        "mask_model": args.mask_model,
        "repairs": args.repairs,
        "settings": _pairs("--set", args.set),
        "keys": _keys(args.keys),
        **_permitted(args),
        "colourspace": args.colourspace,
        "ocio": args.ocio,
    }


def _evaluate_request(args: argparse.Namespace) -> EvaluateRequest:
    return EvaluateRequest(
        swap=args.swap,
        plate=args.plate,
        truth=args.truth,
        mask=args.mask,
        frames=args.frames,
        colourspace=args.colourspace,
        ocio=args.ocio,
        identity_faceset=args.identity_faceset,
        performer_faceset=args.performer_faceset,
        report=not args.no_report,
    )


def _keys(file: Path | None) -> Any:
    """What a file of keys holds; the request checks it."""
    if file is None:
        return {}
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} is no file of keys: {error}.", 'Write {"opacity": [[1, 0.0], [24, 1.0]]}.') from error


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
