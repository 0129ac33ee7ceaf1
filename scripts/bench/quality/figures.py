"""Figures of found faces against the truth."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from synthetic.truth import eye_openings, mouth_opening

from ml_backend.faces.canonical import fit_head, head_pose

from .clips import Measured, Pair, points68

BINS = (0, 15, 30, 45, 60, 75, 90)
HIDDEN = 0.5  # a face of which more is covered need not be found
RIGHT = 15.0  # mean error of the landmarks in % of the eye distance
FRONTAL = 30.0  # degrees of yaw within which both eyes and the mouth are seen well
Figures = dict[str, Any]


def recall(measured: Measured) -> Figures:
    """How many of the faces that are not mostly hidden were found, and how many were found where there is none."""
    due = [pair for pair in measured.pairs if pair.true.covered <= HIDDEN]
    found = [pair for pair in due if pair.smooth is not None]
    seen = [pair for pair in found if pair.smooth is not None and not pair.smooth.interpolated]
    error = _raw_error(found)
    return {
        "faces": len(due),
        "recall_%": _percent(len(found), len(due)),
        "seen_%": _percent(len(seen), len(due)),
        "right_%": _percent(_right(found), len(due)),
        "false": measured.false,
        "tracks": measured.tracks,
        "landmarks_%": error,
    }


def recall_by_yaw(clips: Sequence[Measured]) -> dict[str, Figures]:
    rows = {}
    pairs = [pair for clip in clips for pair in clip.pairs]
    for low, high in pairwise(BINS):
        inside = [pair for pair in pairs if low <= abs(pair.true.yaw) < high]
        found = [pair for pair in inside if pair.smooth is not None]
        seen = [pair for pair in found if pair.smooth is not None and not pair.smooth.interpolated]
        rows[f"{low}-{high}°"] = {
            "faces": len(inside),
            "recall_%": _percent(len(found), len(inside)),
            "seen_%": _percent(len(seen), len(inside)),
            "right_%": _percent(_right(found), len(inside)),
            "landmarks_%": _raw_error(found),
        }
    rows["false"] = {"faces": sum(clip.false for clip in clips)}
    return rows


def landmark_errors(measured: Measured) -> Figures:
    """Mean distance to the true 68 points: as measured, smoothed, and without what is the same in all frames.

    Landmark models mean different points by the same names; a constant shift of each point in the head's own frame
    (three numbers a point, fitted to the clip) takes this, and the actor's own shape, out.
    """
    pairs = [pair for pair in measured.pairs if pair.raw is not None and pair.smooth is not None]
    row: Figures = {"faces": len(pairs)}
    for kind in ("raw", "smooth"):
        row[f"{kind}_%"] = _error(pairs, points68(pairs, kind))
        row[f"{kind}_own_%"] = _error(pairs, _without_convention(pairs, kind))
    return row


def _without_convention(pairs: Sequence[Pair], kind: str) -> NDArray[np.float64]:
    """T×68×2: the found points, each moved by the shift that fits the truth best in the head's frame."""
    found, true = points68(list(pairs), kind), points68(list(pairs), "true")
    turns = []
    for pair in pairs:
        scale, rotation, _ = fit_head(getattr(pair, kind).landmarks)
        turns.append(scale * rotation[:2])
    turn = np.concatenate(turns)  # 2T×3
    off = (true - found).transpose(0, 2, 1).reshape(-1, 68)  # 2T×68
    shift, *_ = np.linalg.lstsq(turn, off, rcond=None)
    moved: NDArray[np.float64] = found + (turn @ shift).reshape(-1, 2, 68).transpose(0, 2, 1)
    return moved


