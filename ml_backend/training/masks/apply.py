"""The apply-masks job: a mask model says of every stored face what of it is seen."""

import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled
from ml_backend.faces.alignment import Framing
from ml_backend.faces.geometry import invert, sample
from ml_backend.faces.reframing import between
from ml_backend.facesets.masks import SEEN, Mask, covered_share, predicted_file, write_predicted
from ml_backend.facesets.store import Faceset, StoredFace
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.requests import ApplyMasksRequest
from ml_backend.training.device import best_device

from .model import MaskModel, open_mask_model

BATCH = 16
COVERED = 0.05  # of the oval: what counts as a covered face in the result


def run_apply_masks(request: ApplyMasksRequest, reporter: Reporter) -> dict[str, Any]:
    """Predict the mask of every face of the faceset, of those left out too, and store it under masks/predicted.

    Masks of the same model that are newer than their crops are kept, so a stopped job goes on where it was. Raises
    UsageError where there is no faceset or no mask model, BackendError for damaged files, Cancelled when asked to stop.
    """
    started = time.monotonic()
    faceset = Faceset.open(request.faceset)
    model = open_mask_model(request.mask_model, best_device())
    _begin(request.faceset / "masks" / "predicted", model)
    total, done, made, covered = len(faceset.pictures()), 0, 0, 0
    faces = faceset.stream(left_out=True)
    while some := list(islice(faces, BATCH)):
        pending = [face for face in some if not _is_done(face)]
        for face, mask in zip(pending, _predict(faceset, model, pending), strict=True):
            write_predicted(face, mask)
            covered += covered_share(mask, face.crop_landmarks) > COVERED
        done, made = done + len(some), made + len(pending)
        reporter.progress("apply masks", done, max(total, done))
        if reporter.stop_requested():
            raise Cancelled
    return {
        "faces": done,
        "masks_made": made,
        "covered_faces_among_them": int(covered),
        "faceset": str(request.faceset),
        "seconds": round(time.monotonic() - started, 3),
        "peak_rss_mb": round(peak_rss_mb(), 1),
    }


def _begin(folder: Path, model: MaskModel) -> None:
    """Take away what another model predicted, and say whose predictions lie here."""
    file = folder / "model.json"
    content = {"sha256": model.sha256, "framing_side": model.framing.side}
    try:
        if file.is_file() and _content(file) == content:
            atomic.remove_leftovers(folder)
            return
        for old in _old(folder):
            old.unlink()
        atomic.write_json(file, content)
    except OSError as error:
        raise BackendError(
            f"{folder} cannot be written: {error.strerror}.", "Look at the disk and its permissions."
        ) from error


def _content(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except ValueError:
        return None


def _old(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*.png")
    yield from folder.glob(".*.part")


def _is_done(face: StoredFace) -> bool:
    """Is there a mask that was made after the crop?"""
    file = predicted_file(face)
    return file.is_file() and file.stat().st_mtime_ns >= face.path.stat().st_mtime_ns


def _predict(faceset: Faceset, model: MaskModel, faces: list[StoredFace]) -> list[Mask]:
    """The masks of some faces, each in the size of its crop; where the model did not look, the face counts as seen."""
    if not faces:
        return []
    info = faceset.info
    stored = Framing(info.framing, info.framing_side, info.framing_down)
    crops, matrices, sides = [], [], []
    for face in faces:
        image = face.read_crop()
        matrix = between(stored, image.shape[0], model.framing, model.size)
        crop = sample(image, invert(matrix), model.size)
        crops.append(np.asarray(crop / np.float32(np.iinfo(crop.dtype).max), np.float32))
        matrices.append(matrix)
        sides.append(image.shape[0])
    seen = model.predict(np.stack(crops))
    return [_placed(one, matrix, side) for one, matrix, side in zip(seen, matrices, sides, strict=True)]


def _placed(seen: NDArray[np.float32], matrix: NDArray[np.float64], side: int) -> Mask:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    placed = cv2.warpAffine(seen, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0)
    return np.asarray(np.round(placed * SEEN), np.uint8)
