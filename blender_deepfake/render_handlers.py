"""When a film with placed swaps was rendered, it is signed; the panel says how that went."""

import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from . import compat, film_signing, session
from .backend_place import backend_place, signs_renders
from .compat import Scene
from .core.backend_command import find_program
from .core.errors import DeepfakeError


@dataclass
class Signing:
    """How it stands: `text` is empty where nothing was rendered; `icon` goes with it. `frames` were written so far."""

    text: str = ""
    icon: str = "NONE"
    frames: int = 0
    _noticed: set[str] = field(default_factory=set)

    def tell(self, text: str, icon: str) -> None:
        """Show it, and without a window print it: a mere notice once a session, however many stills are rendered."""
        self.text, self.icon = text, icon
        if bpy.app.background and text not in self._noticed:
            print(f"deepfake: {text}", file=sys.stderr, flush=True)
        if icon == "INFO":
            self._noticed.add(text)


_signing = Signing()


def signing() -> Signing:
    """What the panel shows."""
    return _signing


@compat.persistent
def _begun(scene: Scene, *told: Any) -> None:
    _signing.frames = 0


@compat.persistent
def _written(scene: Scene, *told: Any) -> None:
    _signing.frames += 1


@compat.persistent
def _stopped(scene: Scene, *told: Any) -> None:
    if _concerns(scene):
        _signing.tell("Not signed: the render was stopped. Render the film to its end.", "ERROR")


@compat.persistent
def _finished(scene: Scene, *told: Any) -> None:
    if not _concerns(scene):
        return
    film = film_signing.film_of(scene)
    if film is None:
        _signing.tell("Not signed: pictures were rendered. To sign their folder: ml-backend sign FOLDER.", "INFO")
        return
    wanted = len(range(scene.frame_start, scene.frame_end + 1, scene.frame_step))
    if _signing.frames < wanted:
        _signing.tell(f"Not signed: {_signing.frames} of {wanted} frames were rendered.", "ERROR")
    else:
        _sign(film, film_signing.swaps_shown(scene))


def _concerns(scene: Scene) -> bool:
    """Were files written that show swaps? A picture that is only looked at is none of ours."""
    return _signing.frames > 0 and signs_renders() and bool(film_signing.swaps_shown(scene))


def _sign(film: Path, swaps: list[Path]) -> None:
    """In a thread; without a window at once."""
    current, program = session.current(), backend_place().program
    _signing.tell(f"Signing {film.name} …", "TIME")
    current.ask(lambda: film_signing.sign(find_program(program), film, swaps, current.is_closing), partial(_done, film))


def _done(film: Path, told: dict[str, Any] | DeepfakeError) -> None:
    if isinstance(told, DeepfakeError):
        _signing.tell(f"Not signed: {told}", "ERROR")
    else:
        _signing.tell(f"Signed {film.name}", "CHECKMARK")


_HANDLERS = {
    "render_init": _begun,
    "render_write": _written,
    "render_cancel": _stopped,
    "render_complete": _finished,
}


def register() -> None:
    compat.add_handlers(_HANDLERS)


def unregister() -> None:
    compat.remove_handlers(_HANDLERS)
    _signing.text = ""
