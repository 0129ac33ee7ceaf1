"""What can be adjusted in a swap, for all of its frames or frame by frame."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ml_backend.errors import UsageError
from ml_backend.requests import Key

from .around import reach_of
from .curves import value_at
from .masks.sides import Sides


def _keyed(default: float, low: float, high: float, description: str) -> Any:
    """A setting that may change from frame to frame."""
    return Field(default=default, ge=low, le=high, description=description, json_schema_extra={"keyed": True})


LONGEST = 255  # bytes of a file's name, on most file systems
_NUMBER = 10  # digits, as many as the number of a frame may have
_ANY = r'[^/\\:*?"<>|#%\x00-\x1f]*'  # what file names can hold on every system


def _names(pattern: str) -> str:
    """A file's name with one place for its number: nothing that leads to another folder, nor hides the file."""
    if pattern.startswith((".", " ")) or not re.fullmatch(f"{_ANY}#+{_ANY}", pattern):
        raise ValueError("it is no name with one run of # for the number, such as shot_v001.####")
    whole = pattern.removesuffix(".png").removesuffix(".exr").replace("#", "", _NUMBER) + "0" * _NUMBER + ".png"
    if len(whole.encode()) > LONGEST:
        raise ValueError(f"with its number and file type it takes {len(whole.encode())} bytes, {LONGEST} is the most")
    return pattern


