"""Has the backend make the preview of one frame."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .core import rendering, roots
from .core.backend_process import Backend
from .swap_specs import PreviewSpec


def written(spec: PreviewSpec) -> dict[str, Any]:
    """The request as a job would name what it writes: a folder."""
    return {**spec.request, "out": str(Path(spec.request["out"]).parent)}


def make(backend: Backend, spec: PreviewSpec, allow: Sequence[Path], should_stop: Callable[[], bool]) -> dict[str, Any]:
    """Render the plate's frame where need be, and have the frame made; returns what the backend says of it.

    The backend may use the folders `allow` from then on. Touches nothing of Blender's and takes its time: for threads.
    """
    if spec.render is not None:
        rendering.run(spec.render, lambda done, total: None, should_stop)
    roots.allow(backend.workspace, allow)
    return backend.connect().preview(spec.request)
