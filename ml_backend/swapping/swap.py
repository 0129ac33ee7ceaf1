"""The swap job: a plate and a model in, an image sequence with alpha out."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend import __version__, atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.repairs import read_repairs
from ml_backend.faces.smoothing import reach as steadied_by
from ml_backend.facesets.mending import with_repairs
from ml_backend.folder_lock import hold
from ml_backend.media.source import Source, open_source
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.provenance.consent import require_consent
from ml_backend.provenance.record import ConsentRecord
from ml_backend.requests import SwapRequest
from ml_backend.training.device import best_device
from ml_backend.training.masks.model import MaskModel, open_mask_model
from ml_backend.training.models.checkpoints import SwapModel, load_for_swap

from .footage import footage_state, refuse_among
from .frames import Frames
from .inputs import hash_of
from .layer_file import LayerFormat, choose_format
from .manifest import MANIFEST, Consent, Journal, Manifest, read_manifest, write_manifest
from .performer import check_framing, find_performer, nobody
from .plan import Plan, find_faces, wanted_tracks
from .render import FaceRenderer
from .settings import Controls


@dataclass(frozen=True)
class _Job:
    """A swap whose inputs are open and fit together. performer: whom to look for; None: whoever is there."""

    request: SwapRequest
    record: ConsentRecord
    controls: Controls
    model: SwapModel
    mask_model: MaskModel | None
    performer: NDArray[np.float32] | None
    source: Source
    how: LayerFormat

    def made_by(self) -> dict[str, Any]:
        """What counts for every frame, but not the range that was asked for."""
        return {
            "weights": self.model.weights_sha256,
            "masks": self.mask_model.sha256 if self.mask_model else None,
            "identity": self.request.identity,
            "colour": [self.source.colour.name, self.source.colour.version],
            "output": self.how.kind,
        }

    def shared(self) -> str:
        """A hash of all that the frames of one swap share, whatever range is made at a time."""
        repairs = self.request.repairs.read_bytes().hex() if self.request.repairs else None
        settings = [self.controls.constant.model_dump(), self.controls.keys, repairs]
        return hash_of([__version__, self.made_by(), footage_state(self.source.info), settings])

    def fingerprint(self) -> str:
        """Changes with all that decides what the manifest says, but not with the range."""
        model = [str(self.request.model.resolve()), self.model.checkpoint, self.record.sha256()]
        return hash_of([self.shared(), model])


def run_swap(request: SwapRequest, reporter: Reporter) -> dict[str, Any]:
    """Replace the performer's face on every frame; frames whose inputs have not changed are kept.

    Raises RefusedError without consent, UsageError for a wrong plate, model, identity or setting, BackendError for
    damaged files and where another process swaps into the folder, Cancelled when asked to stop: the same request then
    goes on.
    """
    started = time.monotonic()
    job, made = _open(request), 0
    fingerprint = job.fingerprint()
    finished = _finished(request.out, fingerprint, job.source)
    if finished is None:
        _make_folder(request.out)
        with hold(
            request.out / "lock.sqlite", "If another swap into this folder runs, wait for it, or choose another."
        ):
            for folder in (request.out, request.out / "cache"):
                atomic.remove_leftovers(folder)
            _begin(request.out, job)
            journal = Journal(request.out)
            _remove_others(request.out, job, journal, reporter)
            made, jitter = _make(job, journal, reporter)
            finished = _manifest(job, journal, fingerprint, jitter)
            write_manifest(request.out, finished)
    chosen = set(job.source.numbers)
    faces = {frame.number: frame.faces for frame in finished.frames if frame.number in chosen}
    seconds = time.monotonic() - started
    return {
        "frames": len(job.source.numbers),
        "frames_made": made,
        "faces": sum(faces.values()),
        "frames_without_face": sum(count == 0 for count in faces.values()),
        "jitter": finished.jitter,
        "seconds": round(seconds, 3),
        "seconds_per_frame": round(seconds / made, 4) if made else 0.0,
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "out": str(request.out),
    }


def _open(request: SwapRequest) -> _Job:
    controls = Controls.make(request.settings, request.keys)
    device = best_device()
    model = load_for_swap(request.model, device)
    performer = find_performer(model.info, request.model, request.identity, controls.constant)
    record = require_consent(request.identity, "swap", request.consent)
    source = open_source(request.plate, request.frames, request.colourspace, request.ocio)
    refuse_among(source.info, request.out)
    how = choose_format(controls.constant, source.info, source.colour)
    check_framing(model.info, request.model)
    mask_model = open_mask_model(request.mask_model, device) if request.mask_model else None
    if request.repairs:
        read_repairs(request.repairs, required=True)  # what is wrong with it shall be known before hours of work
    return _Job(request, record, controls, model, mask_model, performer, source, how)


def _make(job: _Job, journal: Journal, reporter: Reporter) -> tuple[int, float | None]:
    """Make the frames that are not as they should be; how many these were, and the jitter of the faces' places."""
    request, source, controls, how = job.request, job.source, job.controls, job.how
    landmarker = open_landmarker("fan" if job.model.info.landmark_model == "fan68" else "mesh")
    beside, made = _beside(request, source, controls), 0
    strength = controls.constant.smooth
    with find_faces(source, beside, request.out / "cache", landmarker, strength, reporter) as found:
        footage = with_repairs(found, request.repairs, beside, landmarker) if request.repairs else found
        plan = Plan(footage, wanted_tracks(footage, controls.constant, job.performer), controls.constant.gaps)
        if not plan.wanted:
            reporter.message(nobody(footage, job.performer))
        network, colours = job.model.network, (source.colour, how.colour)
        renderer = FaceRenderer(network, request.identity, controls, best_device(), job.mask_model, *colours)
        frames = Frames(beside, plan, renderer, controls, how, request.out)
        inputs, jitter = frames.inputs(source.numbers, job.made_by())
        pending = [n for n in source.numbers if n not in journal.records or journal.records[n].inputs != inputs[n]]
        before = {n: journal.records[n].file for n in pending if n in journal.records}
        journal.forget(pending)
        journal.adopt(set(source.numbers) - set(pending), job.shared())
        for frame in frames.make(pending, inputs, job.shared()):
            journal.add(frame)
            if before.get(frame.number, frame.file) != frame.file:  # it was made in another format
                (request.out / before[frame.number]).unlink(missing_ok=True)
            made += 1
            reporter.progress("swap", len(source.numbers) - len(pending) + made, len(source.numbers))
            if reporter.stop_requested():
                raise Cancelled
    return made, jitter


