"""`ml-backend model info|checkpoints|rollback|export|onnx|timelapse|curve`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any


def add_model_parser(subparsers: Any) -> None:
    """Add `model` and its actions to `subparsers` (of an argparse parser); each sets `handler`."""
    text = "describe trained models, go back to older checkpoints, and export"
    actions = subparsers.add_parser("model", help=text, description=text).add_subparsers(
        dest="model_action", required=True, metavar="ACTION"
    )
    _action(actions, "info", "info", "say what a model knows, what it is made of and how it was trained")
    _action(actions, "checkpoints", "checkpoints", "list the checkpoints, the newest last")
    back = _action(actions, "rollback", "roll_back", "go back to an older checkpoint; newer ones are set aside")
    back.add_argument("--to", required=True, type=int, metavar="ITERATION", help="see model checkpoints")

    export = _action(actions, "export", "export", "write one small file that swaps, for other machines")
    export.add_argument("--identity", action="append", default=[], metavar="NAME", help="only these (all)")
    export.add_argument(
        "--no-portraits", action="store_true", help="without pictures of the people: smaller, and its swaps are softer"
    )
    export.add_argument("--float32", action="store_true", help="keep every digit, for twice the size")
    onnx = _action(actions, "onnx", "onnx", "write what paints an identity as ONNX, for other programs")
    onnx.add_argument("--identity", required=True, metavar="NAME")
    for parser, suffix in ((export, "safetensors"), (onnx, "onnx")):
        parser.add_argument("--out", required=True, type=Path, metavar=f"FILE.{suffix}")
        parser.add_argument("--consent", type=Path, metavar="DIR", help="consent records besides your own")
        parser.add_argument("--project", metavar="NAME", help="the production this is for (ML_BACKEND_PROJECT)")
        parser.add_argument("--shot", metavar="NAME", help="the shot this is for (ML_BACKEND_SHOT)")

    film = _action(actions, "timelapse", "timelapse", "make a film of the previews")
    film.add_argument("--out", required=True, type=Path, metavar="FILE.mp4")
    film.add_argument("--fps", type=float, default=12.0, metavar="F", help="previews a second (12)")
    film.add_argument("--frames", type=int, metavar="N", help="at most so many, spread evenly (all)")
    curve = _action(actions, "curve", "curve", "draw the losses as a picture")
    curve.add_argument("--out", type=Path, metavar="FILE.png", help="the picture (MODEL/curve.png)")


def _action(actions: Any, name: str, action: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("model", type=Path, metavar="MODEL", help="the model's folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=_handler(action))
    return parser


def _handler(action: str) -> Callable[[argparse.Namespace], int]:
    """The function of that name in `model_actions`, which is imported when it is called: torch takes seconds."""

    def handle(args: argparse.Namespace) -> int:
        from . import model_actions

        return int(getattr(model_actions, action)(args))

    return handle
