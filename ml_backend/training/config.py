"""How a model is trained: one typed configuration, which every checkpoint carries."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ml_backend.errors import UsageError
from ml_backend.networks.architecture import Architecture
from ml_backend.networks.families import check_architecture
from ml_backend.requests import Name

Precision = Literal["auto", "float32", "bfloat16", "float16"]


class Augmentation(BaseModel):
    """Random changes of the training faces. Lengths are parts of the face crop's side."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    rotate: float = Field(default=8.0, ge=0, le=45, description="Degrees, both ways")
    scale: float = Field(default=0.06, ge=0, le=0.15, description="Larger and smaller, as a part of the size")
    shift: float = Field(default=0.03, ge=0, le=0.1, description="Sideways, up and down")
    warp: float = Field(default=0.02, ge=0, le=0.1, description="Standard deviation of the elastic warp, input only")
    flip: tuple[Name, ...] = Field(
        default=(), description="Identities half of whose faces are mirrored, or all; faces are not symmetric"
    )
    blinks: float = Field(
        default=0.2, ge=0, le=1, description="Part of the faces that come a second time with their lids drawn shut"
    )
    light: float = Field(default=0.15, ge=0, le=0.5, description="Exposure, contrast, tint and slope, input and target")
    colour: float = Field(default=0.05, ge=0, le=0.5, description="Tint and contrast of the input only")
    blur: float = Field(default=0.0, ge=0, le=0.05, description="Largest deviation of a blur of half the inputs")
    noise: float = Field(default=0.0, ge=0, le=0.2, description="Largest deviation of noise on the inputs, of 1")
    occluders: float = Field(default=0.0, ge=0, le=1, description="Part of the inputs that something is laid over")


class LossWeights(BaseModel):
    """What the autoencoder is asked for; 0 leaves a part out, and then it costs nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dssim: float = Field(default=1.0, ge=0, description="Structural similarity")
    ms_ssim: float = Field(default=0.0, ge=0, description="Structural similarity over several scales")
    l1: float = Field(default=1.0, ge=0, description="Absolute difference")
    l2: float = Field(default=4.0, ge=0, description="Squared difference")
    mask: float = Field(default=0.1, ge=0, description="Difference of the mask")
    eyes_and_mouth: float = Field(default=2.0, ge=0, description="How much more eyes and lips count than skin")
    outside: float = Field(default=0.05, ge=0, le=1, description="How much the picture outside the face counts")
    recognition: float = Field(default=0.0, ge=0, description="Features of the face recogniser: likeness")
    frequency: float = Field(default=0.0, ge=0, description="Focal frequency loss: the frequencies that are missed")
    face_style: float = Field(default=0.0, ge=0, description="Colours of the swapped face as those of the performer")
    background_style: float = Field(default=0.0, ge=0, description="What surrounds the swapped face as the performer's")
    adversarial: float = Field(default=0.0, ge=0, description="Weight of the discriminator's verdict; 0 is off")
    code_adversarial: float = Field(
        default=0.0, ge=0, description="Weight of the code discriminator's verdict, which tells whose code it is"
    )

    @property
    def needs_swaps(self) -> bool:
        """Whether a step must also swap the faces."""
        return self.face_style > 0 or self.background_style > 0

    @property
    def needs_faces(self) -> bool:
        """Whether the rebuilt faces count, whatever the discriminators say."""
        return any((self.dssim, self.ms_ssim, self.l1, self.l2, self.recognition, self.frequency))


class Opponent(BaseModel):
    """The discriminator."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["patch", "unet"] = Field(default="patch", description="Judges patches, or patches and every pixel")
    loss: Literal["hinge", "bce"] = Field(default="hinge", description="Its loss; bce: cross-entropy")
    channels: int = Field(default=32, ge=4, le=256, description="Channels of its first layer")
    spectral_norm: bool = Field(default=True, description="Bounds how steep its verdict can be")
    r1: float = Field(default=0.0, ge=0, description="Weight of the gradient penalty on real faces")
    rate: float = Field(default=1.0, gt=0, le=10, description="Its learning rate, of the autoencoder's")


