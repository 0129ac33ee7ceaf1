"""Signs a rendered film for the swaps that it shows, with `ml-backend sign`."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import bpy

from . import compat, strips, swap_versions
from .compat import Scene, Strip
from .core.backend_answer import ask
from .core.backend_command import BackendCommand
from .core.errors import DeepfakeError, UsageError

_SECONDS = 3600.0  # a long film on a slow disk is hashed and written again


def film_of(scene: Scene) -> Path | None:
    """The film that an animation render of `scene` writes; None where it writes pictures."""
    if not scene.render.is_movie_format:
        return None
    return Path(bpy.path.abspath(scene.render.frame_path(frame=scene.frame_start))).resolve()


def swaps_shown(scene: Scene) -> list[Path]:
    """The folders of the placed swaps that a render of `scene` shows: nothing muted, and inside its frames."""
    found = _shown(scene, range(scene.frame_start, scene.frame_end + 1), ())
    return list(dict.fromkeys(swap_versions.folder_of(strip) for strip in found))


def _shown(scene: Scene, frames: range | None, through: tuple[Scene, ...]) -> Iterator[Strip]:
    """`through` are the scenes whose strips led here, so that those that show each other end."""
    edit = scene.sequence_editor
    if edit is None or not scene.render.use_sequencer or scene in through:
        return
    yield from _in(edit, frames, (*through, scene))


def _in(holder: Any, frames: range | None, through: tuple[Scene, ...]) -> Iterator[Strip]:
    """The swaps among the strips of an edit or of a meta strip; of what lies inside others all frames count."""
    for strip in holder.strips:
        timing = compat.timing(strip)
        seen = frames is None or (timing.left < frames.stop and timing.right > frames.start)
        if strip.mute or holder.channels[strip.channel].mute or not seen:
            continue
        if strip.type == "META":
            yield from _in(strip, frames, through)
        elif strip.type == "SCENE" and strip.scene is not None and strip.scene_input == "SEQUENCER":
            yield from _shown(strip.scene, None, through)
        elif strip.get(strips.SOURCE) and strip.type == "IMAGE":
            yield strip


def sign(
    program: BackendCommand, film: Path, swaps: Sequence[Path], should_stop: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Have the backend sign a film, or a folder of rendered pictures, where it lies; returns what it says.

    Takes its time: for threads.
    """
    if not film.exists():
        raise UsageError(f"There is nothing at {film}.", "Render it first.")
    if not swaps:
        raise UsageError(f"The edit shows no placed swap in {film}.", "Name the swaps that it shows: --swap DIR.")
    words = [word for folder in swaps for word in ("--swap", str(folder))]
    answer = ask(program, ["sign", str(film), *words, "--json"], should_stop, _SECONDS)
    if error := answer.get("error"):
        raise DeepfakeError(str(error.get("message") or error), str(error.get("fix") or ""))
    return answer
