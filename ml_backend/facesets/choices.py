"""What a person can choose: keys, reasons and limits. Imports nothing heavy, as every start of the program reads it."""

from dataclasses import dataclass
from typing import Literal

By = Literal["source", "track", "person"]
ORDERS = ("alike", "different")
"""Orders by how faces look beside others: each as like the one before as can be, or as unlike all before it."""

KEYS = (
    *("source", "sharpness", "exposure", "dark", "bright", "hue", "yaw", "pitch", "roll", "mouth", "eyes", "smile"),
    *("brow", "similarity", "duplicates", "size", "score", "shape", "covered", *ORDERS),
)
"""What faces can be sorted by. Exposure is the skin's luminance, duplicates the distance to the most similar face."""

LIKE = 0.45  # less like the middle than this is most likely another person: 1 - faces.recognition.SAME_PERSON
REASONS = ("blurred", "exposure", "small", "score", "shape", "turned", "covered", "outlier", "duplicate", "uneven")


@dataclass(frozen=True)
class Limits:
    """What a face must have to stay; None does not look. The names and units are those of `scores` and `table`.

    The defaults are for dropping what harms, not what is merely less good: a face goes where its blur is wider than
    a fortieth of the eye distance (1.5 pixels in a face of 128), where its skin is all but black or white (dark skin
    is not), where it has fewer pixels than the smallest network, where its landmarks are unsure or no face's, and where
    it repeats a frame.
    """

    sharpness: float | None = 40.0
    skin: tuple[float, float] | None = (0.04, 0.96)
    dark: float | None = 0.5
    bright: float | None = 0.4
    size: float | None = 64.0
    score: float | None = 0.6
    shape: float | None = 12.0
    yaw: float | None = None
    covered: float | None = 0.5
    similarity: float | None = LIKE
    duplicates: float | None = 0.025


LIMITS = {
    "sharpness": "leave out what is blurrier; 50 is soft, 25 blurred",
    "duplicates": "leave out what differs less from a sharper face",
    "similarity": "leave out who is less like the others: 1 is the same, 0 a stranger",
    "size": "leave out faces smaller than this in the source's pixels",
    "score": "leave out what is less surely a face, 0-1; 0.5 are landmarks that slip off a head that turns away",
    "shape": "leave out whose landmarks are less like a face's; 2-5 is usual, 10 a profile",
    "yaw": "leave out who is turned aside further, in degrees",
    "covered": "leave out faces of which a larger part is covered, by their masks, 0-1",
    "dark": "leave out faces with a larger part of the skin black, 0-1",
    "bright": "leave out faces with a larger part of the skin clipped, 0-1",
}
"""What each limit of one number does, in words."""
