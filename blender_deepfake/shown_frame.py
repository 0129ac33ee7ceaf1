"""Which pixel of which frame of the source a person points at, over the frame that a strip shows now."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import plate_copy, project, strips
from .compat import Scene, Strip
from .core import frame_mapping, plates
from .core.errors import UsageError
from .core.picture_mapping import Placement, View


@dataclass(frozen=True)
class ShownFrame:
    """Frame `number` of `source`, named and numbered as an extraction of the strip does it, and where it is seen."""

    source: Path
    number: int
    view: View


def shown_frame(scene: Scene, strip: Strip, frame: int | None = None) -> ShownFrame:
    """What `strip` shows at `frame` of the timeline; at the scene's current one where that is None.

    The view is always that of the current frame. Raises UsageError where the strip has no picture there.
    """
    if not strips.has_picture(strip):
        raise UsageError("No strip with a picture is selected.", "Select the strip that shows the face.")
    frame = scene.frame_current if frame is None else frame
    description = strips.describe(scene, strip)
    timing = description.timing
    if frame not in timing.frames:
        raise UsageError(
            f"The strip {strip.name!r} shows nothing at frame {frame}.",
            f"Go to a frame from {timing.left} to {timing.right - 1}.",
        )
    view = View(_placements(scene, strip), scene.render.pixel_aspect_x / scene.render.pixel_aspect_y)
    if plates.reasons_to_render(description):
        source = plate_copy.folder_of(strip, project.plates()).resolve()
        return ShownFrame(source, frame_mapping.rendered_numbers(timing)[frame - timing.left], view)
    number = plates.decoded_numbers(description)[frame - timing.left]
    return ShownFrame(plates.decoded_source(description), number, view)


def _placements(scene: Scene, strip: Strip) -> tuple[Placement, ...]:
    """The strip's own, then those of the meta strips around it, up to the one whose inside the sequencer shows."""
    stack = scene.sequence_editor.meta_stack
    entered = stack[-1].name if len(stack) else ""
    found = [_placement(scene, strip, *_picture_size(scene, strip))]
    parent = strip.parent_meta()
    while parent is not None and parent.name != entered:
        found.append(_placement(scene, parent, scene.render.resolution_x, scene.render.resolution_y))
        parent = parent.parent_meta()
    return tuple(found)


def _picture_size(scene: Scene, strip: Strip) -> tuple[int, int]:
    element = next(iter(getattr(strip, "elements", None) or ()), None)
    if element is not None and element.orig_width and element.orig_height:
        return element.orig_width, element.orig_height
    return scene.render.resolution_x, scene.render.resolution_y


def _placement(scene: Scene, strip: Strip, width: int, height: int) -> Placement:
    frame = width, height, scene.render.resolution_x, scene.render.resolution_y
    transform: Any = getattr(strip, "transform", None)
    if transform is None:
        return Placement(*frame)
    return Placement(
        *frame,
        offset_x=transform.offset_x,
        offset_y=transform.offset_y,
        scale_x=transform.scale_x,
        scale_y=transform.scale_y,
        rotation=transform.rotation,
        origin_x=transform.origin[0],
        origin_y=transform.origin[1],
        flip_x=strip.use_flip_x,
        flip_y=strip.use_flip_y,
    )
