"""What a job is called where people see it."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any


def label(kind: str, request: dict[str, Any]) -> str:
    """ "Train anna + ben: hero_v2", "Extract anna from shot_010.mp4", "Swap ben into shot_010.mp4"; or the kind."""
    made = _LABELS.get(kind)
    return made(request) if made else kind.capitalize()


def _extract(request: dict[str, Any]) -> str:
    sources = [_name(source) for source in request.get("sources") or ()]
    return f"Extract {request.get('identity') or 'faces'} from {', '.join(sources)}"


def _train(request: dict[str, Any]) -> str:
    model = f": {_name(request['model'])}" if request.get("model") else ""
    return f"Train {' + '.join(request.get('facesets') or {})}{model}"


def _name(source: Any) -> str:
    path = source.get("source") if isinstance(source, dict) else source
    return PurePath(str(path)).name


_LABELS: dict[str, Callable[[dict[str, Any]], str]] = {
    "extract": _extract,
    "train": _train,
    "swap": lambda request: f"Swap {request.get('identity')} into {_name(request.get('plate'))}",
    "train-mask": lambda request: f"Train masks on {', '.join(map(_name, request.get('facesets') or ()))}",
    "apply-masks": lambda request: f"Apply masks to {_name(request.get('faceset'))}",
    "evaluate": lambda request: f"Evaluate {_name(request.get('swap'))}",
}
