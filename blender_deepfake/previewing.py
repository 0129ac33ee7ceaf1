"""Has the backend make the preview of one frame, and keeps what it said of the last one for the panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .core import rendering, roots
from .core.backend_process import Backend
from .core.errors import DeepfakeError
from .swap_specs import PreviewSpec


@dataclass
class Previewing:
    """`making` while one is being made. `said` is what there is to say of the last one, of the strip with the uid
    `strip`; `failed` where that is why there is none."""

    making: bool = False
    strip: str = ""
    said: str = ""
    failed: bool = False

    def begin(self, strip: str) -> None:
        self.making, self.strip, self.said, self.failed = True, strip, "", False

    def end(self, frame: int, told: dict[str, Any] | DeepfakeError) -> None:
        """`frame` is that of the timeline; `told` what the backend answered."""
        self.making, self.failed = False, isinstance(told, DeepfakeError)
        said = str(told) if isinstance(told, DeepfakeError) else str(told.get("message") or "")
        self.said = f"Frame {frame}: {said}" if said else ""


_state = Previewing()


def state() -> Previewing:
    return _state


def forget() -> None:
    """At unregistering: nobody deals any more with the preview that is being made."""
    _state.making, _state.strip, _state.said, _state.failed = False, "", "", False


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
