"""The mask of a face as an image to paint on: white where the face is seen, black where something covers it.

The image is not colour managed, so that what is painted is what is stored; mask_overlay.py shows the face under it.
"""

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import compat, image_window, mask_overlay, session
from .core import faceset_index, mask_files
from .core.errors import UsageError

FACESET = "deepfake_faceset"
FACE = "deepfake_face"
CROP = "deepfake_crop"
filling: set[str] = set()  # the names of the masks that drawn shapes are just being filled into
_COVERED, _SEEN = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Painting:
    """A mask that is being painted, as its image says it."""

    image: Any
    faceset: Path
    name: str


def of_image(image: Any) -> Painting | None:
    """The painting that `image` is; None for any other image."""
    if image is None or not image.get(FACE):
        return None
    return Painting(image, Path(image[FACESET]), str(image[FACE]))


def current(context: Any) -> Painting | None:
    """The one in the Image Editor that the mouse is in, else in any that is open, else the latest."""
    spaces = [getattr(context, "space_data", None)]
    windows = context.window_manager.windows if context.window_manager else ()
    spaces += [area.spaces.active for w in windows for area in w.screen.areas if area.type == "IMAGE_EDITOR"]
    images = [space.image for space in spaces if space is not None and space.type == "IMAGE_EDITOR"]
    found = [painting for image in (*images, *reversed(bpy.data.images)) if (painting := of_image(image))]
    return found[0] if found else None


def choose(faceset: Path, which: str, name: str = "") -> str:
    """The face to paint: the "NEXT" or "PREVIOUS" one of `name`, or the next one without a mask ("UNPAINTED").

    That of `name` counts as painted. Raises UsageError where there is none.
    """
    names = faceset_index.names(faceset)
    if not names:
        raise UsageError(f"There are no faces in {faceset}.", "Extract them first.")
    if which == "UNPAINTED":
        chosen = mask_files.next_to_paint(names, mask_files.painted(faceset) | {name})
    else:
        chosen = mask_files.neighbour(names, name, 1 if which == "NEXT" else -1)
    if chosen is None:
        raise UsageError(f"There is no further face in {faceset.name}.", "Choose another face.")
    return chosen


def open_mask(context: Any, faceset: Path, name: str) -> Any:
    """Show the face `name` and its mask in an Image Editor, ready to paint; return the mask's image."""
    opened = current(context)
    if opened is not None and (opened.faceset, opened.name) == (faceset, name):
        image_window.show(context, opened.image, "PAINT")
        return opened.image
    crop_file = faceset / "faces" / name
    if not crop_file.is_file():
        raise UsageError(f"There is no face {crop_file}.", "Choose one that the faceset has.")
    crop: Any = bpy.data.images.load(str(crop_file), check_existing=False)
    crop.name = f"{crop_file.stem} face"
    crop.colorspace_settings.name = "Non-Color"
    width, height = crop.size
    image = _mask(faceset, name, width, height)
    image[FACESET], image[FACE], image[CROP] = str(faceset), name, crop.name
    set_brush(context.scene, covered=True)
    mask_overlay.enable()
    image_window.show(context, image, "PAINT")
    return image


def set_brush(scene: Any, covered: bool) -> None:
    """Black marks what covers the face, white what is seen of it."""
    colours = compat.paint_settings(scene)
    colours.use_unified_color = True
    colours.color, colours.secondary_color = (_COVERED, _SEEN) if covered else (_SEEN, _COVERED)


def _mask(faceset: Path, name: str, width: int, height: int) -> Any:
    present = mask_files.present(faceset, name)
    title = f"{Path(name).stem} mask"
    if present is not None:
        image: Any = bpy.data.images.load(str(present), check_existing=False)
        image.name = title
        image.colorspace_settings.name = "Non-Color"
        if tuple(image.size) == (width, height):
            image.pack()  # Blender's own saving must not write over the file: it would not write it grey
            return image
        bpy.data.images.remove(image)
    image = bpy.data.images.new(title, width, height, alpha=False, float_buffer=False, is_data=True)
    image.generated_color = (1.0, 1.0, 1.0, 1.0)
    return image


def pixels(image: Any) -> "array[float]":
    """Float RGBA in 0–1, the bottom row first."""
    values = array("f", bytes(16 * image.size[0] * image.size[1]))
    image.pixels.foreach_get(values)
    return values


def keep(painting: Painting, leave: bool = False) -> None:
    """Write the mask into its faceset, in a window without waiting for it; `leave`: then let go of the image.

    Where it cannot be written the image stays, and the session's `failure` tells why.
    """
    check_filled(painting)
    (width, height), values = painting.image.size, pixels(painting.image)
    title = painting.image.name

    def save() -> None:
        mask_files.save(painting.faceset, painting.name, values, width, height)

    def close() -> None:
        image: Any = bpy.data.images.get(title)
        if leave and image is not None:
            _close(image)

    session.current().in_background(save, close)


def check_filled(painting: Painting) -> None:
    """UsageError while a drawn shape is being filled in: it would be lost, or what is painted meanwhile."""
    if painting.image.name in filling:
        raise UsageError("The drawn mask is being filled in.", "Try again in a moment.")


def leave(painting: Painting) -> None:
    """Let go of a mask; one that was painted on is kept. Raises UsageError while a drawn shape is being filled in."""
    check_filled(painting)
    if painting.image.is_dirty:
        keep(painting, leave=True)
    else:
        _close(painting.image)


def _close(image: Any) -> None:
    crop: Any = bpy.data.images.get(str(image.get(CROP, "")))
    bpy.data.images.remove(image)
    if crop is not None:
        bpy.data.images.remove(crop)
