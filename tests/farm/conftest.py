"""A job of a few frames with the tiny model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ml_backend.farm.job import FarmJob, make_job
from ml_backend.requests import SwapRequest

MakeJob = Callable[..., FarmJob]


@pytest.fixture
def make(footage: Path, tiny_model: Path, consent: Path, tmp_path: Path) -> MakeJob:
    """The job of `frames` of the plate into tmp_path/"the swap", in pieces of `chunk`."""

    def make(frames: str = "1-8", chunk: int = 3) -> FarmJob:
        plate, out = str(footage / "plate_A.mp4"), tmp_path / "the swap"
        request = SwapRequest(
            plate=plate, model=tiny_model, identity="identity_B", out=out, frames=frames, consent=consent
        )
        return make_job(request, chunk)

    return make
