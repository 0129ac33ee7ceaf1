"""The only file that names what differs between Blender 4.5 LTS, 5.0 and 5.2 LTS."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import bpy

from .core.frame_mapping import StripTiming

# Blender's stubs describe one version only, and this file is about all of them.
Strip = Any
Scene = Any
_Handler = TypeVar("_Handler")


def timing(strip: Strip) -> StripTiming:
    """Where `strip` lies on the timeline, in whole frames."""
    if hasattr(strip, "left_handle"):  # 5.2 and later; the names before warn there
        return StripTiming(
            round(strip.content_start),
            int(strip.content_duration),
            int(getattr(strip, "content_trim_start", 0)),  # effects have no content to trim
            int(getattr(strip, "content_trim_end", 0)),
            int(strip.left_handle),
            int(strip.right_handle),
            bool(getattr(strip, "use_reverse_frames", False)),
            _origin(strip),
        )
    return StripTiming(
        round(strip.frame_start),
        int(strip.frame_duration),
        int(getattr(strip, "animation_offset_start", 0)),
        int(getattr(strip, "animation_offset_end", 0)),
        int(strip.frame_final_start),
        int(strip.frame_final_end),
        bool(getattr(strip, "use_reverse_frames", False)),
        _origin(strip),
    )


def _origin(strip: Strip) -> int | None:
    """What an effect shows comes from its first input, or from the timeline itself where it has none."""
    if not hasattr(strip, "input_count"):
        return None
    if strip.input_count == 0:
        return 1
    of = timing(strip.input_1)
    return of.content_start - of.trim_start if of.origin is None else of.origin


def lay(strip: Strip, first: int, count: int) -> None:
    """Show all `count` pictures of an image strip from frame `first` on, whatever was cut off its ends.

    Nothing else may lie in its channel: 4.5 can hang when strips overlap meanwhile, others move it elsewhere.
    """
    names = ("content_trim_start", "content_trim_end", "content_start", "left_handle", "right_handle")
    if not hasattr(strip, "left_handle"):
        names = (
            "animation_offset_start",
            "animation_offset_end",
            "frame_start",
            "frame_final_start",
            "frame_final_end",
        )
    for name, value in zip(names, (0, 0, first, first, first + count), strict=True):
        setattr(strip, name, value)


def sequencer_scene(context: Any) -> Scene:
    """The scene whose edit the user sees: from 5.0 on the workspace may show another than the window."""
    return getattr(context, "sequencer_scene", None) or context.scene


def as_sequencer_scene(scene: Scene) -> AbstractContextManager[Any]:
    """Let sequencer operators work on `scene`, in a window or without one."""
    members: dict[str, Any] = {"scene": scene}
    if hasattr(bpy.context, "sequencer_scene"):
        members["sequencer_scene"] = scene
    override: AbstractContextManager[Any] = bpy.context.temp_override(**members)
    return override


def use_png8(settings: Any) -> None:
    """Set a scene's `image_settings` to 8-bit RGB PNG."""
    if hasattr(settings, "media_type"):  # from 5.0 on it decides which formats there are
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    settings.color_mode = "RGB"
    settings.color_depth = "8"


def use_png16(settings: Any) -> None:
    """Set a scene's `image_settings` to 16-bit RGB PNG."""
    use_png8(settings)
    settings.color_depth = "16"


def use_light(settings: Any) -> None:
    """Set a scene's `image_settings` to half-float RGB EXR without loss."""
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format = "OPEN_EXR"
    settings.color_mode = "RGB"
    settings.color_depth = "16"
    settings.exr_codec = "ZIP"


def forget_frames(strip: Strip) -> None:
    """Make `strip` read its files again: from 5.0 on Blender does not see that they changed."""
    if hasattr(strip, "invalidate_cache"):
        strip.invalidate_cache("RAW")


def persistent(handler: _Handler) -> _Handler:
    """Keep a handler when another file is opened."""
    handlers: Any = bpy.app.handlers
    kept: _Handler = handlers.persistent(handler)
    return kept


def is_rendering() -> bool:
    """Does a render run in this Blender? Strips must not change meanwhile."""
    app: Any = bpy.app
    return bool(app.is_job_running("RENDER"))


def curves(scene: Scene) -> Iterator[tuple[Any, Any]]:
    """All animation curves of `scene`, each with the collection that holds it. Others may share its action."""
    data = scene.animation_data
    if data is None or data.action is None or data.action_slot is None:
        return
    for layer in data.action.layers:
        for track in layer.strips:
            bag = track.channelbag(data.action_slot)
            for curve in bag.fcurves if bag is not None else ():
                yield bag.fcurves, curve


def strip_path(strip: Strip) -> str:
    """The start of the data paths of what is animated on `strip`."""
    return f"{strip.path_from_id()}."


def paint_settings(scene: Scene) -> Any:
    """The settings that all brushes of the Image Editor share: from 5.0 on each mode has its own."""
    own = getattr(scene.tool_settings.image_paint, "unified_paint_settings", None)
    return own or scene.tool_settings.unified_paint_settings


def add_handlers(handlers: Mapping[str, Callable[..., None]]) -> None:
    """Have Blender call `handlers`, each at the event of its name in bpy.app.handlers."""
    for name, handler in handlers.items():
        getattr(bpy.app.handlers, name).append(handler)


def remove_handlers(handlers: Mapping[str, Callable[..., None]]) -> None:
    for name, handler in handlers.items():
        getattr(bpy.app.handlers, name).remove(handler)