def motion(measured: Measured) -> Figures:
    """What smoothing takes away and what it leaves, over the longest run of the clip's one person."""
    run = max(measured.series(measured.truth[0].faces[0].who), key=len)
    points = {kind: points68(run, kind) for kind in ("true", "raw", "smooth")}
    eyes = np.array([pair.true.eyes for pair in run])
    row: Figures = {"frames": len(run)}
    for kind, values in points.items():
        row[f"jitter_{kind}"] = _second_difference(values, eyes)
    for kind in ("raw", "smooth"):
        row[f"noise_{kind}"] = _second_difference(points[kind] - points["true"], eyes)
    openings = {kind: eye_openings(values) for kind, values in points.items()}
    mouths = {kind: mouth_opening(values) / eyes for kind, values in points.items()}
    blinks = _blinks(run)
    row["blinks"] = len(blinks)
    if blinks:
        depth = {kind: np.mean([_depth(values, at) for at in blinks]) for kind, values in openings.items()}
        row["blink_kept_%"] = float(100 * depth["smooth"] / depth["raw"])
        row["blink_of_truth_%"] = float(100 * depth["smooth"] / depth["true"])
    frontal = np.array([abs(pair.true.yaw) <= FRONTAL for pair in run])
    swing = {kind: _along(values[frontal], mouths["true"][frontal]) for kind, values in mouths.items()}
    row["mouth_kept_%"] = 100 * swing["smooth"] / swing["raw"]
    row["mouth_of_truth_%"] = 100 * swing["smooth"]
    return row


def _along(values: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """How much `values` change where the truth changes by 1: noise does not count."""
    away = truth - truth.mean()
    return float(away @ values / (away @ away))


def _blinks(run: Sequence[Pair]) -> list[int]:
    """Places in the run of the middles of blinks that are whole inside of it, with both eyes well in view."""
    weight = np.array([pair.true.expression.get("eyeBlink", 0.0) for pair in run])
    return [
        n
        for n in range(6, len(run) - 6)
        if weight[n] > 0.6
        and weight[n] == weight[n - 2 : n + 3].max()
        and weight[n] > weight[n - 1]
        and abs(run[n].true.yaw) <= FRONTAL
    ]


def _depth(openings: NDArray[np.float64], at: int) -> float:
    """How far the lids go together: the opening before and after, less the smallest one; both eyes' mean."""
    opening = openings.mean(1)
    before, after = opening[at - 6 : at - 3], opening[at + 4 : at + 7]
    return float(np.median(np.concatenate([before, after])) - opening[at - 1 : at + 2].min())


def poses(clips: Sequence[Measured]) -> dict[str, Figures]:
    """Mean error and mean absolute error of the smoothed faces' yaw, pitch and roll in degrees, by the true yaw."""
    rows = {}
    pairs = [pair for clip in clips for pair in clip.pairs if pair.smooth is not None]
    for low, high in pairwise(BINS):
        inside = [pair for pair in pairs if low <= abs(pair.true.yaw) < high]
        off = np.array([_pose_error(pair) for pair in inside]).reshape(-1, 3)
        row: Figures = {"faces": len(inside)}
        for name, values in zip(("yaw", "pitch", "roll"), off.T, strict=True):
            row[f"{name}_mean"] = float(values.mean()) if len(values) else None
            row[f"{name}_abs"] = float(np.abs(values).mean()) if len(values) else None
        rows[f"{low}-{high}°"] = row
    return rows


def _pose_error(pair: Pair) -> NDArray[np.float64]:
    assert pair.smooth is not None
    found = np.array(head_pose(pair.smooth.landmarks))
    error: NDArray[np.float64] = found - (pair.true.yaw, pair.true.pitch, pair.true.roll)
    error[0] *= 1 if pair.true.yaw >= 0 else -1  # positive: turned too far
    return error


def _raw_error(pairs: Sequence[Pair]) -> float | None:
    measured = [pair for pair in pairs if pair.raw is not None]
    return _error(measured, points68(measured, "raw")) if measured else None


def _error(pairs: Sequence[Pair], points: NDArray[np.float64]) -> float:
    eyes = np.array([pair.true.eyes for pair in pairs])
    off = np.linalg.norm(points - points68(list(pairs), "true"), axis=2).mean(1)
    return float(100 * (off / eyes).mean())


def _second_difference(points: NDArray[np.float64], eyes: NDArray[np.float64]) -> float:
    change = np.linalg.norm(np.diff(points, 2, axis=0), axis=2).mean(1)
    return float(100 * (change / eyes[1:-1]).mean())


def _right(found: Sequence[Pair]) -> int:
    """How many of these lie on the face with all of it: being found asks for no more than the face's place."""
    return sum(_error([pair], points68([pair], "smooth")) <= RIGHT for pair in found)


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
