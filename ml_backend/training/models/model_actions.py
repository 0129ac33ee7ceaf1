"""What `ml-backend model` does: runs an action and tells people or programs of it.

Each function takes the parsed arguments and returns the exit code; what goes wrong is raised as a BackendError.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from ml_backend.errors import UsageError
from ml_backend.folder_lock import hold
from ml_backend.networks.counts import count_parameters
from ml_backend.training.curves.curve_file import read_curves
from ml_backend.training.curves.curve_picture import curve_picture
from ml_backend.training.curves.timelapse import write_timelapse

from .alone import LOCK
from .checkpoints import CheckpointInfo, list_checkpoints, load_for_swap, read_info
from .export import export_model
from .history import rollback
from .onnx_export import export_onnx


def info(args: argparse.Namespace) -> int:
    """Of the newest checkpoint, or of an exported model's file."""
    loaded = load_for_swap(args.model, torch.device("cpu"))
    known = loaded.info
    values: dict[str, Any] = {
        "model": str(args.model),
        "kind": "exported" if args.model.is_file() else "trained",
        "identities": known.identities,
        "iteration": known.iteration,
        "seconds": round(known.seconds, 1),
        "loss": known.loss,
        "checkpoint": loaded.checkpoint,
        "checkpoints": len(list_checkpoints(args.model)),
        "parameters": count_parameters(loaded.network),
        "side": loaded.network.side,
        "architecture": known.config.architecture.model_dump(mode="json"),
        "framing": known.framing,
        "landmark_model": known.landmark_model,
        "consent": known.consent,
        "weights_sha256": loaded.weights_sha256,
        "bytes": _size(args.model),
    }
    shown = values | {
        "identities": ", ".join(known.identities),
        "parameters": "  ".join(f"{part} {count:,}" for part, count in values["parameters"].items()),
        "architecture": "  ".join(f"{key}={value}" for key, value in values["architecture"].items()),
        "consent": ", ".join(f"{name} {sha256[:12]}" for name, sha256 in known.consent.items()),
        "bytes": _megabytes(values["bytes"]),
    }
    _print(args, values, "\n".join(f"{key.replace('_', ' '):>16}  {value}" for key, value in shown.items()))
    return 0


def checkpoints(args: argparse.Namespace) -> int:
    folders = _folders(args.model)
    rows = [_row(folder, read_info(folder)) for folder in folders]
    lines = [
        f"{row['iteration']:>10}  {row['minutes']:>9.1f} min  loss {_number(row['loss']):>8}  "
        f"{_megabytes(row['bytes']):>9}  {', '.join(row['identities'])}"
        for row in rows
    ]
    _print(args, {"model": str(args.model), "checkpoints": rows}, "\n".join(lines))
    return 0


def roll_back(args: argparse.Namespace) -> int:
    _folders(args.model)
    with hold(args.model / LOCK, "If a training of this model runs, stop it first; then run the same again."):
        moved = rollback(args.model, args.to)
    values = {"model": str(args.model), "iteration": args.to, "set_aside": [str(folder) for folder in moved]}
    text = (
        f"{args.model} is back at iteration {args.to}. {len(moved)} newer checkpoints are in {moved[0].parent}."
        if moved
        else f"{args.model} is at iteration {args.to} already."
    )
    _print(args, values, text)
    return 0


def export(args: argparse.Namespace) -> int:
    dtype = torch.float32 if args.float32 else torch.float16
    result = export_model(
        args.model, args.out, args.identity, args.consent, dtype, args.project, args.shot, not args.no_portraits
    )
    who = ", ".join(result["identities"])
    text = f"{result['out']} ({_megabytes(result['bytes'])}) paints {who}: ml-backend swap … --model {result['out']}"
    _print(args, result, text)
    return 0


def onnx(args: argparse.Namespace) -> int:
    result = export_onnx(args.model, args.identity, args.out, args.consent, args.project, args.shot)
    text = (
        f"{result['out']} ({_megabytes(result['bytes'])}) paints {result['identity']} on faces of {result['side']} "
        f"pixels; ONNX Runtime differs from torch by {result['difference']:.1g} at most."
    )
    _print(args, result, text)
    return 0


def timelapse(args: argparse.Namespace) -> int:
    result = write_timelapse(args.model, args.out, args.fps, args.frames)
    text = f"{result['out']}: {result['frames']} previews from iteration {result['first']} to {result['last']}."
    _print(args, result, text)
    return 0


def curve(args: argparse.Namespace) -> int:
    points = read_curves(args.model)
    if not points:
        raise UsageError(f"{args.model} has no curves yet.", "Train it first: ml-backend train --model.")
    out = args.out or args.model / "curve.png"
    last = points[-1]
    curve_picture(points, out, f"{args.model.resolve().name}, {last.iteration} iterations, {last.seconds / 60:.0f} min")
    values = {"out": str(out), "points": len(points), "iteration": last.iteration, "loss": last.loss}
    _print(args, values, f"{out} shows {len(points)} reports; the last loss is {_number(last.loss)}.")
    return 0


def _folders(model: Path) -> list[Path]:
    folders = list_checkpoints(model)
    if not folders:
        raise UsageError(f"{model} holds no trained model.", "Train one with ml-backend train --model.")
    return folders


def _row(folder: Path, known: CheckpointInfo) -> dict[str, Any]:
    return {
        "iteration": known.iteration,
        "minutes": round(known.seconds / 60, 2),
        "loss": known.loss,
        "identities": known.identities,
        "bytes": _size(folder),
        "folder": str(folder),
    }


def _size(place: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _print(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, ensure_ascii=False) if args.json else text)
