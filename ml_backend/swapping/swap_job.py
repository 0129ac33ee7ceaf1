"""A swap whose inputs are open and fit together."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend import __version__
from ml_backend.errors import BackendError
from ml_backend.faces.landmarks import Landmarker, open_landmarker
from ml_backend.faces.repair import Repair
from ml_backend.faces.repairs import read_repairs
from ml_backend.faces.smoothing import reach as steadied_by
from ml_backend.facesets.mending import with_repairs
from ml_backend.facesets.observe import runs
from ml_backend.facesets.resolve import Footage
from ml_backend.media.colour import LightColour
from ml_backend.media.readable import require_unicode
from ml_backend.media.source import Source, as_plate, open_source
from ml_backend.media.square_pixels import as_filmed
from ml_backend.progress import Reporter
from ml_backend.provenance.content_hook import chosen, require_allowed
from ml_backend.provenance.gate import Granted
from ml_backend.requests import Plate, SwapRequest
from ml_backend.training.device import best_device
from ml_backend.training.masks.model import MaskModel, open_mask_model
from ml_backend.training.models.checkpoints import SwapModel, load_for_swap
from ml_backend.training.models.portraits import Portraits, read_portraits

from .detail.identity_detail import IdentityDetail
from .detail.made_shape import MadeShape
from .footage import files_of, footage_state, numbers_of, refuse_among, refuse_beyond
from .frames import Frames
from .inputs import hash_of
from .layer_file import LayerFormat, choose_format
from .performer import check_framing, features, find_performer, look_darker, nobody, who_is_filmed
from .permission import check_faces, check_portraits, footage_name, permit
from .plan import Plan, find_faces, known_faces, wanted_tracks
from .render import FaceRenderer
from .settings import Controls


@dataclass(frozen=True)
class Run:
    """Frames without a gap. beside: the plate, with those around them that they depend on."""

    numbers: Sequence[int]
    beside: Source


@dataclass(frozen=True)
class SwapJob:
    """granted: the consent of the people. performer: whom to look for; None: whoever is there.
    portraits: the identity's, where its own detail or the performance is asked for and the model has some; filmed:
    those of who is on the plate, where the performance is to be kept. state: of the plate's files when it was opened.
    repairs: those of then, and repairs_sha256 the hash of their file.
    """

    request: SwapRequest
    granted: Granted
    controls: Controls
    model: SwapModel
    mask_model: MaskModel | None
    performer: NDArray[np.float32] | None
    portraits: Portraits | None
    filmed: Portraits | None
    source: Source
    state: Sequence[tuple[str, int, int]]
    how: LayerFormat
    repairs: Sequence[Repair] = ()
    repairs_sha256: str | None = None

    def made_by(self) -> dict[str, Any]:
        """What counts for every frame, but not the range that was asked for."""
        return {
            "weights": self.model.weights_sha256,
            "masks": self.mask_model.sha256 if self.mask_model else None,
            "identity": self.request.identity,
            "features": self.controls.features,
            "portraits": self.portraits.sha256 if self.portraits else None,
            "filmed": self.filmed.sha256 if self.filmed else None,
            "colour": [self.source.colour.name, self.source.colour.version],
            "output": [self.how.kind, self.how.colour.name],
            "pixels": [*self.how.made, *self.how.stored],
            "slate": self.granted.slate,
        }

    def shared(self) -> str:
        """A hash of all that the frames of one swap share, whatever range is made at a time."""
        settings = [self.controls.constant.model_dump(), self.controls.keys, self.repairs_sha256]
        return hash_of([__version__, self.made_by(), self.state, settings])

    def check_plate(self) -> None:
        """Raise BackendError where files of the plate were changed since it was opened; more may have come."""
        path, now = self.source.info.path, list[tuple[str, int, int]]()
        with suppress(OSError, BackendError):  # it is gone altogether
            now = footage_state(self.source.info)
        gone = set(self.state).difference(now)
        if gone:
            which = f"{min(gone)[0]} of {path}" if len(self.state) > 1 else str(path)
            raise BackendError(
                f"{which} was changed while it was swapped.",
                "Run the same swap again: it makes anew what this touches.",
            )

    def fingerprint(self) -> str:
        """Changes with all that decides what the manifest says, but not with the range."""
        model = [str(self.request.model.resolve()), self.model.checkpoint, self.granted.hashes()]
        return hash_of([self.shared(), model])

    @property
    def plate(self) -> Plate:
        """The plate with the colour space that it is read in, and the configuration; both None where its files tell."""
        return as_plate(self.request.plate, self.request.colourspace, self.request.ocio)

    @property
    def colourspace(self) -> str:
        """What the plate's values mean, as the request or its plate says it."""
        return self.plate.colourspace or self.source.colour.name

    @contextmanager
    def frames(self, reporter: Reporter, *, look: bool, elsewhere: Sequence[Run] = ()) -> Iterator[Frames]:
        """What makes the frames, once the faces of the plate are known.

        look: find those that are not, on the frames `elsewhere` too; otherwise BackendError where the faces of a frame
        are not known.
        """
        request, controls = self.request, self.controls
        landmarker = open_landmarker("fan" if self.model.info.landmark_model == "fan68" else "mesh")
        beside = self._beside(self.source)
        with self._faces(landmarker, beside, reporter, look, [run.beside for run in elsewhere]) as found:
            plan = self._plan(found, beside, landmarker)
            numbers = self.source.numbers
            check_faces(request, controls.constant.performer, ((at, len(some)) for at, some in plan.faces(numbers)))
            if not plan.wanted:
                reporter.message(nobody(plan.footage, self.performer, self.model.info, request.identity))
                if not plan.footage.tracks and isinstance(self.source.colour, LightColour):
                    reporter.message(f"A face that is brighter than white is not seen. {look_darker(self.colourspace)}")
            renderer = FaceRenderer(
                self.model.network,
                request.identity,
                controls,
                best_device(),
                self.mask_model,
                self.source.colour,
                self.how.colour,
                self.granted.slate,
                self._detail(),
                self._shape(landmarker),
            )
            frames = Frames(beside, plan, renderer, controls, self.how, request.out)
            for run in elsewhere:
                with suppress(BackendError):  # a picture in which a repair is to be measured cannot be read
                    there = replace(frames, beside=run.beside, plan=self._plan(found, run.beside, landmarker))
                    known = set(found.frames).intersection(run.numbers)
                    frames.elsewhere.update(there.inputs(sorted(known), self.made_by()))
            yield frames

    def runs_of(self, numbers: Iterable[int]) -> list[Run]:
        """Frames that are not among the chosen ones, as swaps of each run of them see them.

        Without those that the plate does not have.
        """
        there = sorted(set(numbers).intersection(numbers_of(self.source.info)))
        parts = [self._open(run[0], run[-1]) for run in runs(there)]
        return [Run(part.numbers, self._beside(part)) for part in parts]

    def _open(self, first: int, last: int) -> Source:
        """The plate with these frames. Raises BackendError for a gap in it."""
        request = self.request
        return as_filmed(open_source(request.plate, f"{first}-{last}", request.colourspace, request.ocio))

    def _plan(self, found: Footage, beside: Source, landmarker: Landmarker) -> Plan:
        settings = self.controls.constant
        footage = with_repairs(found, self.repairs, beside, landmarker) if self.repairs else found
        return Plan(footage, wanted_tracks(footage, settings, self.performer), settings.gaps)

    def _detail(self) -> IdentityDetail | None:
        if self.portraits is None or not self.controls.ever("detail"):
            return None
        return IdentityDetail(self.model.network, self.request.identity, self.portraits, best_device())

    def _shape(self, landmarker: Landmarker) -> MadeShape | None:
        if not self.controls.shaped:
            return None
        network, identity = self.model.network, self.request.identity
        return MadeShape(network, identity, best_device(), landmarker, self.filmed, self.portraits)

    def _faces(
        self, landmarker: Landmarker, beside: Source, reporter: Reporter, look: bool, elsewhere: Sequence[Source]
    ) -> AbstractContextManager[Footage]:
        cache, smooth = self.request.out / "cache", self.controls.constant.smooth
        if look:
            return find_faces(self.source, beside, cache, landmarker, smooth, reporter, elsewhere)
        return known_faces(self.source, cache, landmarker, smooth)

    def _beside(self, source: Source) -> Source:
        """The plate with the frames before and after those of `source` that the result depends on."""
        reach = steadied_by(self.controls.constant.smooth) + max(self.controls.reach, 1)  # jitter looks at one
        first = max(source.info.first, source.numbers[0] - reach)
        last = min(source.info.last, source.numbers[-1] + reach)
        if (first, last) == (source.numbers[0], source.numbers[-1]):
            return source
        try:
            return self._open(first, last)
        except BackendError:  # a gap in the sequence beside the chosen frames
            return source


