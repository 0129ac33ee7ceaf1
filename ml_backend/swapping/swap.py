"""The swap job: a plate and a model in, an image sequence with alpha out.

It is done in three steps, which follow each other in one process or are taken apart for a farm: the faces of the whole
plate are found; the frames are made, by as many machines as there are; and what these made is joined and signed.
"""

import time
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled
from ml_backend.media.cautions import cautions
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.provenance import audit
from ml_backend.provenance.credentials import Facts, is_signed, plate_of, sign_sequence
from ml_backend.provenance.gate import require_still
from ml_backend.provenance.shot_name import shot_of
from ml_backend.requests import SwapRequest

from .footage import files_of
from .frames import Frames
from .idle_settings import idle_settings, no_portraits, unheld_performance
from .journal import Journal
from .manifest import MANIFEST, Consent, FrameRecord, Manifest, read_manifest, write_manifest
from .performer import too_bright, too_dark
from .permission import facts_of, purpose_of, true_footage
from .pieces import not_made, open_piece, shown
from .swap_folder import open_folder, others_of, remove_others
from .swap_job import SwapJob, open_job

ASKED_AGAIN = 25  # frames after which it is looked whether everybody's consent still holds


def run_swap(request: SwapRequest, reporter: Reporter) -> dict[str, Any]:
    """Replace the performer's face on every frame; frames whose inputs have not changed are kept.

    Raises RefusedError without consent, UsageError for a wrong plate, model, identity or setting, BackendError for
    damaged files, for what a step before should have made, and where another process swaps into the folder; Cancelled
    when asked to stop: the same request then goes on.
    """
    started = time.monotonic()
    job = open_job(request)
    settings, known = job.controls.constant, job.filmed is not None
    for idle in (idle_settings(request, settings), unheld_performance(request, settings, known=known)):
        if idle is not None:
            reporter.message(idle)
    for caution in cautions(job.source.info):
        reporter.message(caution)
    if job.portraits is None and job.controls.ever("detail"):
        reporter.message(no_portraits(request.model, request.identity))
    if request.step == "faces":
        return _finding(job, reporter, started)
    if request.step == "frames":
        return _piece(job, reporter, started)
    return _whole(job, reporter, started)


def _finding(job: SwapJob, reporter: Reporter, started: float) -> dict[str, Any]:
    with (
        open_folder(job) as journal,
        job.frames(reporter, look=True, elsewhere=others_of(job, journal)) as frames,
    ):
        remove_others(job, journal, frames.elsewhere, reporter)
        faces = {number: len(found) for number, found in frames.plan.faces(job.source.numbers)}
    return _result(job, started, made=0, faces=faces)


def _piece(job: SwapJob, reporter: Reporter, started: float) -> dict[str, Any]:
    with open_piece(job.request.out, job.source.numbers) as journal, job.frames(reporter, look=False) as frames:
        made = _make(job, frames, journal, reporter)
        records = [journal.records[number] for number in job.source.numbers]
    return _result(job, started, made, {one.number: one.faces for one in records}) | {"jitter": _jitter(records)}


def _whole(job: SwapJob, reporter: Reporter, started: float) -> dict[str, Any]:
    out, made = job.request.out, 0
    fingerprint, alone = job.fingerprint(), job.request.step == "join"
    finished = None if alone else _finished(job, fingerprint)  # who joins looks at every picture, each time
    if finished is None:
        with open_folder(job) as journal:
            if alone:
                _forget_damaged(job, journal, reporter)
            with job.frames(reporter, look=not alone, elsewhere=others_of(job, journal)) as frames:
                made = _make(job, frames, journal, reporter, only_check=alone)
                remove_others(job, journal, frames.elsewhere, reporter)
                _even_out(job, frames, journal, reporter)
            job.check_plate()
            _rename(job, journal)
            journal.remove_left()
            finished = _manifest(job, journal, fingerprint)
            write_manifest(out, finished)
    _sign(job, finished)
    chosen = set(job.source.numbers)
    faces = {frame.number: frame.faces for frame in finished.frames if frame.number in chosen}
    return _result(job, started, made, faces) | {"jitter": finished.jitter}


def _make(job: SwapJob, frames: Frames, journal: Journal, reporter: Reporter, *, only_check: bool = False) -> int:
    """Make the frames that are not as they should be; how many these were.

    only_check: raise BackendError where there are any.
    """
    out, numbers = job.request.out, job.source.numbers
    inputs = frames.inputs(numbers, job.made_by())
    pending = [n for n in numbers if n not in journal.records or journal.records[n].inputs != inputs[n]]
    if pending and only_check:
        raise not_made(out, pending)
    if pending:
        facts = facts_of(job.request) | {"frames": f"{numbers[0]}-{numbers[-1]}", "made": len(pending)}
        audit.enter("swap", job.granted.hashes(), facts)
        (out / MANIFEST).unlink(missing_ok=True)  # it is true again at the end
    before = {n: journal.records[n].file for n in pending if n in journal.records}
    journal.announce(job.how.file(number) for number in pending)
    journal.forget(pending)
    shared, made = job.shared(), 0
    journal.adopt(set(numbers) - set(pending), shared)
    for frame in frames.make(pending, inputs, shared):
        journal.add(frame)
        if before.get(frame.number, frame.file) != frame.file:  # it was made in another format
            (out / before[frame.number]).unlink(missing_ok=True)
        made += 1
        if made % ASKED_AGAIN == 0 or made == len(pending):
            require_still(job.granted, purpose_of(job.request))
        reporter.progress("swap", len(numbers) - len(pending) + made, len(numbers))
        if reporter.stop_requested():
            raise Cancelled
    burnt = frames.burnt.intersection(pending)  # those beside them are looked at too
    if burnt:
        reporter.message(too_bright(burnt, job.colourspace))
    dark = {number: frames.dark[number] for number in pending if number in frames.dark}
    if dark:
        reporter.message(too_dark(dark, job.colourspace))
    return made


