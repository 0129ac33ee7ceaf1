"""The swap job: a plate and a model in, an image sequence with alpha out."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.faces.alignment import FACE
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.smoothing import reach as steadied_by
from ml_backend.facesets.mending import with_repairs
from ml_backend.facesets.resolve import Footage
from ml_backend.media.source import Source, open_source
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.provenance.consent import require_consent
from ml_backend.requests import SwapRequest
from ml_backend.training.device import best_device
from ml_backend.training.masks.model import MaskModel, open_mask_model
from ml_backend.training.models.checkpoints import CheckpointInfo, SwapModel, load_for_swap

from .footage import footage_state
from .frames import Frames
from .inputs import hash_of
from .layer_file import choose_format
from .manifest import MANIFEST, Consent, Journal, Manifest, read_manifest, write_manifest
from .plan import Plan, find_faces, nearest, wanted_tracks
from .render import FaceRenderer
from .settings import Controls, SwapSettings


def run_swap(request: SwapRequest, reporter: Reporter) -> dict[str, Any]:
    """Replace the performer's face on every frame; frames whose inputs have not changed are kept.

    Raises RefusedError without consent, UsageError for a wrong plate, model, identity or setting, BackendError for
    damaged files, Cancelled when asked to stop: the same request then goes on.
    """
    started = time.monotonic()
    record = require_consent(request.identity, "swap", request.consent)
    controls = Controls.make(request.settings, request.keys)
    device = best_device()
    model = load_for_swap(request.model, device)
    performer = find_performer(model.info, request.model, request.identity, controls.constant)
    source = open_source(request.plate, request.frames, request.colourspace, request.ocio)
    how = choose_format(controls.constant, source.info, source.colour)
    check_framing(model.info, request.model)
    mask_model = open_mask_model(request.mask_model, device) if request.mask_model else None
    made_by = _made_by(request, model, mask_model, source)
    fingerprint = hash_of([made_by, footage_state(source.info), controls.constant.model_dump(), controls.keys])
    _make_folder(request.out)
    journal = Journal(request.out)
    finished = _finished(request.out, fingerprint, source, journal)
    made = 0
    if finished is None:
        (request.out / MANIFEST).unlink(missing_ok=True)  # it is true again at the end
        landmarker = open_landmarker("fan" if model.info.landmark_model == "fan68" else "mesh")
        beside = _beside(request, source, controls)
        strength = controls.constant.smooth
        with find_faces(source, beside, request.out / "cache", landmarker, strength, reporter) as found:
            footage = with_repairs(found, request.repairs, source, landmarker) if request.repairs else found
            plan = Plan(footage, wanted_tracks(footage, controls.constant, performer), controls.constant.gaps)
            if not plan.wanted:
                reporter.message(_nobody(footage, performer))
            renderer = FaceRenderer(
                model.network, request.identity, controls, device, mask_model, source.colour, how.colour
            )
            frames = Frames(beside, plan, renderer, controls, how, request.out)
            inputs, jitter = frames.inputs(source.numbers, made_by)
            pending = [n for n in source.numbers if n not in journal.records or journal.records[n].inputs != inputs[n]]
            journal.forget(pending)
            for frame in frames.make(pending, inputs):
                journal.add(frame)
                made += 1
                reporter.progress("swap", len(source.numbers) - len(pending) + made, len(source.numbers))
                if reporter.stop_requested():
                    raise Cancelled
        _remove_others(request.out, journal)
        finished = Manifest(
            plate={"source": str(source.info.path.resolve()), "frames": request.frames},
            identity=request.identity,
            model=str(request.model.resolve()),
            checkpoint=model.checkpoint,
            width=how.width,
            height=how.height,
            bit_depth=source.info.bit_depth,
            fps=str(how.fps) if how.fps else None,
            timecode=how.timecode_of(source.numbers[0]),
            first=source.numbers[0],
            last=source.numbers[-1],
            output=how.kind,
            alpha=how.alpha,
            colour=how.colour.name,
            jitter=None if jitter is None else round(jitter, 4),
            settings=controls.constant.model_dump(),
            keys={name: list(points) for name, points in controls.keys.items()},
            fingerprint=fingerprint,
            consent=Consent(identity=request.identity, record_sha256=record.sha256()),
            frames=[journal.records[number] for number in source.numbers],
        )
        write_manifest(request.out, finished)
    seconds = time.monotonic() - started
    return {
        "frames": len(finished.frames),
        "frames_made": made,
        "faces": sum(frame.faces for frame in finished.frames),
        "frames_without_face": sum(frame.faces == 0 for frame in finished.frames),
        "jitter": finished.jitter,
        "seconds": round(seconds, 3),
        "seconds_per_frame": round(seconds / made, 4) if made else 0.0,
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "out": str(request.out),
    }


def _made_by(request: SwapRequest, model: SwapModel, mask_model: MaskModel | None, source: Source) -> dict[str, Any]:
    """What counts for every frame, but not the range that was asked for."""
    return {
        "weights": model.weights_sha256,
        "masks": mask_model.sha256 if mask_model else None,
        "identity": request.identity,
        "colour": [source.colour.name, hash_of(request.ocio.read_text("utf-8")) if request.ocio else None],
        "repairs": hash_of(request.repairs.read_text("utf-8")) if request.repairs else None,
    }


def _finished(out: Path, fingerprint: str, source: Source, journal: Journal) -> Manifest | None:
    """The manifest of a swap that is as it should be already."""
    try:
        manifest = read_manifest(out)
    except BackendError:
        return None
    same = manifest.fingerprint == fingerprint and [frame.number for frame in manifest.frames] == source.numbers
    return manifest if same and all(journal.records.get(f.number) == f for f in manifest.frames) else None


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


def _remove_others(out: Path, journal: Journal) -> None:
    """Take away the files of frames that were made anew in another format."""
    for record in journal.records.values():
        kept = out / record.file
        for suffix in (".png", ".exr"):
            if suffix != kept.suffix:
                kept.with_suffix(suffix).unlink(missing_ok=True)


def _make_folder(out: Path) -> None:
    """Make the swap's folder where it is missing, and clean up after a killed swap."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made: {error.strerror}.", "Choose a folder that can be written.") from error
    for folder in (out, out / "cache"):
        atomic.remove_leftovers(folder)


