"""The evaluate job: a swap and the truth in, figures out."""

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.faces.recognition import Recogniser, distance
from ml_backend.faces.regions import eye_distance, face_mask
from ml_backend.faces.tracking import FaceTracker
from ml_backend.facesets.store import Faceset, mean_embedding
from ml_backend.media.frame import Frame, Pixels
from ml_backend.media.frame_range import parse_frames
from ml_backend.media.source import Source, open_source
from ml_backend.media.write import read_picture
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.requests import EvaluateRequest
from ml_backend.swapping.blend import Mask, to_unit
from ml_backend.swapping.manifest import Manifest, read_manifest
from ml_backend.swapping.render import flatten

from .metrics import Landmarks, expression_difference, jitter, pose_difference, psnr, ssim


def run_evaluate(request: EvaluateRequest, reporter: Reporter) -> dict[str, Any]:
    """Lay the swap over its plate and compare with the truth, frame by frame.

    psnr and ssim are means over the frames, inside the mask; without a mask file the truth's face oval serves. psnr
    leaves out frames that equal the truth, whose value has no bound. Also writes evaluation.json, with the figures of
    every frame, into the swap's folder; null stands for what cannot be measured. Raises UsageError where frames of the
    plate, the truth or the mask are missing.
    """
    started = time.monotonic()
    manifest = read_manifest(request.swap)
    records = {record.number: record for record in manifest.frames}
    numbers = parse_frames(request.frames).select(sorted(records))
    plate, truth = open_source(request.plate), open_source(request.truth)
    mask = open_source(request.mask) if request.mask else None
    for source in (plate, truth, *([mask] if mask else [])):
        _check(source, numbers, manifest)
    centres = {"identity": _centre(request.identity_faceset), "performer": _centre(request.performer_faceset)}
    examiner = _Examiner({name: centre for name, centre in centres.items() if centre is not None})
    rows: list[dict[str, Any]] = []
    masks = mask.frames(numbers) if mask else (None for _ in numbers)
    for original, wanted, grey in zip(plate.frames(numbers), truth.frames(numbers), masks, strict=True):
        result = flatten(original.image, _read_layer(request.swap / records[original.number].file, original))
        area = to_unit(grey.image).mean(2) if grey else None
        figures = examiner.examine(original, result, wanted, area)
        # JSON knows no infinity: the ratio of two pictures that are the same
        finite = {key: value if math.isfinite(value) else None for key, value in figures.items()}
        rows.append({"frame": original.number, **finite})
        reporter.progress("evaluate", len(rows), len(numbers))
        if reporter.stop_requested():
            raise Cancelled
    summary = _summary(rows, examiner.seen)
    atomic.write_json(request.swap / "evaluation.json", {"figures": summary, "frames": rows})
    return summary | {"seconds": round(time.monotonic() - started, 3), "peak_rss_mb": round(peak_rss_mb(), 1)}


class _Examiner:
    """Measures one frame after the other; `seen` keeps where the swap's and the truth's faces were."""

    def __init__(self, centres: Mapping[str, NDArray[np.float32]]) -> None:
        """centres: the mean embeddings of "identity" and "performer", as far as they are known."""
        self._centres = centres
        self._of_swap, self._of_truth, self._recogniser = (
            FaceTracker(average=True),
            FaceTracker(average=True),
            Recogniser(),
        )
        self.seen: dict[str, list[tuple[int, Landmarks]]] = {"swap": [], "truth": []}

    def examine(self, plate: Frame, result: Pixels, truth: Frame, area: Mask | None) -> dict[str, float]:
        """The figures of a frame, those that its faces allow; without an `area` the truth's face oval serves."""
        swap_face, truth_face = _largest(self._of_swap, result), _largest(self._of_truth, truth.image)
        for name, landmarks in (("swap", swap_face), ("truth", truth_face)):
            if landmarks is not None:
                self.seen[name].append((plate.number, landmarks))
        figures: dict[str, float] = {}
        if area is None and truth_face is not None:
            area = face_mask(truth.image.shape[:2], truth_face)
        if area is not None and area.sum() > 1:
            target = to_unit(truth.image)
            for name, picture in (("", result), ("_plate", plate.image)):
                figures[f"psnr{name}"] = psnr(to_unit(picture), target, area)
                figures[f"ssim{name}"] = ssim(to_unit(picture), target, area)
        if swap_face is not None and self._centres:
            embedding = self._recogniser.embed(result, swap_face)
            for name, centre in self._centres.items():
                figures[f"identity_to_{name}"] = float(distance(embedding, centre))
        if swap_face is not None and truth_face is not None:
            figures["pose_error_deg"] = pose_difference(swap_face, truth_face)
            figures["expression_error"] = expression_difference(swap_face, truth_face)
        return figures


def _read_layer(file: Path, plate: Frame) -> Pixels:
    layer = read_picture(file)
    if layer.shape != (*plate.image.shape[:2], 4) or layer.dtype != plate.image.dtype:
        raise BackendError(f"{file} does not fit the plate.", "Give the plate of this swap, or swap again.")
    return layer


def _summary(rows: Sequence[dict[str, Any]], seen: dict[str, list[tuple[int, Landmarks]]]) -> dict[str, Any]:
    keys = ["psnr", "psnr_plate", "ssim", "ssim_plate", "identity_to_identity", "identity_to_performer"]
    figures: dict[str, Any] = {"frames": len(rows)}
    for key in [*keys, "pose_error_deg", "expression_error"]:
        values = [row[key] for row in rows if row.get(key) is not None]
        figures[key] = round(float(np.mean(values)), 4) if values else None
    both = [row for row in rows if "identity_to_identity" in row and "identity_to_performer" in row]
    nearer = sum(row["identity_to_identity"] < row["identity_to_performer"] for row in both)
    figures["nearer_to_identity"] = round(nearer / len(rows), 4) if both else None
    for key, name in (("jitter", "swap"), ("jitter_truth", "truth")):
        value = jitter([frame for frame, _ in seen[name]], [landmarks for _, landmarks in seen[name]])
        figures[key] = None if value is None else round(value, 4)
    figures["frames_without_face"] = len(rows) - len(seen["swap"])
    return figures


def _check(source: Source, numbers: Sequence[int], manifest: Manifest) -> None:
    missing = sorted(set(numbers) - set(source.numbers))
    if missing:
        raise UsageError(
            f"{source.info.path} has no frame {missing[0]}; the swap has {numbers[0]}-{numbers[-1]}.",
            "Choose the frames that both have with --frames.",
        )
    if (source.info.width, source.info.height) != (manifest.width, manifest.height):
        raise UsageError(
            f"{source.info.path} is {source.info.width}×{source.info.height}, "
            f"and the swap {manifest.width}×{manifest.height}.",
            "Give the footage that belongs to this swap.",
        )


def _centre(folder: Path | None) -> NDArray[np.float32] | None:
    if folder is None:
        return None
    faces = Faceset.open(folder).faces()
    if not faces:
        raise UsageError(f"The faceset {folder} is empty.", "Extract faces into it first.")
    return mean_embedding(faces)


def _largest(tracker: FaceTracker, image: Pixels) -> Landmarks | None:
    landmarks = [one.landmarks for one in tracker(image)]
    return max(landmarks, key=eye_distance, default=None)
