"""The settings of a training that an artist changes, in groups: each is the preset's unless its group is ticked.

The other settings of docs/training.md can be given as text. What is shown for an unticked group is only a beginning.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

AUTOMATIC = "AUTO"
PRESETS = (
    (AUTOMATIC, "For This Machine", "quick96 on a processor, fast128 on a GPU; a model that exists keeps its own"),
    (
        "quick96",
        "Quick 96",
        "96 pixels: minutes on a processor; begins from the base model that is part of the backend",
    ),
    ("quick64", "Quick 64", "64 pixels: the fastest first look; soft"),
    ("fast128", "Fast 128", "128 pixels: an hour on a GPU"),
    ("df128", "DF 128", "128 pixels: the network of DeepFaceLab's DF-UD"),
    ("liae128", "LIAE 128", "128 pixels: as DeepFaceLab's LIAE-UD, takes more of the performer's light and shape over"),
    ("fine192", "Fine 192", "192 pixels: over night on a GPU"),
    ("fine256", "Fine 256", "256 pixels: days on a large GPU"),
    ("liae256", "LIAE 256", "256 pixels: LIAE for days on a large GPU"),
    ("grown512", "Grown 512", "512 pixels, grown from small faces: close-ups, days on large GPUs"),
    ("grown1024", "Grown 1024", "1024 pixels, grown from small faces: extreme close-ups, several large GPUs"),
    ("classic64", "Classic 64", "The method of 2017, to compare with"),
    ("tiny", "Tiny", "32 pixels: only to see whether everything works"),
)


@dataclass(frozen=True)
class Number:
    """`name` is the backend's; `whole` numbers have no fraction."""

    name: str
    label: str
    description: str
    default: float
    low: float
    high: float
    whole: bool = False


@dataclass(frozen=True)
class Toggle:
    name: str
    label: str
    description: str
    default: bool


Control = Number | Toggle


@dataclass(frozen=True)
class Group:
    """A sub-panel; `switch` is the property that ticks it."""

    switch: str
    label: str
    description: str
    controls: tuple[Control, ...]


GROUPS: tuple[Group, ...] = (
    Group(
        "sharpen",
        "Sharpen Late (GAN)",
        "A second network that tells made faces from real ones sharpens the last part of the training. It costs "
        "several times as much a step",
        (
            Number("loss.adversarial", "Strength", "How much its verdict counts", 0.02, 0.0, 0.5),
            Number("gan_start", "From", "Part of the training after which it begins", 0.5, 0.0, 0.95),
        ),
    ),
    Group(
        "losses",
        "What Counts",
        "What the training is asked for",
        (
            Number(
                "loss.eyes_and_mouth", "Eyes and Mouth", "How much more eyes and lips count than skin", 2.0, 0.0, 10.0
            ),
            Number(
                "loss.recognition", "Likeness", "Features of a face recogniser: 0.05 is a beginning; slow", 0.0, 0, 1
            ),
            Number("loss.outside", "Around the Face", "How much what surrounds the face counts", 0.05, 0.0, 1.0),
            Number(
                "loss.face_style", "Performer's Colours", "Colours of the swapped face as the performer's", 0.0, 0, 10
            ),
        ),
    ),
    Group(
        "masks",
        "Masks",
        "How the shape of the face is learned, and how the training gets used to what covers it. Painted and "
        "predicted masks of the faceset always count",
        (
            Number("loss.mask", "Shape", "How much the shape of the face counts", 0.1, 0.0, 2.0),
            Number(
                "augmentation.occluders", "Things in Front", "Part of the faces with something laid over", 0.0, 0, 1
            ),
        ),
    ),
    Group(
        "colour",
        "Colour and Light",
        "Random changes that keep the model from learning one light only",
        (
            Number("augmentation.light", "Light", "Exposure, contrast and tint", 0.15, 0.0, 0.5),
            Number("augmentation.colour", "Colour", "Tint and contrast of what goes in only", 0.05, 0.0, 0.5),
        ),
    ),
    Group(
        "movement",
        "Movement",
        "Random changes of place and shape",
        (
            Number("augmentation.rotate", "Rotate", "Degrees, both ways", 8.0, 0.0, 45.0),
            Number("augmentation.scale", "Scale", "Part of the face's size", 0.06, 0.0, 0.15),
            Number("augmentation.shift", "Shift", "Part of the face's size", 0.03, 0.0, 0.1),
            Number("augmentation.warp", "Warp", "Elastic warp of what goes in", 0.02, 0.0, 0.1),
            Number("augmentation.blur", "Blur", "Blurs half of the faces that go in, for soft footage", 0.0, 0.0, 0.05),
            Number("augmentation.noise", "Grain", "Noise on the faces that go in, for grainy footage", 0.0, 0.0, 0.2),
        ),
    ),
    Group(
        "learning",
        "Learning",
        "Size of a step, and memory",
        (
            Number("batch_size", "Faces a Step", "Of each person; more need more memory", 8, 1, 512, whole=True),
            Number("accumulate", "In Parts", "Work a step through in so many parts: less memory", 1, 1, 64, whole=True),
            Toggle("gradient_checkpointing", "Save Memory", "Less memory for more time", False),
            Toggle(
                "watch_threads",
                "Share Processors",
                "Without a GPU: fewer threads while Blender or other programs want the processors, which is faster "
                "then. A training that is broken off and goes on is not the same in the last digits",
                False,
            ),
            Number("balance", "Rare Poses", "0: faces at random, 1: rare poses as often as others", 0.5, 0.0, 1.0),
        ),
    ),
    Group(
        "keeping",
        "Saving",
        "How often pictures and checkpoints are written",
        (
            Number("preview_minutes", "Picture Every", "Minutes between two previews", 1.0, 0.05, 120.0),
            Number("checkpoint_minutes", "Checkpoint Every", "Minutes between two checkpoints", 5.0, 0.1, 240.0),
            Number(
                "keep_checkpoints",
                "Newest Kept",
                "So many of the newest stay; of older ones some",
                3,
                1,
                50,
                whole=True,
            ),
            Toggle("keep_history", "Keep Older Ones", "Some older checkpoints stay too, to go back to", True),
        ),
    ),
)


def property_name(control: Control) -> str:
    return control.name.replace(".", "_")


def settings(ticked: Callable[[str], bool], value: Callable[[str], Any]) -> dict[str, str]:
    """What the backend is told: all of the groups that are ticked. Both callables take names of properties."""
    told: dict[str, str] = {}
    for group in GROUPS:
        if ticked(group.switch):
            told |= {control.name: _text(control, value(property_name(control))) for control in group.controls}
    return _with_recipe(told)


def _text(control: Control, value: Any) -> str:
    if isinstance(control, Toggle):
        return str(bool(value)).lower()
    held = min(max(float(value), control.low), control.high)
    return str(round(held)) if control.whole else str(round(held, 6))


def _with_recipe(told: Mapping[str, str]) -> dict[str, str]:
    """The backend knows no start of its discriminator, but phases that rest it."""
    start = told.get("gan_start")
    others = {name: text for name, text in told.items() if name != "gan_start"}
    if start is None:
        return others
    rest = [{"until": float(start), "adversarial": 0}] if float(start) > 0 else []
    return {**others, "opponent.kind": "unet", "recipe": json.dumps([*rest, {"until": 1}])}
