"""Measure one frame after the other."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.jitter import Jitter
from ml_backend.faces.recognition import Recogniser, distance
from ml_backend.faces.regions import face_mask
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.frame import Pixels
from ml_backend.swapping.blend import Mask, to_unit

from .inputs import Pictures
from .metrics import SSIM_WINDOW, Landmarks, expression_difference, pose_difference, psnr, ssim
from .region import region_of
from .rows import Row
from .subject import Subject, same_place
from .surface import coverage, edge_contrasts, mean_colours, sharpnesses

Embedding = NDArray[np.float32]


class Examiner:
    """Called with the frames in their order; `rows` has what is known of each."""

    def __init__(self, references: Mapping[str, Embedding]) -> None:
        """references: the mean embeddings of "identity" and "performer", as far as they are known."""
        self.rows: list[Row] = []
        self._references = references
        self._recogniser = Recogniser()
        self._trackers = {name: FaceTracker(average=True) for name in ("plate", "swap", "truth")}
        self._jitter = {"jitter_plate": Jitter(), "jitter": Jitter(), "jitter_truth": Jitter()}
        self._subject = Subject()

    def __call__(self, pictures: Pictures, painted: int) -> None:
        """painted: how many faces the swap replaced on this frame."""
        row = Row(pictures.number, painted)
        plate = self._subject(self._faces("plate", pictures.plate), pictures.alpha)
        swap = same_place(self._faces("swap", pictures.swap), plate)
        truth = None if pictures.truth is None else same_place(self._faces("truth", pictures.truth), plate)
        row.plate_face, row.swap_face = _box(plate), _box(swap)
        if pictures.truth is not None:
            row.figures |= _against_truth(pictures, pictures.truth, truth)
        if swap is not None:
            row.figures |= self._likeness("identity_to", pictures.swap, swap)
        if plate is not None:
            row.figures |= self._likeness("plate_to", pictures.plate, plate)
        row.figures |= _face_errors(swap, truth, "") | _face_errors(swap, plate, "_plate")
        face = swap if plate is None else plate
        if face is not None:
            self._surface(row, pictures, face)
        self.rows.append(row)
        for (key, meter), landmarks in zip(self._jitter.items(), (plate, swap, truth), strict=True):
            self._note_jitter(key, meter(pictures.number, landmarks))

    def _faces(self, name: str, image: Pixels) -> list[Landmarks]:
        return [seen.landmarks for seen in self._trackers[name](image)]

    def _likeness(self, prefix: str, image: Pixels, face: Landmarks) -> dict[str, float]:
        if not self._references:
            return {}
        embedding = self._recogniser.embed(image, face)
        return {f"{prefix}_{name}": float(distance(embedding, one)) for name, one in self._references.items()}

    def _surface(self, row: Row, pictures: Pictures, face: Landmarks) -> None:
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

    def _note_jitter(self, key: str, measured: tuple[int, float] | None) -> None:
        if measured is not None:  # of the frame before, which needed this one to be known
            self.rows[-2].figures[key] = measured[1]


def _against_truth(pictures: Pictures, truth: Pixels, face: Landmarks | None) -> dict[str, float]:
    """psnr and ssim of swap and plate in the given area; without one the truth's face oval serves."""
    area = pictures.area
    if area is None and face is not None:
        area = face_mask((truth.shape[0], truth.shape[1]), face)
    if area is None or area.sum() <= 1:
        return {}
    part = _around(area)
    target, inside = to_unit(truth[part]), np.ascontiguousarray(area[part])
    figures: dict[str, float] = {}
    for name, picture in (("", pictures.swap), ("_plate", pictures.plate)):
        shown = to_unit(picture[part])
        figures |= {f"psnr{name}": psnr(shown, target, inside), f"ssim{name}": ssim(shown, target, inside)}
    return figures


def _around(area: Mask) -> tuple[slice, slice]:
    """The rows and columns that are not empty, and as many around as SSIM's windows reach."""
    edge = SSIM_WINDOW // 2
    spans = (np.flatnonzero(area.any(axis)) for axis in (1, 0))
    rows, columns = (slice(max(0, int(span[0]) - edge), int(span[-1]) + 1 + edge) for span in spans)
    return rows, columns


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
