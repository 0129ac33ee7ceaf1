"""One frame of a swap at once: what a preview at the playhead shows.

A `Previewer` keeps open what the next frame will need, so that only the first one waits for the networks to load.
"""

import errno
import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ml_backend.atomic import write_bytes
from ml_backend.errors import UsageError
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.landmarks import Landmarker, open_landmarker
from ml_backend.faces.recognition import Recogniser
from ml_backend.media.colour import PLAIN
from ml_backend.media.frame import Frame, Pixels
from ml_backend.media.square_pixels import stretched
from ml_backend.media.write import encode_png
from ml_backend.provenance import audit
from ml_backend.provenance.content_hook import require_allowed
from ml_backend.provenance.credentials import Facts, with_credential
from ml_backend.provenance.credentials import Plate as PlateNamed
from ml_backend.provenance.gate import Granted, require
from ml_backend.provenance.shot_name import shot_of
from ml_backend.requests import PreviewRequest
from ml_backend.swapping.detail.identity_detail import IdentityDetail
from ml_backend.swapping.detail.made_shape import MadeShape
from ml_backend.swapping.footage import files_of
from ml_backend.swapping.idle_settings import no_portraits
from ml_backend.swapping.layer import Layer, flatten, full_frame, squeeze_layer
from ml_backend.swapping.performer import check_framing, features, find_performer, who_is_filmed
from ml_backend.swapping.permission import (
    check_faces,
    check_portraits,
    facts_of,
    footage_name,
    permit,
    purpose_of,
    true_footage,
)
from ml_backend.swapping.plan import observations_file
from ml_backend.swapping.render import FaceRenderer
from ml_backend.swapping.settings import Controls
from ml_backend.training.masks.model import MaskModel, open_mask_model
from ml_backend.training.models.checkpoints import SwapModel, list_checkpoints, load_for_swap
from ml_backend.training.models.portraits import Portraits, portraits_file, read_portraits

from .faces import Eyes, FrameFaces, Wanted, find_frame_faces
from .kept import Kept, file_state
from .plate import OpenPlate, open_plate

FACES_KEPT = 256
"""Frames whose faces are remembered: 11 kB a face and frame around it."""


def render_one(renderer: FaceRenderer, number: int, frames: Iterable[Frame], faces: FrameFaces) -> Layer:
    """The layer that a swap makes of frame `number`; frames: those that `faces` knows, in any order."""
    near = {frame.number: renderer.make(frame, faces.faces[frame.number]) for frame in frames}
    return renderer.paint(number, near)


