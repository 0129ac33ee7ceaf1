"""The settings of a training, folded away: a sub-panel for each group, which counts where it is ticked."""

from typing import Any

import bpy

from .. import compat
from ..core.training_controls import GROUPS, Group, property_name
from .sidebar import SidebarPanel, paragraph


class DEEPFAKE_PT_training(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_training"
    bl_label = "Settings"
    bl_parent_id = "DEEPFAKE_PT_train"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        paragraph(layout, context, "The preset's own values count where nothing is ticked.")


class TrainingSettingsPanel(SidebarPanel):
    """One group; the preset's own values count where it is not ticked."""

    bl_parent_id = "DEEPFAKE_PT_training"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set
    group: Group

    def draw_header(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.prop(compat.sequencer_scene(context).deepfake.training, self.group.switch, text="")

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        training = compat.sequencer_scene(context).deepfake.training
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.active = bool(getattr(training, self.group.switch))
        for control in self.group.controls:
            column.prop(training, property_name(control))


def _panel(group: Group) -> type[TrainingSettingsPanel]:
    name = f"DEEPFAKE_PT_training_{group.switch}"
    return type(name, (TrainingSettingsPanel,), {"bl_idname": name, "bl_label": group.label, "group": group})


class DEEPFAKE_PT_training_others(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_training_others"
    bl_label = "Other Settings"
    bl_parent_id = "DEEPFAKE_PT_training"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012  Blender wants a plain set

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        layout.prop(compat.sequencer_scene(context).deepfake, "train_settings", text="", placeholder="key=value")


PANELS: tuple[type[SidebarPanel], ...] = (
    DEEPFAKE_PT_training,
    *(_panel(group) for group in GROUPS),
    DEEPFAKE_PT_training_others,
)
