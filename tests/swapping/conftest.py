"""Swaps of a few frames with the tiny model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.media.source import open_source
from ml_backend.progress import SilentReporter
from ml_backend.requests import SwapRequest

Swap = Callable[..., dict[str, Any]]


@pytest.fixture
def swap(footage: Path, tiny_model: Path, consent: Path, tmp_path: Path) -> Swap:
    """Swap frames 1-3 of the plate into tmp_path/"swap"; keywords change the request."""
    from ml_backend.swapping.swap import run_swap

    def swap(reporter: SilentReporter | None = None, **changes: Any) -> dict[str, Any]:
        request: dict[str, Any] = {
            "plate": str(footage / "plate_A.mp4"),
            "model": tiny_model,
            "identity": "identity_B",
            "out": tmp_path / "swap",
            "frames": "1-3",
            "consent": consent,
        }
        return run_swap(SwapRequest(**request | changes), reporter or SilentReporter())

    return swap


@pytest.fixture(scope="session")
def frames(footage: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_source(footage / "plate_A.mp4", "1-3").frames()]
