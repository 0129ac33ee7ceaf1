"""The settings of a swap on its strip: properties that Blender's own keyframes animate, and what of them is sent.

They are single properties and not a group, since Blender cannot key the members of a group on a strip.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from . import animation, compat
from .compat import Scene, Strip
from .core import frame_mapping, swap_keys
from .core.errors import UsageError
from .core.swap_controls import CONTROLS, DEFAULT, Choice, Control, Number, Toggle, property_name


@dataclass(frozen=True)
class SwapControls:
    """What was changed on a strip: constant `settings` as text, `keys` by plate frame, and what to tell the user."""

    settings: dict[str, str] = field(default_factory=dict)
    keys: dict[str, list[swap_keys.Key]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read(scene: Scene, strip: Strip, numbers: Sequence[int]) -> SwapControls:
    """The settings of `strip`. `numbers` has the plate's frame for each frame of the timeline that the strip shows."""
    frames = compat.timing(strip).frames
    settings: dict[str, str] = {}
    keys: dict[str, list[swap_keys.Key]] = {}
    warnings: list[str] = []
    for control in CONTROLS:
        name = property_name(control)
        if not isinstance(control, Number):
            settings |= _fixed(strip, control)
            continue
        if animation.is_driven(scene, strip, name):
            warnings.append(f"{control.label} has a driver, which is not followed: its present value is used")
        elif animation.curve(scene, strip, name) is not None:
            sampled = [_rounded(control, value) for value in animation.values(scene, strip, name, frames)]
            samples, torn = swap_keys.by_plate_frame(numbers, sampled)
            thin = swap_keys.thinned(samples)
            settings |= {control.name: str(thin[0][1])} if len(thin) == 1 else {}
            keys |= {control.name: thin} if len(thin) > 1 else {}
            if torn:
                warnings.append(
                    f"{control.label} differs where the strip shows frame {frame_mapping.span(torn)} of the plate "
                    "again: the first value is used"
                )
            continue
        if strip.is_property_set(name) or animation.is_driven(scene, strip, name):
            settings[control.name] = str(_rounded(control, getattr(strip, name)))
    return SwapControls(settings, keys, tuple(warnings))


def _fixed(strip: Strip, control: Control) -> dict[str, str]:
    name = property_name(control)
    if not strip.is_property_set(name) or (value := getattr(strip, name)) == DEFAULT:
        return {}
    return {control.name: str(value).lower()}


def _rounded(control: Number, value: float) -> float:
    """Inside the range, as Blender itself holds an animated property, and no finer than its floats are."""
    return round(min(max(value, control.low), control.high), 7)


def reset(scene: Scene, strip: Strip) -> None:
    """Leave all to the backend again: forget the values and their keys."""
    paths = {compat.strip_path(strip) + property_name(control) for control in CONTROLS}
    for holder, curve in [pair for pair in compat.curves(scene) if pair[1].data_path in paths]:
        holder.remove(curve)
    for control in CONTROLS:
        strip.property_unset(property_name(control))


def chosen(strip: Strip) -> dict[str, str]:
    """What was changed on `strip`, as it is now, as text: for a preset."""
    found: dict[str, str] = {}
    for control in CONTROLS:
        name = property_name(control)
        if not isinstance(control, Number):
            found |= _fixed(strip, control)
        elif strip.is_property_set(name):
            found[control.name] = str(_rounded(control, getattr(strip, name)))
    return found


def replace(scene: Scene, strip: Strip, settings: Mapping[str, str]) -> None:
    """Set these, given as text by the backend's names, and leave all others to the backend. Raises before it begins."""
    known = {control.name: control for control in CONTROLS}
    values = {name: _parsed(known, name, text) for name, text in settings.items()}
    reset(scene, strip)
    for name, value in values.items():
        setattr(strip, property_name(known[name]), value)


def _parsed(known: Mapping[str, Control], name: str, text: str) -> Any:
    control = known.get(name)
    if control is None:
        raise UsageError(f"A swap has no setting {name!r}.", f"It has: {', '.join(known)}.")
    if isinstance(control, Toggle) and text in ("true", "false"):
        return text == "true"
    if isinstance(control, Choice) and text in [item[0] for item in control.items]:
        return text
    if isinstance(control, Number):
        with suppress(ValueError):
            return float(text)
    raise UsageError(f"{text!r} is no value of the setting {name!r}.", control.description + ".")


def _define(control: Control) -> Any:
    if isinstance(control, Number):
        return FloatProperty(
            name=control.label,
            description=control.description,
            default=control.default,
            min=control.low,
            max=control.high,
            step=1,
            precision=3,
            options={"ANIMATABLE"} if control.can_be_keyed else set(),
        )
    if isinstance(control, Choice):
        items = [(DEFAULT, "Default", "What the backend takes for best"), *control.items]
        return EnumProperty(name=control.label, description=control.description, items=items, options=set())
    return BoolProperty(name=control.label, description=control.description, default=control.default, options=set())


def register() -> None:
    for control in CONTROLS:
        setattr(bpy.types.Strip, property_name(control), _define(control))


def unregister() -> None:
    for control in CONTROLS:
        delattr(bpy.types.Strip, property_name(control))