def open_job(request: SwapRequest) -> SwapJob:
    """Raises ConsentRefused without consent, UsageError and BackendError for what is wrong with the inputs."""
    controls = Controls.make(request.settings, request.keys)
    device = best_device()
    model = load_for_swap(request.model, device)
    performer = find_performer(model.info, request.model, request.identity, controls.constant)
    controls = replace(controls, features=features(model.info, request.identity, controls.constant))
    granted = permit(request, model.info, controls.constant.performer)
    source = as_filmed(open_source(request.plate, request.frames, request.colourspace, request.ocio))
    state = footage_state(source.info)
    for file in (source.info.path.resolve(), *files_of(source.info)):
        require_unicode(file)
    refuse_beyond(request, source)
    require_allowed(
        lambda: [frame.image for frame in source.frames(chosen(source.numbers))], "swap", footage_name(request.plate)
    )
    refuse_among(source.info, request.out)
    how = choose_format(controls.constant, source.info, source.colour)
    check_framing(model.info, request.model)
    mask_model = open_mask_model(request.mask_model, device) if request.mask_model else None
    portraits = read_portraits(request.model, request.identity) if controls.shaped else None
    if portraits is not None:
        check_portraits(request, model.info, portraits)
    name = who_is_filmed(model.info, request.identity, controls.constant)
    filmed = read_portraits(request.model, name) if name and controls.ever("performance") else None
    job = SwapJob(request, granted, controls, model, mask_model, performer, portraits, filmed, source, state, how)
    if request.repairs is None:
        return job
    repairs = read_repairs(request.repairs, required=True)  # what an artist repairs meanwhile is for the next swap
    return replace(job, repairs=repairs, repairs_sha256=hashlib.sha256(request.repairs.read_bytes()).hexdigest())
