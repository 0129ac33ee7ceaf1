"""The settings of an edit, kept in its scene."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from .choice_settings import RELATIVE, DeepfakeChoice
from .core.training_controls import AUTOMATIC, PRESETS
from .training_settings import DeepfakeTraining

_LIMITS = [
    ("MINUTES", "Minutes", "Train for this long, then stop; train again to continue"),
    ("ITERATIONS", "Iterations", "Train until the model has had this many iterations"),
]
_FRAMINGS = [
    ("face", "Face", "From the brows to the chin: the most pixels for the expression"),
    ("whole-face", "Whole Face", "With the forehead"),
    ("head", "Head", "With hair and ears"),
]
_LANDMARKS = [
    ("mesh", "Mesh", "478 points, fast; what everything here is made for"),
    ("fan", "FAN", "68 points of the face-alignment network; the backend needs its extra [fan] and the weights"),
]
_ROLES = [
    ("PERFORMER", "Performer", "The faces of the person filmed in the plate"),
    ("IDENTITY", "Identity", "The faces of the person whose likeness is used"),
]


class DeepfakeSettings(bpy.types.PropertyGroup):
    """Found at `scene.deepfake`."""

    if TYPE_CHECKING:
        performer: str
        identity: str
        performer_faceset: str
        identity_faceset: str
        performer_choice: DeepfakeChoice
        identity_choice: DeepfakeChoice
        framing: str
        crop_size: int
        smallest_face: int
        landmark_model: str
        fan_weights: str
        average: bool
        smooth: float
        repair_role: str
        mask_model: str
        mask_minutes: float
        use_mask_model: bool
        consent: str
        project: str
        shot: str
        training: DeepfakeTraining
        model: str
        preset: str
        limit: str
        minutes: float
        iterations: int
        train_settings: str
        swap_settings: str
        swap_names: str
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
            options=RELATIVE,
        )
        identity_faceset: StringProperty(
            name="Identity's Faces",
            description="Folder of the identity's faces. Empty: deepfake/facesets beside the edit",
            subtype="DIR_PATH",
            options=RELATIVE,
        )
        performer_choice: PointerProperty(
            name="Performer in the Strip", description="Which of the people in the strip it is", type=DeepfakeChoice
        )
        identity_choice: PointerProperty(
            name="Identity in the Strip", description="Which of the people in the strip it is", type=DeepfakeChoice
        )
        framing: EnumProperty(
            name="Framing", description="How much around the face is kept with each face", items=_FRAMINGS
        )
        crop_size: IntProperty(
            name="Size",
            description="Side of the stored crops in pixels. 0: as large as the faces in the footage",
            default=0,
            min=0,
            max=2048,
        )
        smallest_face: IntProperty(
            name="Smallest Face",
            description="Side in pixels of the smallest face that is looked for: less finds faces far away and takes "
            "longer, more leaves out crowds. 0: by the footage",
            default=0,
            min=0,
            soft_min=8,
            max=4320,
            subtype="PIXEL",
        )
        landmark_model: EnumProperty(name="Landmarks", description="What measures the faces", items=_LANDMARKS)
        fan_weights: StringProperty(
            name="FAN Weights",
            description="The file with FAN's weights. Empty: found in the torch hub folder of your user data",
            subtype="FILE_PATH",
            options=RELATIVE,
        )
        smooth: FloatProperty(
            name="Smooth",
            description="How much jitter is taken out of the landmarks over time; blinks and speech stay. 0: none",
            default=1.0,
            min=0.0,
            max=4.0,
        )
        average: BoolProperty(
            name="Average", description="Measure each face in several crops and average: steadier, and slower"
        )
        repair_role: EnumProperty(name="Faces", description="Whose faces are repaired and get masks here", items=_ROLES)
        mask_model: StringProperty(
            name="Mask Model",
            description="Folder of the model that finds what covers a face. Empty: deepfake/models/mask beside the "
            "edit",
            subtype="DIR_PATH",
            options=RELATIVE,
        )
        mask_minutes: FloatProperty(
            name="Minutes",
            description="How long to train the mask model",
            default=10.0,
            min=0.1,
            soft_max=240.0,
            precision=1,
        )
        use_mask_model: BoolProperty(
            name="Keep What Covers the Face",
            description="Let hands, hair, glasses and microphones stay in front of the swapped face, as the mask model "
            "finds them",
        )
        consent: StringProperty(
            name="Consent",
            description="Folder of consent records that come with this project. Empty: only your own records",
            subtype="DIR_PATH",
            options=RELATIVE,
        )
        project: StringProperty(
            name="Project",
            description="The production that this edit is for. Consent is given for one production: extraction, "
            "training and swaps tell it. Empty: as the backend's environment says (ML_BACKEND_PROJECT)",
        )
        shot: StringProperty(
            name="Shot",
            description="The shot that this edit is for, where consent covers some shots only. Empty: the strip's name",
        )
        training: PointerProperty(
            name="Training", description="Settings of the training that are not the preset's", type=DeepfakeTraining
        )
        model: StringProperty(
            name="Model",
            description="Folder of the model. Empty: deepfake/models/model beside the edit",
            subtype="DIR_PATH",
            options=RELATIVE,
        )
        preset: EnumProperty(
            name="Preset",
            description="What a new model is: how large, and how long it needs. A model that exists keeps its own",
            items=PRESETS,
            default=AUTOMATIC,
        )
        limit: EnumProperty(name="Train For", description="When the training stops", items=_LIMITS)
        minutes: FloatProperty(
            name="Minutes", description="How long to train", default=30.0, min=0.1, soft_max=1440.0, precision=1
        )
        iterations: IntProperty(
            name="Iterations", description="How many iterations the model shall have", default=20000, min=1
        )
        train_settings: StringProperty(
            name="Others", description="Further settings of the training: key=value, with spaces between"
        )
        swap_settings: StringProperty(
            name="Others", description="Further settings of the swap: key=value, with spaces between"
        )
        swap_names: StringProperty(
            name="File Names",
            description="What the pictures of this edit's swaps are called, with # for the number: {strip}_v001.####. "
            "{strip} and {identity} stand for those names. Empty: six digits",
        )
        place_when_done: BoolProperty(
            name="Place When Done", description="Lay the swap over the strip as soon as it is finished", default=True
        )
        swap_folder: StringProperty(
            name="Swap Folder",
            description="A finished swap to lay over the active strip. Empty: the swap of this strip and identity",
            subtype="DIR_PATH",
            options=RELATIVE,
        )


def register() -> None:
    bpy.utils.register_class(DeepfakeChoice)
    bpy.utils.register_class(DeepfakeTraining)
    bpy.utils.register_class(DeepfakeSettings)
    scene: Any = bpy.types.Scene
    define: Any = PointerProperty
    scene.deepfake = define(type=DeepfakeSettings)


def unregister() -> None:
    scene: Any = bpy.types.Scene
    del scene.deepfake
    bpy.utils.unregister_class(DeepfakeSettings)
    bpy.utils.unregister_class(DeepfakeTraining)
    bpy.utils.unregister_class(DeepfakeChoice)