class Previewer:
    """Renders one frame after the other; not for several threads at once.

    It notices by itself what has changed on the disk since: a newer checkpoint, other footage, a swap that has seen
    more, repairs.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._model: Kept[SwapModel] = Kept()
        self._mask_model: Kept[MaskModel] = Kept()
        self._landmarker: Kept[Landmarker] = Kept()
        self._finders: Kept[tuple[Recogniser, CenterFace]] = Kept()
        self._plate: Kept[OpenPlate] = Kept()
        self._faces: Kept[dict[int, FrameFaces]] = Kept()
        self._entered: Kept[str] = Kept()
        self._portraits: Kept[Portraits | None] = Kept()
        self._detail: Kept[IdentityDetail] = Kept()
        self._shape: Kept[MadeShape] = Kept()

    def render(self, request: PreviewRequest) -> dict[str, Any]:
        """Write the frame as the edit would show it to `out` and its RGBA layer beside it; says how that went.

        Keys: out, layer, seconds, faces (how many were replaced), steadied (were they smoothed over the frames
        around), warm (was the network in memory), message (why there is no face, or why it is softer than it could be;
        empty where nothing is to be said).
        Raises RefusedError without consent, UsageError for a wrong plate, frame, model, identity or setting,
        BackendError for damaged files.
        """
        started = time.monotonic()
        require([request.identity], purpose_of(request))  # before the networks are loaded
        controls = Controls.make(request.settings, request.keys)
        layer_file = _layer_file(request.out)
        weights = _weights_state(request.model)
        warm = self._model.has(weights)
        if not warm:
            self._detail.forget()  # they hold the old network
            self._shape.forget()
        model = self._model.get(weights, lambda: load_for_swap(request.model, self._device))
        granted = self._permitted(request, model, controls.constant.performer)
        performer = find_performer(model.info, request.model, request.identity, controls.constant)
        controls = replace(controls, features=features(model.info, request.identity, controls.constant))
        check_framing(model.info, request.model)
        mask_model = self._open_mask_model(request.mask_model)
        plate = self._open_plate(request)
        _spare_plate(plate, (request.out, layer_file))
        shown = plate.pictures.frame(request.frame)
        require_allowed(lambda: [shown.image], "swap", footage_name(request.plate))
        landmarks_of = "fan" if model.info.landmark_model == "fan68" else "mesh"
        landmarker = self._landmarker.get(landmarks_of, lambda: open_landmarker(landmarks_of))
        wanted = Wanted(controls.constant, performer, request.repairs, controls.reach)
        info = plate.source.info
        faces = self._find(request, stretched(shown, info), plate, landmarker, wanted, (weights, request.identity))
        portraits = self._open_portraits(request, model, weights) if controls.shaped else None
        state = (weights, request.identity, None if portraits is None else portraits.sha256)
        detail = shape = None
        if portraits is not None and controls.ever("detail"):
            detail = self._open_detail(request, model, portraits, state)
        if controls.shaped:
            shape = self._open_shape(request, controls, model, landmarker, portraits, state)
        soft = no_portraits(request.model, request.identity) if controls.ever("detail") and detail is None else ""
        check_faces(request, controls.constant.performer, ((at, len(some)) for at, some in faces.faces.items()))
        # painted as a screen shows it, whatever the plate's colours
        colours = (plate.source.colour, PLAIN)
        renderer = FaceRenderer(
            model.network, request.identity, controls, self._device, mask_model, *colours, granted.slate, detail, shape
        )
        layer = render_one(renderer, request.frame, plate.pictures.frames(request.frame, faces.faces), faces)
        layer = squeeze_layer(layer, (info.width, info.height), info.stored_size)
        rgba = full_frame(layer, shown.image)
        facts = _facts(request, model, granted)
        for file, image in ((request.out, _laid_over(shown.image, rgba, layer.window)), (layer_file, rgba)):
            _write(file, with_credential(encode_png(image), ".png", facts, PlateNamed(facts.plate_name or "")))
        return {
            "out": str(request.out),
            "layer": str(layer_file),
            "seconds": round(time.monotonic() - started, 3),
            "faces": len(faces.faces[request.frame]),
            "steadied": faces.steadied,
            "warm": warm,
            "message": faces.message or soft,
        }

    def _permitted(self, request: PreviewRequest, model: SwapModel, performer: str | None) -> Granted:
        """The consent of the identity and of who is filmed; a row of previews of one thing is one audit entry."""
        granted, facts = permit(request, model.info, performer), facts_of(request)
        self._entered.get(
            (tuple(granted.hashes().items()), tuple(facts.items())),
            lambda: audit.enter("preview", granted.hashes(), facts),
        )
        return granted

    def _open_mask_model(self, folder: Path | None) -> MaskModel | None:
        if folder is None:
            return None
        return self._mask_model.get(_weights_state(folder), lambda: open_mask_model(folder, self._device))

    def _open_portraits(self, request: PreviewRequest, model: SwapModel, weights: Hashable) -> Portraits | None:
        def opened() -> Portraits | None:
            portraits = read_portraits(request.model, request.identity)
            if portraits is not None:
                check_portraits(request, model.info, portraits)
            return portraits

        state = file_state(portraits_file(request.model, request.identity))
        return self._portraits.get((weights, request.identity, state), opened)

    def _open_detail(
        self, request: PreviewRequest, model: SwapModel, portraits: Portraits, state: Hashable
    ) -> IdentityDetail:
        return self._detail.get(state, lambda: IdentityDetail(model.network, request.identity, portraits, self._device))

    def _open_shape(
        self,
        request: PreviewRequest,
        controls: Controls,
        model: SwapModel,
        landmarker: Landmarker,
        portraits: Portraits | None,
        state: Hashable,
    ) -> MadeShape:
        name = who_is_filmed(model.info, request.identity, controls.constant) if controls.ever("performance") else None

        def opened() -> MadeShape:
            filmed = read_portraits(request.model, name) if name else None
            return MadeShape(model.network, request.identity, self._device, landmarker, filmed, portraits)

        theirs = file_state(portraits_file(request.model, name)) if name else None
        return self._shape.get((state, name, theirs), opened)

    def _open_plate(self, request: PreviewRequest) -> OpenPlate:
        """The plate, opened anew where its files have changed."""
        named = footage_name(request.plate)
        config = None if request.ocio is None else file_state(request.ocio)
        key = (str(request.plate), request.colourspace, config, file_state(Path(named)))
        plate = self._plate.get(key, lambda: open_plate(request))
        if not plate.is_fit_for(request.frame):
            self._plate.forget()
            plate = self._plate.get(key, lambda: open_plate(request))
        return plate

    def _find(
        self,
        request: PreviewRequest,
        frame: Frame,
        plate: OpenPlate,
        landmarker: Landmarker,
        wanted: Wanted,
        model: Hashable,
    ) -> FrameFaces:
        """The frame's faces, from memory where nothing that they depend on has changed."""
        settings = wanted.settings
        seen = None if request.swap is None else observations_file(request.swap / "cache", plate.source, landmarker)
        choice = (settings.faces, settings.performer, settings.gaps, settings.smooth, wanted.reach)
        files = tuple(None if file is None else file_state(file) for file in (seen, request.repairs))
        info = plate.source.info
        look = (plate.source.colour.name, plate.source.colour.version, info.width, info.height)
        known = self._faces.get((str(plate.state), look, model, choice, files), dict)
        if frame.number not in known:
            recogniser, detector = self._finders.get(None, lambda: (Recogniser(), CenterFace()))
            while len(known) >= FACES_KEPT:
                del known[next(iter(known))]
            eyes = Eyes(landmarker, recogniser, detector)
            known[frame.number] = find_frame_faces(frame, plate.source, seen, eyes, wanted)
        return known[frame.number]


