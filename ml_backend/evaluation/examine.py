"""Measure one frame after the other: the picture against the truth, and each of the faces that were replaced."""

from collections.abc import Mapping

import numpy as np

from ml_backend.faces.recognition import Recogniser
from ml_backend.faces.regions import face_mask
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.frame import Pixels
from ml_backend.swapping.blend import Mask, to_unit

from .inputs import Pictures
from .metrics import SSIM_WINDOW, Landmarks, psnr, ssim
from .one_face import Embedding, OneFace, Seen
from .rows import Row
from .several import Several
from .subject import Subject, same_place

FEWEST = 3  # frames on which a face beside the first one must be seen: on fewer nothing can be said of it


class Examiner:
    """Called with the frames in their order; `rows` has what is known of each, of the first of several faces."""

    def __init__(self, references: Mapping[str, Embedding], most_faces: int = 1) -> None:
        """references: the mean embeddings of "identity" and "performer", as far as they are known.

        most_faces: the largest number of faces that were replaced on a frame.
        """
        self._references = references
        self._recogniser = Recogniser()
        self._trackers = {name: FaceTracker(average=True) for name in ("plate", "swap", "truth")}
        self._subject = Subject()
        self._several = Several() if most_faces > 1 else None
        self._faces = {0: OneFace(references, self._recogniser)}

    @property
    def rows(self) -> list[Row]:
        return self._faces[0].rows

    @property
    def others(self) -> list[list[Row]]:
        """The rows of each other face, of the frames on which it is seen."""
        others = [self._faces[number].rows for number in sorted(self._faces) if number > 0]
        return [rows for rows in others if len(rows) >= FEWEST]

    def __call__(self, pictures: Pictures, painted: int) -> None:
        """painted: how many faces the swap replaced on this frame."""
        swap = self._look("swap", pictures.swap)
        truth = None if pictures.truth is None else self._look("truth", pictures.truth)
        found = self._found(pictures)
        for number, plate in found.items():
            if number not in self._faces:  # who is filmed there is not known
                known = {name: one for name, one in self._references.items() if name == "identity"}
                self._faces[number] = OneFace(known, self._recogniser)
            of_truth = None if truth is None else _at_plates(truth, plate, found)
            seen = Seen(plate, _at_plates(swap, plate, found), of_truth)
            self._faces[number](pictures, painted, seen)
            if number == 0 and pictures.truth is not None:
                self.rows[-1].figures |= _against_truth(pictures, pictures.truth, of_truth)

    def _found(self, pictures: Pictures) -> dict[int, Landmarks | None]:
        """The plate's faces that are measured, by number. The first one counts also where it is not seen."""
        seen = self._trackers["plate"](pictures.plate)
        if self._several is None:
            return {0: self._subject([face.landmarks for face in seen], pictures.alpha)}
        return {0: None, **self._several(seen, pictures.alpha)}

    def _look(self, name: str, image: Pixels) -> list[Landmarks]:
        return [seen.landmarks for seen in self._trackers[name](image)]


def _at_plates(
    faces: list[Landmarks], plate: Landmarks | None, found: Mapping[int, Landmarks | None]
) -> Landmarks | None:
    """The swap's or the truth's face at the plate's; where the first one is away, not the face of another."""
    if plate is None and len(found) > 1:
        return None
    return same_place(faces, plate)


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
