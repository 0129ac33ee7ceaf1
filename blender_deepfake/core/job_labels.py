"""What a job is called where people see it."""

from pathlib import PurePath
from typing import Any


def label(kind: str, request: dict[str, Any]) -> str:
    """ "Train anna + ben", "Extract anna from shot_010.mp4", "Swap ben into shot_010.mp4"; else the kind alone."""
    if kind == "train":
        return f"Train {' + '.join(request.get('facesets') or {})}"
    if kind == "extract":
        sources = [_name(source) for source in request.get("sources") or ()]
        return f"Extract {request.get('identity') or 'faces'} from {', '.join(sources)}"
    if kind == "swap":
        return f"Swap {request.get('identity')} into {_name(request.get('plate'))}"
    if kind == "evaluate":
        return f"Evaluate {_name(request.get('swap'))}"
    return kind.capitalize()


def _name(source: Any) -> str:
    path = source.get("source") if isinstance(source, dict) else source
    return PurePath(str(path)).name
