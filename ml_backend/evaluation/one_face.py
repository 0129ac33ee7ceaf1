"""Measure one of the faces that were replaced, frame by frame."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.jitter import Jitter
from ml_backend.faces.recognition import Recogniser, distance
from ml_backend.media.frame import Pixels

from .inputs import Pictures
from .metrics import Landmarks, expression_difference, pose_difference
from .region import region_of
from .rows import Row
from .surface import coverage, edge_contrasts, mean_colours, sharpnesses

Embedding = NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """One face (478×3 in the frame's pixels) in the plate, the swap and the truth; None where it is not seen."""

    plate: Landmarks | None
    swap: Landmarks | None
    truth: Landmarks | None


class OneFace:
    """Called with the frames in their order; `rows` has what is known of each."""

    def __init__(self, references: Mapping[str, Embedding], recogniser: Recogniser) -> None:
        """references: the mean embeddings of "identity" and "performer", as far as they are known."""
        self.rows: list[Row] = []
        self._references, self._recogniser = references, recogniser
        self._jitter = {"jitter_plate": Jitter(), "jitter": Jitter(), "jitter_truth": Jitter()}

    def __call__(self, pictures: Pictures, painted: int, seen: Seen) -> None:
        """painted: how many faces the swap replaced on this frame."""
        row = Row(pictures.number, painted, _box(seen.plate), _box(seen.swap))
        if seen.swap is not None:
            row.figures |= self._likeness("identity_to", pictures.swap, seen.swap)
        if seen.plate is not None:
            row.figures |= self._likeness("plate_to", pictures.plate, seen.plate)
        row.figures |= _face_errors(seen.swap, seen.truth, "") | _face_errors(seen.swap, seen.plate, "_plate")
        face = seen.swap if seen.plate is None else seen.plate
        if face is not None:
            _surface(row, pictures, face)
        self.rows.append(row)
        landmarks = (seen.plate, seen.swap, seen.truth)
        for (key, meter), points in zip(self._jitter.items(), landmarks, strict=True):
            measured = meter(pictures.number, points)
            if measured is not None:  # of the frame before, which needed this one to be known
                self.rows[-2].figures[key] = measured[1]

    def _likeness(self, prefix: str, image: Pixels, face: Landmarks) -> dict[str, float]:
        if not self._references:
            return {}
        embedding = self._recogniser.embed(image, face)
        return {f"{prefix}_{name}": float(distance(embedding, one)) for name, one in self._references.items()}


def _surface(row: Row, pictures: Pictures, face: Landmarks) -> None:
    region = region_of(pictures.plate, pictures.swap, pictures.alpha, face)
    if region is None:
        return
    row.figures["coverage"] = coverage(region)
    colours = mean_colours(region)
    if colours is not None:
        swap, plate = colours
        row.offset = swap - plate
        row.figures |= {"brightness": float(swap[0]), "brightness_plate": float(plate[0])}
        row.figures["sharpness"], row.figures["sharpness_plate"] = sharpnesses(region)
    edges = edge_contrasts(region)
    if edges is not None:
        row.figures |= dict(zip(("edge", "edge_plate", "edge_visibility"), edges, strict=True))


def _face_errors(face: Landmarks | None, model: Landmarks | None, suffix: str) -> dict[str, float]:
    if face is None or model is None:
        return {}
    return {
        f"pose_error{suffix}_deg": pose_difference(face, model),
        f"expression_error{suffix}": expression_difference(face, model),
    }


def _box(face: Landmarks | None) -> tuple[float, float, float, float] | None:
    """x, y, width, height in pixels of the frame."""
    if face is None:
        return None
    low, high = face[:, :2].min(0), face[:, :2].max(0)
    x, y, width, height = (round(float(value), 1) for value in (*low, *(high - low)))
    return x, y, width, height