def check_framing(info: CheckpointInfo, model: Path) -> None:
    if (info.framing, info.framing_side) != (FACE.name, FACE.side):
        raise BackendError(
            f"The model {model} was trained on other crops ({info.framing} {info.framing_side}) "
            f"than this backend makes ({FACE.name} {FACE.side}).",
            "Use the backend version that trained it, or train again.",
        )


def _nobody(footage: Footage, performer: NDArray[np.float32] | None) -> str:
    """Why a swap changes nothing: no face at all, or only faces of others."""
    away = None if performer is None else nearest(footage, performer)
    if away is None:
        return "No face was found on the plate: every frame will be transparent."
    return (
        f"None of the faces on the plate is the performer's (the nearest is {away:.2f} away): every frame will be "
        "transparent. --set faces=largest or faces=all swaps whoever is there."
    )


def find_performer(
    info: CheckpointInfo, model: Path, identity: str, settings: SwapSettings
) -> NDArray[np.float32] | None:
    """The mean embedding of the person to look for on the plate; None where whoever is there is replaced.

    Raises UsageError where the model does not know the identity, or not who is filmed.
    """
    if identity not in info.identities:
        raise UsageError(f"The model {model} does not know {identity}.", f"It knows {', '.join(info.identities)}.")
    if settings.faces != "performer":
        return None
    others = [name for name in info.identities if name != identity]
    name = settings.performer or (others[0] if len(others) == 1 else None)
    if name is None and not others:
        raise UsageError(
            f"The model {model} knows {identity} only, and so not who is on the plate.",
            "Say --set faces=largest, or export the performer with the identity.",
        )
    if name is None or name not in info.identities:
        raise UsageError(
            f"Who of {', '.join(others)} is on the plate?" if name is None else f"The model does not know {name}.",
            "Say it with --set performer=NAME, or use --set faces=largest.",
        )
    return np.asarray(info.references[name], np.float32)
