"""What a farm is asked to do: one swap, in steps that any machine can take.

JOB/job.json    the swap's request and the frames of each piece; all exporters and workers read it
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml_backend import atomic
from ml_backend.errors import BackendError, UsageError
from ml_backend.media.frame_range import parse_frames
from ml_backend.media.source import as_plate, open_source
from ml_backend.requests import SwapRequest
from ml_backend.swapping.footage import refuse_beyond
from ml_backend.swapping.performer import find_performer
from ml_backend.swapping.permission import purpose_of
from ml_backend.swapping.settings import Controls
from ml_backend.training.models.checkpoints import load_for_swap

from .paths import Rule, mapped

FILE = "job.json"
Step = Literal["faces", "frames", "join"]


class FarmJob(BaseModel):
    """request: with absolute paths. first, last: the plate's frames, both included. chunk: frames of a piece."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    name: str
    request: SwapRequest
    first: int = Field(ge=0)
    last: int = Field(ge=0)
    chunk: int = Field(ge=1)

    @property
    def frames(self) -> str:
        return _range(self.first, self.last)

    @property
    def pieces(self) -> list[str]:
        """The frame ranges of the pieces, in their order."""
        starts = range(self.first, self.last + 1, self.chunk)
        return [_range(start, min(start + self.chunk - 1, self.last)) for start in starts]

    def piece(self, number: int) -> str:
        """The frames of piece `number`, counted from 1; UsageError where there is none."""
        if not 1 <= number <= len(self.pieces):
            raise UsageError(f"There is no piece {number}: the job has {len(self.pieces)}.", "Count them from 1.")
        return self.pieces[number - 1]

    def step(self, step: Step, frames: str | None = None) -> SwapRequest:
        """What one step of the job asks the swap to do. frames: of a piece; UsageError for others than the job's."""
        if frames is not None:
            asked = parse_frames(frames)
            first, last = asked.first, asked.last
            if first is None or last is None or not self.first <= first <= last <= self.last:
                raise UsageError(f"The frames {frames} are not the job's: {self.frames}.", "Stay among these.")
        return self.request.model_copy(update={"step": step, "frames": frames or self.frames})


def make_job(request: SwapRequest, chunk: int, name: str | None = None) -> FarmJob:
    """The job of a swap of the whole range that `request` asks for, in pieces of `chunk` frames.

    Raises UsageError for a plate, range, model, identity or setting that is not there: hours on a farm shall not be
    needed to find that out. Consent is asked for by every step.
    """
    if chunk < 1:
        raise UsageError(f"A piece of {chunk} frames is not possible.", "Give --chunk 1 or more.")
    request = _named(_absolute(request))
    known = load_for_swap(request.model, torch.device("cpu")).info
    find_performer(known, request.model, request.identity, Controls.make(request.settings, request.keys).constant)
    source = open_source(request.plate, request.frames, request.colourspace, request.ocio)
    refuse_beyond(request, source)
    numbers = source.numbers
    title = _title(name or "") or _title(f"{request.out.name} as {request.identity}")
    return FarmJob(name=title, request=request, first=numbers[0], last=numbers[-1], chunk=chunk)


def write_job(folder: Path, job: FarmJob) -> Path:
    """Write JOB/job.json; returns it. A job that is there is replaced."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.write_json(folder / FILE, job.model_dump(mode="json"))
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}.", "Choose another folder with --job."
        ) from error
    return folder / FILE


def read_job(folder: Path, rules: Sequence[Rule] = ()) -> FarmJob:
    """The job, with its paths as `rules` say that they are called on this machine.

    Raises UsageError where the folder holds no job, BackendError where it is damaged.
    """
    file = folder / FILE
    try:
        job = FarmJob.model_validate_json(file.read_bytes())
        if not rules:
            return job
        request = SwapRequest.model_validate(mapped(job.request.model_dump(mode="json"), rules))
        return job.model_copy(update={"request": request})
    except FileNotFoundError as error:
        raise UsageError(f"{folder} holds no job: {FILE} is missing.", "Make one: ml-backend farm export.") from error
    except (OSError, ValidationError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise BackendError(f"{file} is damaged: {what}.", "Make it again: ml-backend farm export.") from error


def _absolute(request: SwapRequest) -> SwapRequest:
    """The request as it must be on every machine: no path depends on where a process was started."""
    plate = as_plate(request.plate)
    inner = {"ocio": plate.ocio.absolute() if plate.ocio else None, "source": str(Path(plate.source).absolute())}
    paths = ("model", "out", "mask_model", "repairs", "consent", "ocio")
    changes = {name: value.absolute() for name in paths if (value := getattr(request, name)) is not None}
    return request.model_copy(update={**changes, "plate": plate.model_copy(update=inner)})


def _named(request: SwapRequest) -> SwapRequest:
    """The request with the project and the shot that it is for, which a worker's own environment must not decide."""
    purpose = purpose_of(request)
    return request.model_copy(update={"project": purpose.named_project, "shot": purpose.named_shot})


def _title(text: str) -> str:
    """A job's name that every scheduler takes: one line, at most 64 letters, and no braces, which hold variables."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).replace("{", "(").replace("}", ")")
    return " ".join(plain.split())[:64]


def _range(first: int, last: int) -> str:
    return f"{first}-{last}"
