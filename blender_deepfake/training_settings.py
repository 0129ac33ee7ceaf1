"""The training's settings as properties of the edit, made from core/training_controls.py."""

from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty

from .core import training_controls
from .core.training_controls import GROUPS, Control, Group, Toggle, property_name


class DeepfakeTraining(bpy.types.PropertyGroup):
    """Found at `scene.deepfake.training`: a switch for each group, and its settings."""


def _switch(group: Group) -> Any:
    return BoolProperty(name=group.label, description=f"{group.description}. Off: as the preset has it", options=set())


def _define(control: Control) -> Any:
    words: dict[str, Any] = {"name": control.label, "description": control.description, "options": set()}
    if isinstance(control, Toggle):
        return BoolProperty(default=control.default, **words)
    if control.whole:
        return IntProperty(default=int(control.default), min=int(control.low), max=int(control.high), **words)
    return FloatProperty(default=control.default, min=control.low, max=control.high, step=1, precision=3, **words)


DeepfakeTraining.__annotations__ = {
    **{group.switch: _switch(group) for group in GROUPS},
    **{property_name(control): _define(control) for group in GROUPS for control in group.controls},
}


def told(training: DeepfakeTraining) -> dict[str, str]:
    """What the backend is told: the settings of the groups that are ticked."""
    return training_controls.settings(lambda name: bool(getattr(training, name)), lambda name: getattr(training, name))
