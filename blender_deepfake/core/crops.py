"""Where a cropped frame belongs: the part of the plate's picture that it holds, and how it is laid over the rest."""

from dataclasses import dataclass, replace

from .picture_mapping import Placement, Point


@dataclass(frozen=True)
class Window:
    """A rectangle in pixels of the plate's picture; x and y are its top left corner, from the picture's top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Crop:
    """How many pixels of a picture are cut off at each side."""

    left: int = 0
    right: int = 0
    bottom: int = 0
    top: int = 0


def offset(picture: Placement, window: Window) -> Point:
    """The offset that lays the pixels of `window` where they lie when the whole picture is placed as `picture`.

    The window's own strip has the picture's scale, rotation, origin and flips.
    """
    # Flips mirror the whole frame with whatever is placed in it, so they change nothing here.
    whole = replace(picture, flip_x=False, flip_y=False)
    part = replace(whole, width=window.width, height=window.height, offset_x=0.0, offset_y=0.0)
    to = whole.to_frame((window.x, picture.height - window.y - window.height))
    start = part.to_frame((0, 0))
    return to[0] - start[0], to[1] - start[1]


def crop(size: tuple[int, int], whole: Crop, window: Window) -> Crop:
    """What of `window` is cut off, where `whole` is cut off a picture of this size."""
    width, height = size
    return Crop(
        min(max(whole.left - window.x, 0), window.width),
        min(max(whole.right - (width - window.x - window.width), 0), window.width),
        min(max(whole.bottom - (height - window.y - window.height), 0), window.height),
        min(max(whole.top - window.y, 0), window.height),
    )


def wiped(whole: Crop, width: int, position: float, flipped: bool) -> Crop:
    """`whole`, and beyond it what is left of a line at `position` (0–1 of the picture's width) as it is seen."""
    line = round(width * position)
    return replace(whole, right=max(whole.right, line)) if flipped else replace(whole, left=max(whole.left, line))