def _manifest(job: _Job, journal: Journal, fingerprint: str, jitter: float | None) -> Manifest:
    request, source, how, shared = job.request, job.source, job.how, job.shared()
    records = [record for _, record in sorted(journal.records.items()) if record.swap == shared]
    first, last = records[0].number, records[-1].number
    return Manifest(
        plate={
            "source": str(source.info.path.resolve()),
            "frames": f"{first}-{last}",
            "colourspace": request.colourspace,
            "ocio": str(request.ocio.resolve()) if request.ocio else None,
        },
        identity=request.identity,
        model=str(request.model.resolve()),
        checkpoint=job.model.checkpoint,
        width=how.width,
        height=how.height,
        bit_depth=source.info.bit_depth,
        fps=str(how.fps) if how.fps else None,
        timecode=how.timecode_of(first),
        first=first,
        last=last,
        output=how.kind,
        alpha=how.alpha,
        colour=how.colour.name,
        jitter=None if jitter is None else round(jitter, 4),
        settings=job.controls.constant.model_dump(),
        keys={name: list(points) for name, points in job.controls.keys.items()},
        fingerprint=fingerprint,
        consent=Consent(identity=request.identity, record_sha256=job.record.sha256()),
        frames=records,
    )


def _finished(out: Path, fingerprint: str, source: Source) -> Manifest | None:
    """The manifest of a swap that is as it should be already."""
    try:
        manifest = read_manifest(out)
    except BackendError:
        return None
    journal = Journal(out)
    covered = {frame.number for frame in manifest.frames}.issuperset(source.numbers)
    whole = all(journal.records.get(frame.number) == frame for frame in manifest.frames)
    return manifest if manifest.fingerprint == fingerprint and covered and whole else None


def _beside(request: SwapRequest, source: Source, controls: Controls) -> Source:
    """The plate with the frames before and after the chosen ones that the result depends on."""
    reach = steadied_by(controls.constant.smooth) + controls.reach
    first = max(source.info.first, source.numbers[0] - reach)
    last = min(source.info.last, source.numbers[-1] + reach)
    if (first, last) == (source.numbers[0], source.numbers[-1]):
        return source
    try:
        return open_source(request.plate, f"{first}-{last}", request.colourspace, request.ocio)
    except BackendError:  # a gap in the sequence beside the chosen frames
        return source


def _begin(out: Path, job: _Job) -> None:
    """Make sure of the folder: pictures in it that no swap has made are not written over."""
    journal = out / Journal.FILE
    if not journal.exists():
        taken = next((file for n in job.source.numbers if (file := out / job.how.file(n)).exists()), None)
        if taken is not None:
            raise UsageError(
                f"{taken} is there already, and no swap has made it.", "Write the swap into an empty folder."
            )
        journal.touch()
    (out / MANIFEST).unlink(missing_ok=True)  # it is true again at the end


def _remove_others(out: Path, job: _Job, journal: Journal, reporter: Reporter) -> None:
    """Take away what another swap left beside the chosen frames: a folder holds one swap, of one person."""
    chosen, shared = set(job.source.numbers), job.shared()
    others = [n for n, record in journal.records.items() if n not in chosen and record.swap != shared]
    for number in others:
        (out / journal.records[number].file).unlink(missing_ok=True)
    journal.forget(others)
    if others:
        reporter.message(
            f"{len(others)} frames of another swap ({min(others)} to {max(others)}) were removed from {out}."
        )


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made: {error.strerror}.", "Choose a folder that can be written.") from error
