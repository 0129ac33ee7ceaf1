"""Every figure's name, unit and meaning, in one place for the summary, the report and its reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .rows import Row


@dataclass(frozen=True)
class Figure:
    """A quantity, measured on the swap (`key`) and, where it has one, on the plate and the truth for comparison.

    better: which way is better, "less", "more" or "" where neither is.
    """

    key: str
    label: str
    unit: str
    better: str
    meaning: str
    plate: str | None = None
    truth: str | None = None


FIGURES = (
    Figure(
        "identity_to_identity",
        "Distance to the identity",
        "",
        "less",
        "How unlike the identity the swap's face is: 0 is the same picture, below 0.55 most likely the same person.",
        plate="plate_to_identity",
    ),
    Figure(
        "identity_to_performer",
        "Distance to the performer",
        "",
        "more",
        "How unlike the performer the swap's face is. It should be further away than the identity.",
        plate="plate_to_performer",
    ),
    Figure(
        "pose_error_plate_deg",
        "Pose against the plate",
        "°",
        "less",
        "How far the swap's head is turned away from the plate's: mean of yaw, pitch and roll.",
    ),
    Figure(
        "expression_error_plate",
        "Expression against the plate",
        "%",
        "less",
        "How far mouth, eyes and brows are from the plate's, in % of the eye distance. Two different faces never reach "
        "0.",
    ),
    Figure(
        "jitter",
        "Trembling",
        "%",
        "less",
        "Second difference of the landmarks, in % of the eye distance. The plate's own is what film and measurement "
        "have.",
        plate="jitter_plate",
        truth="jitter_truth",
    ),
    Figure(
        "brightness",
        "Brightness under the mask",
        "L*",
        "",
        "Mean lightness of the swapped area, 0 black to 100 white.",
        plate="brightness_plate",
    ),
    Figure(
        "flicker_brightness",
        "Flicker of brightness",
        "L*",
        "less",
        "How much a frame's lightness, compared with the plate's, is off the middle of its neighbours.",
    ),
    Figure(
        "flicker_colour",
        "Flicker of colour",
        "ΔE",
        "less",
        "The same for colour (a* and b* together).",
    ),
    Figure(
        "coverage",
        "Mask coverage",
        "",
        "",
        "The mask's area as a part of the face's oval.",
    ),
    Figure(
        "coverage_change",
        "Change of the mask",
        "",
        "less",
        "Change of the coverage from the frame before.",
    ),
    Figure(
        "sharpness",
        "Sharpness",
        "",
        "more",
        "Widths of the blur in the distance of the eyes: 25 is blurred, 50 soft, 100 crisp. It should match the "
        "plate's.",
        plate="sharpness_plate",
    ),
    Figure(
        "edge",
        "Contrast across the mask's edge",
        "ΔE",
        "",
        "Change of colour across the mask's edge, over a tenth of the eye distance. More than the plate has is a seam.",
        plate="edge_plate",
    ),
    Figure(
        "edge_visibility",
        "Visibility of the edge",
        "ΔE",
        "less",
        "By how much the swap changes more across the mask's edge than the plate does there.",
    ),
    Figure(
        "psnr",
        "PSNR against the truth",
        "dB",
        "more",
        "Error against the truth inside the mask; the plate's is that of no swap at all.",
        plate="psnr_plate",
    ),
    Figure(
        "ssim",
        "SSIM against the truth",
        "",
        "more",
        "Structural likeness to the truth inside the mask, at most 1.",
        plate="ssim_plate",
    ),
    Figure(
        "pose_error_deg",
        "Pose against the truth",
        "°",
        "less",
        "How far the swap's head is turned away from the truth's.",
    ),
    Figure(
        "expression_error",
        "Expression against the truth",
        "%",
        "less",
        "How far the expression is from the truth's, in % of the eye distance.",
    ),
)


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """Means over the frames; None for what was measured on none. Flicker and changes count without their sign."""
    figures: dict[str, Any] = {"frames": len(rows)}
    for figure in FIGURES:
        for key in (figure.key, figure.plate, figure.truth):
            if key is not None:
                figures[key] = _mean(rows, key)
    both = [row for row in rows if {"identity_to_identity", "identity_to_performer"} <= row.figures.keys()]
    nearer = sum(row.figures["identity_to_identity"] < row.figures["identity_to_performer"] for row in both)
    figures["nearer_to_identity"] = round(nearer / len(rows), 4) if both else None
    figures["jitter_ratio"] = _ratio(figures, "jitter", "jitter_plate")
    figures["sharpness_ratio"] = _ratio(figures, "sharpness", "sharpness_plate")
    figures["frames_without_face"] = sum(row.swap_face is None for row in rows)
    figures["frames_face_lost"] = sum(row.swap_face is None and row.plate_face is not None for row in rows)
    return figures


def _mean(rows: Sequence[Row], key: str) -> float | None:
    values = [abs(value) for row in rows if (value := row.get(key)) is not None]
    return round(float(np.mean(values)), 4) if values else None


def _ratio(figures: Mapping[str, float | None], over: str, under: str) -> float | None:
    above, below = figures[over], figures[under]
    return None if above is None or not below else round(above / below, 4)
