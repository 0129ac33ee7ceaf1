"""All that the tracker remembers from one frame to the next."""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .roi import Roi
from .shots import CutState, Thumbnail, thumbnail_from_text, thumbnail_to_text


@dataclass(frozen=True)
class Followed:
    """A face of the frame before: its tracklet, where it was, where it is expected, and who it is.

    look: a small grey picture of it. mean: the mean embedding of the checks until now; latest: that of the last one.
    unchecked: frames since then. wary: so many frames more are checked each. unseen: so many times in a row the
    detector did not see it.
    """

    tracklet: int
    roi: Roi
    expected: Roi
    look: NDArray[np.uint8]
    mean: NDArray[np.float32]
    latest: NDArray[np.float32]
    checks: int = 1
    unchecked: int = 0
    wary: int = 0
    unseen: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "tracklet": self.tracklet,
            "roi": list(self.roi),
            "expected": list(self.expected),
            "look": _to_text(self.look),
            "mean": _to_text(self.mean.astype("<f4")),
            "latest": _to_text(self.latest.astype("<f4")),
            "counts": [self.checks, self.unchecked, self.wary, self.unseen],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Followed":
        look = np.frombuffer(base64.b64decode(value["look"]), np.uint8)
        side = round(len(look) ** 0.5)
        return cls(
            int(value["tracklet"]),
            Roi(*value["roi"]),
            Roi(*value["expected"]),
            look.reshape(side, side),
            _embedding(value["mean"]),
            _embedding(value["latest"]),
            *(int(count) for count in value["counts"]),
        )


@dataclass(frozen=True)
class Lost:
    """A face that was followed: where it was last seen, and how many frames ago."""

    roi: Roi
    ago: int


@dataclass
class TrackerState:
    """So that a killed job can go on exactly where it was. `shot` rises at each cut: the shot of the last frame.

    next_tracklet: the number of the next new tracklet. unlooked: frames since the detector ran, unsearched: since it
    looked for small and turned faces too. looked: the frame on which it ran last. patience: frames until it looks
    again if the picture has changed since.
    """

    shot: int = 0
    next_tracklet: int = 0
    followed: list[Followed] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    unlooked: int = 0
    unsearched: int = 0
    looked: Thumbnail | None = None
    patience: int = 4
    cuts: CutState = field(default_factory=CutState)

    def to_json(self) -> dict[str, Any]:
        return {
            "shot": self.shot,
            "next_tracklet": self.next_tracklet,
            "followed": [face.to_json() for face in self.followed],
            "lost": [[list(lost.roi), lost.ago] for lost in self.lost],
            "unlooked": self.unlooked,
            "unsearched": self.unsearched,
            "looked": thumbnail_to_text(self.looked),
            "patience": self.patience,
            "cuts": self.cuts.to_json(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TrackerState":
        """Raises KeyError, TypeError or ValueError where `value` is not what `to_json` gave."""
        return cls(
            int(value["shot"]),
            int(value["next_tracklet"]),
            [Followed.from_json(face) for face in value["followed"]],
            [Lost(Roi(*roi), int(ago)) for roi, ago in value["lost"]],
            int(value["unlooked"]),
            int(value["unsearched"]),
            thumbnail_from_text(value["looked"]),
            int(value["patience"]),
            CutState.from_json(value["cuts"]),
        )


def _to_text(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _embedding(text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