class SwapSettings(BaseModel):
    """Lengths are parts of the distance of the outer eye corners, so that they fit near and far faces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faces: Literal["performer", "largest", "all"] = Field(
        default="performer", description="Which faces of a frame are replaced"
    )
    performer: str | None = Field(
        default=None, description="The performer's name in the model; needed where it knows more than two people"
    )
    gaps: bool = Field(default=False, description="Paint also where a face was not seen for some frames, by its motion")
    smooth: float = Field(default=1.0, ge=0, le=4, description="Smoothing of the landmarks over time; 0 is off")

    colour: Literal["none", "mean", "reinhard", "mkl", "histogram", "transport", "light"] = Field(
        default="light", description="How the made face gets the plate's colours"
    )
    colour_strength: float = _keyed(1.0, 0, 1, "How much of the colour match is applied")
    colour_skin: bool = Field(default=False, description="Measure colours on the skin: not on eyes, brows and lips")
    colour_smooth: float = Field(
        default=0.0, ge=0, le=8, description="Smoothing of the colour match over time, σ in frames; 0 is off"
    )

    blend: Literal["feather", "multiband", "poisson", "light"] = Field(
        default="multiband", description="How the made face passes into the plate"
    )
    erode: float = _keyed(0.0, -0.3, 0.5, "How far the mask's edge moves inwards")
    erode_top: float = _keyed(0.0, -0.5, 0.5, "The same at the forehead, besides erode")
    erode_bottom: float = _keyed(0.0, -0.5, 0.5, "The same at the chin, besides erode")
    erode_left: float = _keyed(0.0, -0.5, 0.5, "The same at the viewer's left, besides erode")
    erode_right: float = _keyed(0.0, -0.5, 0.5, "The same at the viewer's right, besides erode")
    feather: float = _keyed(0.15, 0, 1, "Width of the mask's soft edge")
    feather_top: float = _keyed(0.0, -1, 1, "More width at the forehead, besides feather")
    feather_bottom: float = _keyed(0.0, -1, 1, "More width at the chin, besides feather")
    feather_left: float = _keyed(0.0, -1, 1, "More width at the viewer's left, besides feather")
    feather_right: float = _keyed(0.0, -1, 1, "More width at the viewer's right, besides feather")
    learned_mask: bool = Field(default=True, description="Multiply the landmarks' mask by the network's")
    mask_smooth: float = Field(
        default=1.0,
        ge=0,
        le=8,
        description="Smoothing of the network's and the mask model's masks over time, σ in frames; 0 is off",
    )
    occlusion: bool = Field(default=True, description="With a mask model: leave out what it takes for covered")
    occlusion_grow: float = _keyed(0.015, 0, 0.3, "How far around a cover nothing is painted")
    occlusion_feather: float = _keyed(0.04, 0, 0.5, "Width of the soft edge along a cover")
    occlusion_steady: bool = Field(default=False, description="Ask the mask model four times a face: flickers less")

    offset_x: float = _keyed(0.0, -1, 1, "Moves the made face across, along its own eyes")
    offset_y: float = _keyed(0.0, -1, 1, "Moves the made face down, along its own nose")
    scale: float = _keyed(1.0, 0.5, 2, "Size of the made face")
    fit: float = _keyed(1.0, 0, 1, "How far the made face's features are moved to where the performer's are")

    performance: float = _keyed(0.7, 0, 1, "How closely the made face's points keep to the performer's")

    inner_mouth: float = _keyed(1.0, 0, 1, "How much of the performer's teeth and tongue shows between the made lips")

    enlarge: Literal["cubic", "lanczos", "detail"] = Field(
        default="cubic", description="How the made face is brought to the plate's size; detail adds the plate's texture"
    )
    detail: float = _keyed(1.0, 0, 1, "How much of the identity's own fine detail is laid on the made face")
    sharpness: float = _keyed(0.0, 0, 1, "How much the made face gets the plate's sharpness")
    grain: float = _keyed(1.0, 0, 2, "How much of the plate's grain is laid on the made face")
    motion_blur: float = _keyed(0.0, 0, 2, "Blurs the made face along its motion: the shutter's opening in frames")
    opacity: float = _keyed(1.0, 0, 1, "Opacity of the whole layer")

    output: Literal["auto", "png", "exr"] = Field(
        default="auto", description="PNG as deep as the plate, or EXR; auto is EXR for floating-point plates"
    )
    names: Annotated[str, AfterValidator(_names)] | None = Field(
        default=None, description="Names of the files, such as shot_v001.####; six digits alone without"
    )
    crop: bool = Field(
        default=False, description="Write only the part around the faces; the manifest says where it lies"
    )
    layers: bool = Field(default=False, description="EXR with the raw face, masks and ST map as layers")

    @property
    def erosion(self) -> Sides:
        return Sides(*(self.erode + getattr(self, f"erode_{side}") for side in ("top", "bottom", "left", "right")))

    @property
    def softness(self) -> Sides:
        sides = ("top", "bottom", "left", "right")
        return Sides(*(max(0.0, self.feather + getattr(self, f"feather_{side}")) for side in sides))


KEYED = frozenset(
    name
    for name, field in SwapSettings.model_fields.items()
    if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("keyed")
)


def make_settings(texts: Mapping[str, str]) -> SwapSettings:
    """Settings from texts such as {"feather": "0.3"}; raises UsageError that names the wrong one."""
    for key in texts:
        if key not in SwapSettings.model_fields:
            raise UsageError(f"There is no swap setting {key}.", f"Settings: {', '.join(SwapSettings.model_fields)}.")
    return _checked(texts)


Keys = Mapping[str, Sequence[Key]]
"""For each setting that changes: frames and values, see `curves.value_at`."""


DETAIL_SMOOTH = 1.0  # σ in frames over which grain and sharpness are averaged
SHAPE_SMOOTH = 1.0  # and over which the made face's shape is


Place = tuple[float, float]
NOWHERE: Place = (0.0, 0.0)


@dataclass(frozen=True)
class Controls:
    """The settings of a whole swap: `constant` ones, and in place of some of them `keys`.

    features: where the identity's and the performer's lie in their crops, in eye distances across and down from the
    middle; the same twice where that is not known.
    """

    constant: SwapSettings
    keys: Keys
    features: tuple[Place, Place] = (NOWHERE, NOWHERE)

    @classmethod
    def make(cls, texts: Mapping[str, str], keys: Keys) -> "Controls":
        """Raises UsageError that names the setting, and the frame, that is not possible."""
        constant = make_settings(texts)
        for name, points in keys.items():
            if name not in KEYED:
                wrong = "cannot change over time" if name in SwapSettings.model_fields else "does not exist"
                raise UsageError(f"The swap setting {name} {wrong}.", f"These can: {', '.join(sorted(KEYED))}.")
            if not points:
                raise UsageError(f"The swap setting {name} has no keys.", "Give pairs of a frame and a value.")
            for frame, value, *_ in points:
                _checked({name: value}, f" at frame {frame}")
            twice = {frame for frame, count in Counter(key[0] for key in points).items() if count > 1}
            if twice:
                raise UsageError(f"The swap setting {name} has two keys at frame {min(twice)}.", "Give one.")
        return cls(constant, {name: sorted(points, key=lambda key: key[0]) for name, points in keys.items()})

    def at(self, frame: int) -> SwapSettings:
        """The settings of one frame, the offset with what `fit` adds to it."""
        own, performer = self.features
        if not self.keys and own == performer == NOWHERE:
            return self.constant
        there = self.constant.model_copy(update={name: value_at(points, frame) for name, points in self.keys.items()})
        # placing scales about the middle of the crop, and the features with it
        x, y = (there.fit * (theirs - there.scale * ours) for ours, theirs in zip(own, performer, strict=True))
        return there.model_copy(update={"offset_x": there.offset_x + x, "offset_y": there.offset_y + y})

    def ever(self, name: str) -> bool:
        """Is a setting above 0 on any frame?"""
        return any(key[1] > 0 for key in self.keys[name]) if name in self.keys else getattr(self.constant, name) > 0

    @property
    def shaped(self) -> bool:
        """Is the shape of the made faces asked for?"""
        return any(self.ever(name) for name in ("detail", "performance", "inner_mouth"))

    @property
    def reach(self) -> int:
        """How many frames before and after it a frame's picture depends on, besides the smoothing of landmarks."""
        detail = DETAIL_SMOOTH if self.ever("sharpness") or self.ever("grain") else 0.0
        shape = SHAPE_SMOOTH if self.shaped else 0.0
        widest = max(self.constant.colour_smooth, self.constant.mask_smooth, detail, shape)
        return max(reach_of(widest), 1)


def _checked(values: Mapping[str, object], where: str = "") -> SwapSettings:
    try:
        return SwapSettings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"The swap setting {first['loc'][0]}={first['input']}{where} is not possible: {first['msg']}."
        ) from error
