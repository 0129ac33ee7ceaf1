"""Where a studio plugs in its own classifier of what pictures show; off where none is installed.

A package on the backend's Python names a function in the entry point group `ml_backend.content_check`:

    [project.entry-points."ml_backend.content_check"]
    studio = "studio_check:look"

    def look(pictures: list[numpy.ndarray], step: str) -> bool | str

pictures: some H×W×3 RGB uint8 pictures, not to be changed. step: "extract" (of a source) or "swap" (of the plate). It
answers True to allow, or a text that says why it refuses. It runs in the backend's process, once a job and source.
Every installed check must allow; one that cannot be loaded, raises or answers anything else refuses.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import RefusedError

GROUP = "ml_backend.content_check"
PICTURES = 8
"""So many pictures are shown to a check."""

Step = Literal["extract", "swap"]
Picture = NDArray[np.uint8]
AnyPicture = NDArray[np.uint8 | np.uint16]


class ContentRefused(RefusedError):
    """An installed content check did not allow it: exit 3, HTTP 403."""


def installed_checks() -> list[str]:
    """The names of the installed content checks, each with its function."""
    return [f"{point.name} ({point.value})" for point in _points()]


def chosen(numbers: Sequence[int], count: int = PICTURES) -> list[int]:
    """At most `count` of the frame numbers, ascending, evenly over all of them: those whose pictures to show."""
    if len(numbers) <= count:
        return list(numbers)
    return [numbers[(2 * place + 1) * len(numbers) // (2 * count)] for place in range(count)]


def require_allowed(pictures: Callable[[], Sequence[AnyPicture]], step: Step, what: str) -> None:
    """Show pictures to every installed check. Raises ContentRefused with its reason where one does not allow them.

    pictures: gives H×W×3 RGB arrays, uint8 or uint16 (shown with 8 bits); called only where a check is installed.
    what: names them in the message.
    """
    points = _points()
    if not points:
        return
    shown = [_as_promised(picture) for picture in pictures()]
    for point in points:
        reason = _ask(point, shown, step)
        if reason is not None:
            raise ContentRefused(
                f"The content check {point.name} refuses {what}: {reason}",
                "Ask whoever installed it; ml-backend doctor names the installed checks.",
            )


def _points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def _as_promised(picture: AnyPicture) -> Picture:
    """8 bits, in memory that a check cannot change."""
    shown = picture.view() if picture.dtype == np.uint8 else picture >> 8
    shown.setflags(write=False)
    return np.asarray(shown, np.uint8)


def _ask(point: EntryPoint, pictures: list[Picture], step: Step) -> str | None:
    """The reason for a refusal; None where the check allows."""
    try:
        answer = point.load()(pictures, step)
    except (Exception, SystemExit) as error:
        return f"it failed ({type(error).__name__}: {' '.join(str(error).split())})."
    if answer is True:
        return None
    if isinstance(answer, str) and answer.strip():
        return " ".join(answer.split())
    return f"its answer {answer!r} is neither True nor a reason."