class Phase(BaseModel):
    """A part of a training with its own demands; factors are those of the configuration's own values."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    until: float = Field(gt=0, le=1, description="Part of the budget at which it ends")
    rate: float = Field(default=1.0, ge=0, le=10, description="Factor of the learning rate")
    warp: float = Field(default=1.0, ge=0, le=2, description="Factor of the elastic warp")
    adversarial: float = Field(default=1.0, ge=0, description="Factor of both discriminators' verdicts; 0 rests them")
    resolution: int | None = Field(default=None, ge=4, le=1024, description="Side that a progressive network grows to")


class TrainingConfig(BaseModel):
    """All that decides the course of a training; every checkpoint carries it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    architecture: Architecture = Architecture()
    base: str = Field(
        default="auto", min_length=1, description="A base model's file; auto: the shipped one that fits; none: noise"
    )
    augmentation: Augmentation = Augmentation()
    loss: LossWeights = LossWeights()
    opponent: Opponent = Opponent()
    recipe: tuple[Phase, ...] = Field(default=(Phase(until=1.0),), min_length=1, description="Phases, one by one")
    batch_size: int = Field(default=8, ge=1, le=512, description="Faces of each identity in a step")
    accumulate: int = Field(default=1, ge=1, le=512, description="Parts that a batch is worked through in")
    balance: float = Field(default=0.5, ge=0, le=1, description="0: faces at random; 1: rare poses as often as others")
    optimizer: Literal["adamw", "adabelief", "lion"] = Field(
        default="adamw", description="How the weights follow the gradient"
    )
    learning_rate: float = Field(default=3e-4, gt=0, le=0.1, description="The highest one")
    encoder_rate: float = Field(default=1.0, ge=0, le=10, description="Factor of the rate of what all faces share")
    weight_decay: float = Field(default=1e-4, ge=0, le=1, description="Pull of the weights towards zero")
    rate_dropout: float = Field(default=0.0, ge=0, lt=1, description="Part of the weights that rest in a step")
    schedule: Literal["cosine", "constant", "plateau"] = Field(
        default="cosine",
        description="How the rate falls: in the last part of the budget, never, or where nothing is gained",
    )
    warm_up: int = Field(default=100, ge=0, description="Steps until the learning rate is reached")
    cool_down: float = Field(default=0.4, ge=0, le=1, description="Last part of the budget in which the rate falls")
    clip: float = Field(default=1.0, gt=0, description="Largest norm of the gradient")
    ema: float = Field(default=0.995, ge=0, lt=1, description="How much of the averaged weights stays in a step")
    held_out: float = Field(default=0.0, ge=0, le=0.5, description="Part of the faces that only measures")
    check_every: int = Field(default=200, ge=1, description="Steps between two looks at the held-out faces")
    patience: int = Field(default=0, ge=0, description="Looks without gain before the training ends; 0: never")
    precision: Precision = Field(default="auto", description="Of the network's numbers; auto: by the hardware")
    compile: bool = Field(default=False, description="Let torch compile the network; without a compiler it goes on")
    gradient_checkpointing: bool = Field(default=False, description="Less memory for more time")
    watch_threads: bool = Field(
        default=False, description="Fewer threads where other programs want the processors; rounds differently then"
    )
    checkpoint_minutes: float = Field(default=5.0, gt=0, description="Between two checkpoints")
    preview_minutes: float = Field(default=1.0, gt=0, description="Between two previews")
    keep_checkpoints: int = Field(default=3, ge=1, description="Newest checkpoints that are kept")
    keep_history: bool = Field(default=True, description="Older checkpoints are kept too, the older the fewer")
    seed: int = Field(default=1, ge=0, lt=2**31, description="Of all chance")

    @model_validator(mode="after")
    def _possible(self) -> "TrainingConfig":
        check_architecture(self.architecture)
        if self.compile and self.architecture.family == "progressive":
            raise ValueError("compile=true is not for a progressive network, which is another one with every step")
        ends = [phase.until for phase in self.recipe]
        if ends != sorted(set(ends)) or ends[-1] != 1:
            raise ValueError("the phases of recipe must end one after the other, the last one at 1")
        if self.accumulate > self.batch_size:
            raise ValueError(f"accumulate={self.accumulate} is more than the batch has faces ({self.batch_size})")
        if self.patience and not self.held_out:
            raise ValueError("patience needs held-out faces to look at: set held_out, such as 0.1")
        if self.schedule == "plateau" and not self.held_out:
            raise ValueError("schedule=plateau needs held-out faces to look at: set held_out, such as 0.1")
        for phase in self.recipe:
            judged = phase.adversarial * (self.loss.adversarial + self.loss.code_adversarial)
            if not (self.loss.needs_faces or self.loss.mask or self.loss.needs_swaps or judged):
                raise ValueError("nothing would be learned: the weights of loss that count in a phase are all 0")
        sides = [phase.resolution for phase in self.recipe if phase.resolution is not None]
        if sides and self.architecture.family != "progressive":
            raise ValueError("only a progressive network grows: a phase's resolution needs architecture.family")
        if sides != sorted(sides) or any(side > self.architecture.resolution for side in sides):
            raise ValueError("the phases' resolutions must grow, up to architecture.resolution")
        if self.loss.code_adversarial and self.architecture.family == "liae":
            raise ValueError("loss.code_adversarial is for networks whose identities share one inter, not for liae")
        return self


def change_config(config: TrainingConfig, settings: Mapping[str, str]) -> TrainingConfig:
    """The configuration with some settings changed, such as {"batch_size": "4", "loss.mask": "0.2"}.

    A list is written as JSON, such as recipe=[{"until": 0.5}, {"until": 1, "warp": 0}]; names also with commas, such
    as augmentation.flip=anna,ben. Raises UsageError that names what is unknown and what exists.
    """
    values = config.model_dump()
    for key, text in settings.items():
        place = values
        *parents, last = key.split(".")
        for part in parents:
            place = place.get(part) if isinstance(place, dict) else None  # type: ignore[assignment]
        if not isinstance(place, dict) or last not in place or isinstance(place[last], dict):
            raise UsageError(
                f"There is no training setting {key}.", f"Settings: {', '.join(_names(config.model_dump()))}."
            )
        place[last] = _listed(text) if isinstance(place[last], tuple | list) else text
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name, why = ".".join(str(part) for part in first["loc"]), first["msg"].removeprefix("Value error, ")
        if not name:
            raise UsageError(f"These training settings do not go together: {why}.") from error
        given = "" if isinstance(first["input"], dict) else f"={first['input']}"
        raise UsageError(f"The training setting {name}{given} is not possible: {why}.") from error


def _listed(text: str) -> Any:
    """A JSON list, or names with commas between them."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text  # the configuration says what is wrong with it
    return [name.strip() for name in text.split(",") if name.strip()]


def _names(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in values.items():
        names += _names(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]
    return names
