"""What of each stored face is seen: masks that an artist painted, and those that a mask model predicted.

    DIR/masks/painted/NAME.png     grey, 8 bit, the crop's size: 255 the face is seen, 0 something covers it
    DIR/masks/predicted/NAME.png   the same, made by `ml-backend faceset apply-masks`
    DIR/masks/predicted/model.json which model made them

NAME is the crop's. The face's oval counts and a little around it: a hand is to be painted as far as it goes, and what
a mask says of hair and background beside the face decides nothing.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.faces.part_masks import part_mask
from ml_backend.media.picture import read_picture
from ml_backend.media.write import encode_png
from ml_backend.progress import Reporter

from .store import Faceset, StoredFace

Mask = NDArray[np.uint8]
SEEN = 255


def painted_file(face: StoredFace) -> Path:
    """Where the mask lies that an artist painted for this face, if there is one."""
    return face.path.parent.parent / "masks" / "painted" / face.path.name


def predicted_file(face: StoredFace) -> Path:
    """Where the mask lies that a mask model made for this face, if there is one."""
    return face.path.parent.parent / "masks" / "predicted" / face.path.name


def mask_of(face: StoredFace) -> Mask | None:
    """The painted mask of a face, else the predicted one, else None; S×S uint8, S the side of the mask's picture.

    Raises BackendError where the file is damaged.
    """
    for file in (painted_file(face), predicted_file(face)):
        if file.is_file():
            return read_mask(file)
    return None


def read_mask(file: Path) -> Mask:
    """A mask from a grey, RGB or RGBA picture of 8 or 16 bits: H×W uint8.

    A transparent pixel says that nothing was painted there, so the face is seen. Raises UsageError for a picture of
    the wrong kind, BackendError for a damaged one.
    """
    stored = read_picture(file)
    picture = stored.astype(np.float32) / np.float32(np.iinfo(stored.dtype).max)
    grey: NDArray[np.float32] = picture[:, :, :3].mean(2)
    if picture.shape[2] == 4:
        grey = 1 + (grey - 1) * picture[:, :, 3]
    return np.round(grey * SEEN).astype(np.uint8)


def covered_share(mask: Mask, landmarks: NDArray[np.float64]) -> float:
    """The part (0–1) of the face's oval that is covered. mask: H×W uint8, landmarks: 478×2 in its pixels."""
    oval = part_mask((mask.shape[0], mask.shape[1]), landmarks, ["oval"])
    area = float(oval.sum())
    return float((oval * (1 - mask / np.float32(SEEN))).sum()) / area if area else 0.0


def occlusion(face: StoredFace, size: int) -> float:
    """`covered_share` of a stored face in a faceset of crops of `size` pixels; 0 where it has no mask."""
    mask = mask_of(face)
    return 0.0 if mask is None else covered_share(fitted(mask, size), face.crop_landmarks)


def fitted(mask: Mask, size: int) -> Mask:
    """A square mask as a size×size one."""
    if mask.shape == (size, size):
        return mask
    interpolation = cv2.INTER_AREA if mask.shape[0] > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask, (size, size), interpolation=interpolation))


def import_masks(faceset: Faceset, folder: Path, reporter: Reporter) -> dict[str, Any]:
    """Take painted masks from the PNG files of `folder`, named as the faces; all of them or, on an error, none.

    A square mask of another size than the crops is scaled. Masks that were there under the same names are replaced.
    Gives {"imported", "scaled", "faceset", "unknown": names that are no face's}. Raises UsageError where the folder
    has no mask of this faceset or one that does not fit, BackendError for a damaged one: both name the file.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", "Name the folder in which the painted masks lie.")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".png" and not file.name.startswith("."))
    known = {Path(name).stem: name for name in faceset.pictures()}
    mine = [file for file in files if file.stem in known]
    unknown = [file.name for file in files if file.stem not in known]
    if not mine:
        example = next(iter(sorted(known.values())), "NAME.png")
        raise UsageError(
            f"None of the {len(files)} PNG files in {folder} is named as a face of {faceset.folder}.",
            f"Give each mask the name of its crop, such as {example}.",
        )
    size = faceset.info.size
    scaled = 0
    for number, file in enumerate(mine, 1):  # a look at all of them before the first is taken
        scaled += _checked(file, size).shape != (size, size)
        _step(reporter, "check masks", number, len(mine))
    painted = faceset.folder / "masks" / "painted"
    for number, file in enumerate(mine, 1):
        _write(painted / known[file.stem], fitted(_checked(file, size), size))
        reporter.progress("import masks", number, len(mine))
    return {"imported": len(mine), "scaled": scaled, "unknown": unknown, "faceset": str(faceset.folder)}


def _checked(file: Path, size: int) -> Mask:
    mask = read_mask(file)
    height, width = mask.shape
    if height != width:
        raise UsageError(
            f"{file} has {width}×{height} pixels, and the faces are squares of {size}×{size}.",
            "Paint the mask over the whole crop and save it in the crop's size.",
        )
    return mask


def _step(reporter: Reporter, stage: str, done: int, total: int) -> None:
    reporter.progress(stage, done, total)
    if reporter.stop_requested():
        raise Cancelled


def write_predicted(face: StoredFace, mask: Mask) -> None:
    """Store a mask model's S×S uint8 mask of a face."""
    _write(predicted_file(face), mask)


def _write(file: Path, mask: Mask) -> None:
    try:
        atomic.write_bytes(file, encode_png(mask))
    except OSError as error:
        raise BackendError(
            f"{file} cannot be written: {error.strerror}.", "Look at the disk and its permissions."
        ) from error
