"""What the renderer knows of the synthetic actors' footage, read from the JSON lines beside each movie.

A line is a frame. In `demo/footage` it has the pose, the expression and the 68 landmarks of the one actor; in
`tests/footage` it has `shot`, which rises at each cut, and `faces`, a list with the same of every actor and, beside
it, `who` and `covered`. What `write_truth` writes has `pose` in place of the renderer's angles, and `eyes`. Frames are
numbered from 1, places are pixels with (0, 0) at the centre of the first one.
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

OUTER_EYES = (36, 45)  # the outer eye corners among the 68 points
# The eyes' corners and lids, the left eye of the picture first: outer, upper, upper, inner, lower, lower.
EYES = (np.array([36, 37, 38, 39, 40, 41]), np.array([45, 44, 43, 42, 47, 46]))
INNER_LIPS = np.array([61, 62, 63]), np.array([67, 66, 65])  # upper and lower, one below the other


@dataclass(frozen=True)
class TrueFace:
    """One actor's face in one frame.

    landmarks: 68×2 pixels. yaw, pitch, roll: degrees, as `ml_backend.faces.canonical.head_pose` counts them.
    expression: weights in 0–1 by their ARKit names. covered: the part of the face that something hides, 0–1.
    eyes: the distance of the outer eye corners in pixels, as it would be seen from the front.
    """

    who: str
    landmarks: NDArray[np.float64]
    yaw: float
    pitch: float
    roll: float
    expression: Mapping[str, float]
    covered: float
    eyes: float

    def moved(self, scale: float, x: float, y: float) -> "TrueFace":
        """The same face in a picture that was scaled, and then moved by x and y (of its first pixel's corner)."""
        landmarks = (self.landmarks + 0.5) * scale - 0.5 + (x, y)
        return replace(self, landmarks=landmarks, eyes=self.eyes * scale)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 around the landmarks."""
        low, high = self.landmarks.min(0), self.landmarks.max(0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


@dataclass(frozen=True)
class TrueFrame:
    """What is in one frame; `shot` counts from 1."""

    number: int
    shot: int
    faces: tuple[TrueFace, ...]


def read_truth(movie: Path) -> list[TrueFrame]:
    """The truth of a movie of the actors, which lies beside it with the ending .jsonl."""
    lines = [json.loads(line) for line in movie.with_suffix(".jsonl").read_text().splitlines()]
    alone = _person(movie.stem)
    frames = [
        TrueFrame(
            line["frame"],
            line.get("shot", 1),
            tuple(_face(one, alone) for one in line.get("faces", [line])),
        )
        for line in lines
    ]
    return _with_sizes(frames)


def write_truth(movie: Path, frames: Sequence[TrueFrame]) -> None:
    """Write the truth of a movie beside it, for `read_truth`."""
    lines = [
        {"frame": frame.number, "shot": frame.shot, "faces": [_line(face) for face in frame.faces]} for frame in frames
    ]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    movie.with_suffix(".jsonl").write_text(text)


def _line(face: TrueFace) -> dict[str, Any]:
    return {
        "who": face.who,
        "pose": [round(face.yaw, 2), round(face.pitch, 2), round(face.roll, 2)],
        "covered": face.covered,
        "eyes": round(face.eyes, 3),
        "expr": dict(face.expression),
        "landmarks68": face.landmarks.round(2).tolist(),
    }


def _person(stem: str) -> str:
    """plate_A is A, identity_B_take1 is B."""
    return next((part for part in stem.split("_") if len(part) == 1 and part.isupper()), stem)


def _face(value: dict[str, Any], alone: str) -> TrueFace:
    yaw, pitch, roll = value.get("pose") or in_picture_order(value["yaw"], value["pitch"], value["roll"])
    return TrueFace(
        who=value.get("who", alone),
        landmarks=np.array(value["landmarks68"], np.float64),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        expression=value["expr"],
        covered=value.get("covered", 0.0),
        eyes=value.get("eyes", math.nan),
    )


def in_picture_order(yaw: float, pitch: float, roll: float) -> tuple[float, float, float]:
    """The renderer turns a head by roll, then pitch, then yaw, degrees; `head_pose` counts in the opposite order."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = _about_y(y) @ _about_x(p) @ _about_z(r)  # x to the right, y up, z to the camera
    flip = np.diag([1.0, -1.0, -1.0])
    turn = flip @ turn @ flip  # x to the right, y down, z away from it
    angles = (
        np.arctan2(turn[2, 0], turn[2, 2]),
        np.arcsin(np.clip(turn[2, 1], -1, 1)),
        np.arctan2(turn[0, 1], turn[1, 1]),
    )
    first, second, third = np.degrees(angles).tolist()
    return first, second, third


def _about_x(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_y(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _about_z(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _with_sizes(frames: Sequence[TrueFrame]) -> list[TrueFrame]:
    """A turned head shows its eyes closer together: their distance is the greatest that a shot shows of a person.

    Where the file says the distance, that counts.
    """
    widest: dict[tuple[int, str], float] = defaultdict(float)
    for frame in frames:
        for face in frame.faces:
            seen = float(np.linalg.norm(np.subtract(*face.landmarks[list(OUTER_EYES)])))
            widest[frame.shot, face.who] = max(widest[frame.shot, face.who], seen)

    def sized(face: TrueFace, shot: int) -> TrueFace:
        return replace(face, eyes=widest[shot, face.who]) if math.isnan(face.eyes) else face

    return [replace(frame, faces=tuple(sized(face, frame.shot) for face in frame.faces)) for frame in frames]


def eye_openings(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each eye is open, by its own width: …×2 of …×68×2 landmarks, the picture's left eye first."""
    openings = []
    for outer, upper1, upper2, inner, lower2, lower1 in EYES:
        width = np.linalg.norm(landmarks[..., outer, :] - landmarks[..., inner, :], axis=-1)
        first = np.linalg.norm(landmarks[..., upper1, :] - landmarks[..., lower1, :], axis=-1)
        second = np.linalg.norm(landmarks[..., upper2, :] - landmarks[..., lower2, :], axis=-1)
        openings.append((first + second) / (2 * width))
    return np.stack(openings, -1)


def mouth_opening(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean distance of the inner lips in pixels: … of …×68×2 landmarks."""
    upper, lower = INNER_LIPS
    opening: NDArray[np.float64] = np.linalg.norm(landmarks[..., upper, :] - landmarks[..., lower, :], axis=-1).mean(-1)
    return opening
