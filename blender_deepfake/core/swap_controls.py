"""The adjustable settings of a swap, as data: what a strip stores, what the panels draw, what the backend is told.

A strip stores only what was changed on it. All else is left to the backend, whose defaults stay its own; those named
here are what a control shows until it is touched. Lengths are parts of the distance of the outer eye corners, so that
they fit near and far faces.
"""

from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = "deepfake_"  # of the properties on a strip
DEFAULT = "default"  # the choice that leaves it to the backend
GROUPS = ("Colour", "Mask Edge", "Place", "Detail", "Output")
_SIDES = (
    ("top", "at the forehead"),
    ("bottom", "at the chin"),
    ("left", "at the left of the picture"),
    ("right", "at the right of the picture"),
)


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`, which `can_be_keyed` by frame or is the same for the whole swap."""

    name: str
    group: str
    label: str
    description: str
    default: float
    low: float
    high: float
    can_be_keyed: bool = True


@dataclass(frozen=True)
class Choice:
    """One of `items`: the backend's word, a label and a description each."""

    name: str
    group: str
    label: str
    description: str
    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Toggle:
    name: str
    group: str
    label: str
    description: str
    default: bool


Control = Number | Choice | Toggle


def _sides(name: str, what: str, low: float, high: float) -> Iterator[Number]:
    for side, where in _SIDES:
        yield Number(
            f"{name}_{side}", "Mask Edge", f"{name} {side}".title(), f"{what} {where}, besides", 0.0, low, high
        )


CONTROLS: tuple[Control, ...] = (
    Choice(
        "colour",
        "Colour",
        "Colour Match",
        "How the made face takes on the plate's colours",
        (
            ("none", "None", "The colours as the model made them"),
            ("mean", "Mean", "Shift the colours by their mean"),
            ("reinhard", "Reinhard", "Match mean and spread of each channel"),
            ("mkl", "Linear", "Match mean and covariance with one linear map"),
            ("histogram", "Histogram", "Match the histogram of each channel"),
            ("transport", "Transport", "Match the whole distribution of colours"),
            ("light", "Light", "Take the plate's light across the face and keep the made detail"),
        ),
    ),
    Number("colour_strength", "Colour", "Colour Strength", "How much of the colour match is applied", 1.0, 0.0, 1.0),
    Toggle("colour_skin", "Colour", "Skin Only", "Measure colours on the skin: not on eyes, brows and lips", False),
    Number(
        "colour_smooth",
        "Colour",
        "Colour Smooth",
        "Smoothing of the match over time, so that it does not flicker: σ in frames. 0: none",
        0.0,
        0.0,
        8.0,
        can_be_keyed=False,
    ),
    Choice(
        "blend",
        "Mask Edge",
        "Blend",
        "How the made face goes over into the plate",
        (
            ("feather", "Feather", "A soft edge"),
            ("multiband", "Multi-Band", "Coarse features over a wide edge and fine ones over a narrow one"),
            ("poisson", "Poisson", "The made detail grows out of the plate's colours along the edge"),
            ("light", "Light", "The plate's light and contrast with the made detail"),
        ),
    ),
    Toggle("learned_mask", "Mask Edge", "Learned Mask", "Keep to the mask that the network makes with the face", True),
    Toggle("occlusion", "Mask Edge", "Keep Covers", "With a mask model: what covers the face stays in front", True),
    Number(
        "occlusion_grow",
        "Mask Edge",
        "Cover Margin",
        "How far around a cover nothing is painted, in eye distances",
        0.015,
        0.0,
        0.3,
    ),
    Number(
        "occlusion_feather",
        "Mask Edge",
        "Cover Feather",
        "Width of the soft edge along a cover, in eye distances",
        0.04,
        0.0,
        0.5,
    ),
    Number(
        "mask_smooth",
        "Mask Edge",
        "Mask Smooth",
        "Smoothing of both masks over time, so that their edges do not flicker: σ in frames. 0: none",
        1.0,
        0.0,
        8.0,
        can_be_keyed=False,
    ),
    Number("erode", "Mask Edge", "Erode", "How far the edge moves inwards, in eye distances", 0.0, -0.3, 0.5),
    *_sides("erode", "How far the edge moves inwards", -0.5, 0.5),
    Number("feather", "Mask Edge", "Feather", "Width of the soft edge, in eye distances", 0.15, 0.0, 1.0),
    *_sides("feather", "Width of the soft edge", -1.0, 1.0),
    Number("offset_x", "Place", "Offset X", "Move the face along its eyes, in eye distances", 0.0, -1.0, 1.0),
    Number("offset_y", "Place", "Offset Y", "Move the face down along its nose, in eye distances", 0.0, -1.0, 1.0),
    Number("scale", "Place", "Scale", "Size of the face beside the performer's", 1.0, 0.5, 2.0),
    Number(
        "fit",
        "Place",
        "Fit",
        "How far brows, eyes, nose and mouth are moved together to where the performer's are. 0: where an average face "
        "has them",
        1.0,
        0.0,
        1.0,
    ),
    Number(
        "performance",
        "Place",
        "Performance",
        "How closely lips, lids and brows keep to the performer's. 0: where the network paints them",
        0.7,
        0.0,
        1.0,
    ),
    Number(
        "inner_mouth",
        "Place",
        "Inner Mouth",
        "How much of the performer's teeth and tongue shows between the new face's lips. 0: what the network paints",
        1.0,
        0.0,
        1.0,
    ),
    Number(
        "smooth",
        "Place",
        "Smooth",
        "Smoothing of the face's motion over time; blinks and speech stay. 0: none",
        1.0,
        0.0,
        4.0,
        can_be_keyed=False,
    ),
    Toggle("gaps", "Place", "Fill Gaps", "Paint also where a face was not seen for some frames, by its motion", False),
    Choice(
        "enlarge",
        "Detail",
        "Enlarge",
        "How a face made smaller than the plate's is enlarged",
        (
            ("cubic", "Cubic", "Smooth"),
            ("lanczos", "Lanczos", "Crisp"),
            ("detail", "Detail", "Crisp, with fine detail that fits the plate"),
        ),
    ),
    Number(
        "detail",
        "Detail",
        "Identity Detail",
        "How much of the identity's own fine detail, such as pores and brows, is laid on the face",
        1.0,
        0.0,
        1.0,
    ),
    Number("sharpness", "Detail", "Sharpness", "How far the face takes on the plate's sharpness", 0.0, 0.0, 1.0),
    Number("grain", "Detail", "Grain", "How much of the plate's grain is laid on the face", 1.0, 0.0, 2.0),
    Number(
        "motion_blur",
        "Detail",
        "Motion Blur",
        "Blur along the face's motion: how long the shutter is open, in frames",
        0.0,
        0.0,
        2.0,
    ),
    Number("opacity", "Output", "Opacity", "How much of the new face shows", 1.0, 0.0, 1.0),
    Choice(
        "output",
        "Output",
        "Files",
        "In what files the swap is stored",
        (
            ("auto", "By the Plate", "PNG for plates of up to 16 bit, EXR for float plates"),
            ("png", "PNG", "8 or 16 bit as the plate, straight alpha"),
            ("exr", "EXR", "Half float, scene-linear, premultiplied alpha"),
        ),
    ),
    Toggle("crop", "Output", "Crop to the Face", "Store only the rectangle around the face: small files", False),
    Toggle("layers", "Output", "Layers", "EXR with the raw face, masks and ST map as named layers besides", False),
)


def of_group(group: str) -> list[Control]:
    return [control for control in CONTROLS if control.group == group]


def property_name(control: Control) -> str:
    """What the setting is called on a strip."""
    return PREFIX + control.name