def _laid_over(plate: Pixels, rgba: Pixels, window: tuple[int, int, int, int]) -> Pixels:
    """What `flatten` gives, worked out only in the part of the frame (x, y, width, height) that has a layer."""
    x, y, width, height = window
    part, laid = (slice(y, y + height), slice(x, x + width)), plate.copy()
    laid[part] = flatten(plate[part], rgba[part])
    return laid


def _facts(request: PreviewRequest, model: SwapModel, granted: Granted) -> Facts:
    """What the credential of a preview says: whoever keeps it has a picture of a made face."""
    return Facts(
        title=f"{shot_of(true_footage(request.plate))} as {request.identity}, frame {request.frame}, a preview",
        people=granted.hashes(),
        audit_head=audit.head(),
        models=(model.weights_sha256,),
        plate_name=Path(true_footage(request.plate)).name,
    )


def _layer_file(out: Path) -> Path:
    if out.suffix.lower() != ".png":
        raise UsageError(f"A preview cannot be written as {out}.", "Name a file that ends in .png.")
    return out.with_name(f"{out.stem}.layer.png")


def _spare_plate(plate: OpenPlate, written: Sequence[Path]) -> None:
    """Raise UsageError before a preview takes the place of a picture of the plate, or is taken for one."""
    info = plate.source.info
    files, folder = {file.resolve() for file in files_of(info)}, info.path.resolve()
    for file in written:
        if file.resolve() in files or (folder.is_dir() and file.parent.resolve() == folder):
            raise UsageError(f"{file} lies among the pictures of the plate.", "Write the preview elsewhere.")


def _write(file: Path, data: bytes) -> None:
    try:
        write_bytes(file, data)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UsageError(f"{file} cannot be written: {error.strerror}.", "Name a file elsewhere.") from error


def _weights_state(model: Path) -> Hashable:
    """What tells which weights would be loaded from a model's folder or file, without reading them."""
    if model.is_file():
        return file_state(model)
    folders = list_checkpoints(model)
    return file_state(folders[-1] / "ema.safetensors") if folders else str(model)
