"""The settings of an edit, kept in its scene."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

_LIMITS = [
    ("MINUTES", "Minutes", "Train for this long, then stop; train again to continue"),
    ("ITERATIONS", "Iterations", "Train until the model has had this many iterations"),
]


class DeepfakeSettings(bpy.types.PropertyGroup):
    """Found at `scene.deepfake`."""

    if TYPE_CHECKING:
        performer: str
        identity: str
        performer_faceset: str
        identity_faceset: str
        consent: str
        model: str
        preset: str
        limit: str
        minutes: float
        iterations: int
        train_settings: str
        swap_settings: str
        place_when_done: bool
        swap_folder: str
    else:
        performer: StringProperty(
            name="Performer",
            description="Name of the person filmed in the plate. Letters, digits, dash and underscore",
            default="performer",
        )
        identity: StringProperty(
            name="Identity",
            description="Name of the person whose likeness is used. There must be a consent record of this name",
        )
        performer_faceset: StringProperty(
            name="Performer's Faces",
            description="Folder of the performer's faces. Empty: deepfake/facesets beside the edit",
            subtype="DIR_PATH",
        )
        identity_faceset: StringProperty(
            name="Identity's Faces",
            description="Folder of the identity's faces. Empty: deepfake/facesets beside the edit",
            subtype="DIR_PATH",
        )
        consent: StringProperty(
            name="Consent",
            description="Folder of consent records that come with this project. Empty: only your own records",
            subtype="DIR_PATH",
        )
        model: StringProperty(
            name="Model",
            description="Folder of the model. Empty: deepfake/models/model beside the edit",
            subtype="DIR_PATH",
        )
        preset: StringProperty(
            name="Preset",
            description="Size of a new model, such as tiny. Empty: what suits this machine. A model keeps its own",
        )
        limit: EnumProperty(name="Train For", description="When the training stops", items=_LIMITS)
        minutes: FloatProperty(
            name="Minutes", description="How long to train", default=30.0, min=0.1, soft_max=1440.0, precision=1
        )
        iterations: IntProperty(
            name="Iterations", description="How many iterations the model shall have", default=20000, min=1
        )
        train_settings: StringProperty(
            name="More", description="Further settings of the training: key=value, with spaces between"
        )
        swap_settings: StringProperty(
            name="More", description="Further settings of the swap: key=value, with spaces between"
        )
        place_when_done: BoolProperty(
            name="Place When Done", description="Lay the swap over the strip as soon as it is finished", default=True
        )
        swap_folder: StringProperty(
            name="Swap Folder",
            description="A finished swap to lay over the active strip. Empty: the swap of this strip and identity",
            subtype="DIR_PATH",
        )


def register() -> None:
    bpy.utils.register_class(DeepfakeSettings)
    scene: Any = bpy.types.Scene
    define: Any = PointerProperty
    scene.deepfake = define(type=DeepfakeSettings)


def unregister() -> None:
    scene: Any = bpy.types.Scene
    del scene.deepfake
    bpy.utils.unregister_class(DeepfakeSettings)