def _even_out(job: SwapJob, frames: Frames, journal: Journal, reporter: Reporter) -> None:
    """Give cropped pictures of frames that were made before, for another range, the size that all have now."""
    shared, windows = job.shared(), frames.windows
    records = [record for record in journal.records.values() if record.swap == shared]
    others = [one for one in records if one.window and one.window != windows.get(one.number, one.window)]
    for done, record in enumerate(others, 1):
        journal.add(frames.moved(record))
        reporter.progress("crop", done, len(others))
        if reporter.stop_requested():
            raise Cancelled


def _rename(job: SwapJob, journal: Journal) -> None:
    """Give pictures that were made under other names, and need not be made again, the names of today."""
    out, names = job.request.out, {number: job.how.file(number) for number in journal.records}
    journal.announce(names.values())
    for record in [record for record in journal.records.values() if record.file != names[record.number]]:
        file = names[record.number]  # a kill at any moment leaves a line whose picture is there
        atomic.write_bytes(out / file, (out / record.file).read_bytes())
        journal.add(record.model_copy(update={"file": file}))
        (out / record.file).unlink(missing_ok=True)


def _forget_damaged(job: SwapJob, journal: Journal, reporter: Reporter) -> None:
    """Take out the frames whose pictures are not what their makers wrote: they came from other machines."""
    numbers, damaged = [n for n in job.source.numbers if n in journal.records], list[int]()
    for done, number in enumerate(numbers, 1):
        if not journal.is_whole(number):
            damaged.append(number)
        reporter.progress("check", done, len(numbers))
        if reporter.stop_requested():
            raise Cancelled
    if damaged:
        reporter.message(f"Pictures were changed since they were made: {shown(damaged)}.")
        journal.forget(damaged)


def _result(job: SwapJob, started: float, made: int, faces: dict[int, int]) -> dict[str, Any]:
    seconds = time.monotonic() - started
    return {
        "frames": len(job.source.numbers),
        "frames_made": made,
        "faces": sum(faces.values()),
        "frames_without_face": sum(count == 0 for count in faces.values()),
        "seconds": round(seconds, 3),
        "seconds_per_frame": round(seconds / made, 4) if made else 0.0,
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "out": str(job.request.out),
    }


def _jitter(records: Sequence[FrameRecord]) -> float | None:
    known = [record.jitter for record in records if record.jitter is not None]
    return round(fmean(known), 4) if known else None


def _manifest(job: SwapJob, journal: Journal, fingerprint: str) -> Manifest:
    request, plate, source, how, shared = job.request, job.plate, job.source, job.how, job.shared()
    records = [record for _, record in sorted(journal.records.items()) if record.swap == shared]
    first, last = records[0].number, records[-1].number
    people = job.granted.hashes()
    return Manifest(
        plate={
            "source": str(source.info.path.resolve()),
            "frames": f"{first}-{last}",
            "colourspace": plate.colourspace,
            "ocio": str(plate.ocio.resolve()) if plate.ocio else None,
            "pixel_aspect": plate.pixel_aspect,
        },
        identity=request.identity,
        model=str(request.model.resolve()),
        checkpoint=job.model.checkpoint,
        width=how.width,
        height=how.height,
        bit_depth=source.info.bit_depth,
        pixel_aspect=source.info.pixel_aspect,
        fps=str(how.fps) if how.fps else None,
        timecode=records[0].timecode or source.info.timecode_of(first),
        first=first,
        last=last,
        output=how.kind,
        alpha=how.alpha,
        colour=how.colour.name,
        jitter=_jitter(records),
        settings=job.controls.constant.model_dump(),
        keys={name: list(points) for name, points in job.controls.keys.items()},
        mask_model_sha256=job.mask_model.sha256 if job.mask_model else None,
        repairs_sha256=job.repairs_sha256,
        fingerprint=fingerprint,
        consent=Consent(identity=request.identity, record_sha256=people[request.identity], people=people),
        frames=records,
    )


def _sign(job: SwapJob, finished: Manifest) -> None:
    """Sign the list of all pictures and the manifest, once; chunks of a farm leave it to who joins them."""
    out, frames = job.request.out, [(frame.file, frame.sha256) for frame in finished.frames]
    facts = Facts(
        title=f"{shot_of(true_footage(job.request.plate))} as {job.request.identity}",
        people=job.granted.hashes(),
        audit_head=audit.head(),
        models=(job.model.weights_sha256,),
        plate_name=job.source.info.path.name,
    )
    if not is_signed(out, frames, facts, [MANIFEST]):
        plate = job.source.info
        sign_sequence(out, frames, facts, [MANIFEST], lambda: plate_of(plate.path, files_of(plate)))


def _finished(job: SwapJob, fingerprint: str) -> Manifest | None:
    """The manifest of a swap that is as it should be already: what it says is what this job would write."""
    out = job.request.out
    try:
        manifest = read_manifest(out)
    except BackendError:
        return None
    journal, shared = Journal(out), job.shared()
    records = [record for record in journal.records.values() if record.swap == shared]
    covered = {record.number for record in records}.issuperset(job.source.numbers)
    if not covered:
        return None
    wanted = _manifest(job, journal, fingerprint)
    return manifest if manifest.model_dump(mode="json") == wanted.model_dump(mode="json") else None
