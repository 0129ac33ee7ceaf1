"""The swap job: a plate and a model in, an image sequence with alpha out."""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend import __version__, atomic
from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.faces.alignment import FACE
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.repairs import read_repairs, repairs_for
from ml_backend.facesets.mending import with_repairs
from ml_backend.facesets.resolve import Footage
from ml_backend.media.ahead import ahead
from ml_backend.media.source import Source, open_source
from ml_backend.media.write import encode_png
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.provenance.consent import require_consent
from ml_backend.requests import SwapRequest
from ml_backend.training.device import best_device
from ml_backend.training.masks.model import MaskModel, open_mask_model
from ml_backend.training.models.checkpoints import CheckpointInfo, SwapModel, load_for_swap

from .footage import footage_state
from .manifest import MANIFEST, Consent, FrameRecord, Journal, Manifest, frame_file, write_manifest
from .plan import Plan, find_faces, nearest, wanted_tracks
from .render import FaceRenderer, SwapFrame
from .settings import SwapSettings, make_settings


def run_swap(request: SwapRequest, reporter: Reporter) -> dict[str, Any]:
    """Replace the performer's face on every frame; frames that are done with the same settings are kept.

    Raises RefusedError without consent, UsageError for a wrong plate, model, identity or setting, BackendError for
    damaged files, Cancelled when asked to stop: the same request then goes on.
    """
    started = time.monotonic()
    record = require_consent(request.identity, "swap", request.consent)
    settings = make_settings(request.settings)
    device = best_device()
    model = load_for_swap(request.model, device)
    performer = _performer(model.info, request, settings)
    source = open_source(request.plate, request.frames)
    _check_model(model.info, request.model)
    mask_model = open_mask_model(request.mask_model, device) if request.mask_model else None
    fingerprint = _fingerprint(source, model, mask_model, request.identity, settings)
    _make_folder(request.out)
    journal = Journal(request.out, fingerprint)
    marks = _repair_marks(request.repairs, source)
    pending = [number for number in source.numbers if not _is_done(journal, number, marks)]
    if pending:
        (request.out / MANIFEST).unlink(missing_ok=True)  # it is true again at the end
        landmarker = open_landmarker("fan" if model.info.landmark_model == "fan68" else "mesh")
        renderer = FaceRenderer(model.network, request.identity, settings, device, mask_model)
        journal.forget(pending)
        with find_faces(source, request.out / "cache", landmarker, settings.smooth, reporter) as found:
            footage = with_repairs(found, request.repairs, source, landmarker) if request.repairs else found
            plan = Plan(footage, wanted_tracks(footage, settings, performer), settings.gaps)
            if not plan.wanted:
                reporter.message(_nobody(footage, performer))
            done = len(source.numbers) - len(pending)
            for frame, faces in zip(ahead(source.frames(pending)), plan.landmarks(pending), strict=True):
                layer = renderer.render(frame.image, faces)
                journal.add(_write_frame(request.out, frame.number, layer, marks.get(frame.number, "")))
                done += 1
                reporter.progress("swap", done, len(source.numbers))
                if reporter.stop_requested():
                    raise Cancelled
    frames = [journal.records[number] for number in source.numbers]
    manifest = Manifest(
        plate={"source": str(source.info.path.resolve()), "frames": request.frames},
        identity=request.identity,
        model=str(request.model.resolve()),
        checkpoint=model.checkpoint,
        width=source.info.width,
        height=source.info.height,
        bit_depth=source.info.bit_depth,
        fps=str(source.info.fps) if source.info.fps else None,
        first=source.numbers[0],
        last=source.numbers[-1],
        settings=settings.model_dump(),
        fingerprint=fingerprint,
        consent=Consent(identity=request.identity, record_sha256=record.sha256()),
        frames=frames,
    )
    write_manifest(request.out, manifest)
    seconds = time.monotonic() - started
    return {
        "frames": len(frames),
        "frames_made": len(pending),
        "faces": sum(frame.faces for frame in frames),
        "frames_without_face": sum(frame.faces == 0 for frame in frames),
        "seconds": round(seconds, 3),
        "seconds_per_frame": round(seconds / len(pending), 4) if pending else 0.0,
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "out": str(request.out),
    }


def _make_folder(out: Path) -> None:
    """Make the swap's folder where it is missing, and clean up after a killed swap."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made: {error.strerror}.", "Choose a folder that can be written.") from error
    for folder in (out, out / "cache"):
        atomic.remove_leftovers(folder)


def _repair_marks(file: Path | None, source: Source) -> dict[int, str]:
    """A mark for every frame with repairs, which changes with them."""
    if file is None:
        return {}
    repairs = repairs_for(read_repairs(file, required=True), source.info.path)
    texts = {number: "".join(one.model_dump_json() for one in ones) for number, ones in repairs.items()}
    return {number: hashlib.sha256(text.encode()).hexdigest()[:16] for number, text in texts.items()}


def _is_done(journal: Journal, number: int, marks: Mapping[int, str]) -> bool:
    return number in journal.records and journal.records[number].repairs == marks.get(number, "")


def _write_frame(out: Path, number: int, layer: SwapFrame, repairs: str) -> FrameRecord:
    data = encode_png(layer.rgba)
    atomic.write_bytes(out / frame_file(number), data)
    return FrameRecord(
        number=number,
        file=frame_file(number),
        faces=len(layer.transforms),
        sha256=hashlib.sha256(data).hexdigest(),
        transforms=[matrix.tolist() for matrix in layer.transforms],
        repairs=repairs,
    )


def _check_model(info: CheckpointInfo, model: Path) -> None:
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


def _performer(info: CheckpointInfo, request: SwapRequest, settings: SwapSettings) -> NDArray[np.float32] | None:
    """The mean embedding of the person to look for on the plate."""
    if request.identity not in info.identities:
        raise UsageError(
            f"The model {request.model} does not know {request.identity}.", f"It knows {', '.join(info.identities)}."
        )
    if settings.faces != "performer":
        return None
    others = [name for name in info.identities if name != request.identity]
    name = settings.performer or (others[0] if len(others) == 1 else None)
    if name is None and not others:
        raise UsageError(
            f"The model {request.model} knows {request.identity} only, and so not who is on the plate.",
            "Say --set faces=largest, or export the performer with the identity.",
        )
    if name is None or name not in info.identities:
        raise UsageError(
            f"Who of {', '.join(others)} is on the plate?" if name is None else f"The model does not know {name}.",
            "Say it with --set performer=NAME, or use --set faces=largest.",
        )
    return np.asarray(info.references[name], np.float32)


def _fingerprint(
    source: Source, model: SwapModel, mask_model: MaskModel | None, identity: str, settings: SwapSettings
) -> str:
    """Changes with all that decides a frame's pixels, but not with the selected range."""
    value = {
        "backend": __version__,
        "plate": footage_state(source.info),
        "weights": model.weights_sha256,
        "masks": mask_model.sha256 if mask_model else None,
        "identity": identity,
        "settings": settings.model_dump(),
    }
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
