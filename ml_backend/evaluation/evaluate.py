"""The evaluate job: a swap and its plate in, figures and a report out."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled
from ml_backend.media.ahead import ahead
from ml_backend.media.cautions import cautions
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.requests import EvaluateRequest

from .examine import Examiner
from .figures import summarise
from .findings import Look, find_looks, shot_remarks
from .inputs import Inputs, open_inputs
from .references import find_references
from .report.report import Report, make_report
from .rows import Row, add_changes
from .thumbnails import choose, make_thumbnails

RESULT, REPORT = "evaluation.json", "report.html"
_AHEAD = 2  # frames that wait; each is up to four pictures


def run_evaluate(request: EvaluateRequest, reporter: Reporter) -> dict[str, Any]:
    """Lay the swap over its plate and measure it, frame by frame, against the plate and, where there is one, the truth.

    psnr and ssim are means over the frames, inside the mask; without a mask file the truth's face oval serves. psnr
    leaves out frames that equal the truth, whose value has no bound. Where several faces were replaced, the figures
    are those of the largest one. None stands for what cannot be measured, as everything against the truth without one.

    Writes evaluation.json (the figures, those of every frame, of each of several faces as `each_face`, and the frames
    that need a look) and report.html into the swap's folder. Raises UsageError where there is no finished swap, or
    frames of the plate, the truth or the mask are missing; BackendError where the swap is damaged; Cancelled when asked
    to stop.
    """
    started = time.monotonic()
    inputs = open_inputs(request)
    for caution in cautions(inputs.plate.info):
        reporter.message(caution)
    examiner = _measure(inputs, request, reporter)
    rows = examiner.rows
    figures = summarise(rows)
    faces = [describe_face(one) for one in (rows, *examiner.others)] if examiner.others else []
    looks = find_looks(rows)
    remarks = [*footage_remarks(inputs, rows, len(faces)), *shot_remarks(rows, figures)]
    figures["frames_to_look_at"] = sum(any(look.first <= row.frame <= look.last for look in looks) for row in rows)
    result = {
        "figures": figures,
        "remarks": remarks,
        "look": [asdict(look) for look in looks],
        "each_face": faces,
        "frames": [_describe(row) for row in rows],
    }
    page = _report(inputs, rows, figures, remarks, looks, faces, reporter) if request.report else None
    try:
        atomic.write_json(request.swap / RESULT, result)
        if page is None:
            (request.swap / REPORT).unlink(missing_ok=True)  # an older one would tell other figures
        else:
            atomic.write_bytes(request.swap / REPORT, page.encode())
    except OSError as error:
        raise BackendError(
            f"The evaluation cannot be written into {request.swap}: {error.strerror}.", "Make the folder writable."
        ) from error
    report = {"report": str(request.swap / REPORT)} if request.report else {}
    seconds = round(time.monotonic() - started, 3)
    return figures | {"remarks": remarks} | report | {"seconds": seconds, "peak_rss_mb": round(peak_rss_mb(), 1)}


def footage_remarks(inputs: Inputs, rows: Sequence[Row], measured: int) -> list[str]:
    """What to know before any figure is read: nothing was painted, several faces were, or the plate is another one.

    measured: the faces whose figures are told one by one.
    """
    remarks = []
    if not any(row.get("coverage") for row in rows):
        remarks.append("Nothing was painted on any frame: the figures are those of the plate itself.")
    if inputs.most_faces > 1:
        rest = " Those of the others are in the report, under “Each face”." if measured else ""
        remarks.append(
            f"Up to {inputs.most_faces} faces were replaced in a frame: the figures of likeness, pose and jitter are "
            f"those of one.{rest}"
        )
    made_from = Path(str(inputs.manifest.plate.get("source", "")))
    if made_from.name and made_from.name != inputs.plate.info.path.name:
        remarks.append(f"The swap was made from {made_from.name}, not from {inputs.plate.info.path.name}.")
    return remarks


def describe_face(rows: Sequence[Row]) -> dict[str, Any]:
    """The figures of one of several faces: where it lies on the first frame that shows it, and its means."""
    seen = [row for row in rows if row.plate_face]
    place = {"first": seen[0].frame, "last": seen[-1].frame, "place": seen[0].plate_face} if seen else {}
    return place | summarise(rows) | {"frames": len(seen)}


def _measure(inputs: Inputs, request: EvaluateRequest, reporter: Reporter) -> Examiner:
    examiner = Examiner(find_references(request, inputs.manifest, reporter), inputs.most_faces)
    for pictures in ahead(inputs.pictures(inputs.numbers), _AHEAD):
        examiner(pictures, inputs.records[pictures.number].faces)
        reporter.progress("evaluate", len(examiner.rows), len(inputs.numbers))
        if reporter.stop_requested():
            raise Cancelled
    for rows in (examiner.rows, *examiner.others):
        add_changes(rows)
    return examiner


def _describe(row: Row) -> dict[str, Any]:
    """A row as JSON. face: x, y, width, height of the plate's face in pixels; of the swap's where it has none."""
    return {"frame": row.frame, "faces": row.painted, "face": row.plate_face or row.swap_face} | row.finite()


def _report(
    inputs: Inputs,
    rows: list[Row],
    figures: dict[str, Any],
    remarks: list[str],
    looks: list[Look],
    faces: list[dict[str, Any]],
    reporter: Reporter,
) -> str:
    """The page. Its pictures are read again: which frames are the worst is only known when all are measured."""
    worst, spread = choose(looks, inputs.numbers)
    wanted = sorted({*worst, *spread})
    thumbnails = {}
    for pictures in inputs.pictures(wanted):
        thumbnails[pictures.number] = make_thumbnails(pictures, rows)
        reporter.progress("report", len(thumbnails), len(wanted))
        if reporter.stop_requested():
            raise Cancelled
    return make_report(
        Report(
            name=inputs.folder.resolve().name,
            manifest=inputs.manifest,
            rows=rows,
            figures=figures,
            remarks=remarks,
            looks=looks,
            faces=faces,
            spread=spread,
            thumbnails=thumbnails,
        )
    )
