"""The demo's footage and its exact landmarks."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml_backend.faces.detection import CenterFace
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.roi import roi_of_detection
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.source import open_source

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"

Pictures = Callable[..., list[np.ndarray]]


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """pictures(clip, first, last, step=1): frames of a demo clip, H×W×3 RGB uint8."""

    @cache
    def read(clip: str, first: int, last: int, step: int = 1) -> list[np.ndarray]:
        source = open_source(FOOTAGE / f"{clip}.mp4")
        return [frame.image for frame in source.frames(range(first, last + 1, step))]

    return read


@pytest.fixture(scope="session")
def truth() -> Callable[[str], list[dict[str, Any]]]:
    """What the renderer knows of every frame of a demo clip."""

    @cache
    def read(clip: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (FOOTAGE / f"{clip}.jsonl").read_text().splitlines()]

    return read


@pytest.fixture(scope="session")
def detector() -> CenterFace:
    return CenterFace()


@pytest.fixture(scope="session")
def mesh() -> FaceMesh:
    return FaceMesh()


@pytest.fixture(scope="session")
def landmarks_of(detector: CenterFace, mesh: FaceMesh) -> Callable[[np.ndarray], np.ndarray]:
    """The landmarks (478×3) of the best face of a picture, found without its neighbours in time."""

    def find(image: np.ndarray) -> np.ndarray:
        points, _ = mesh.settle(image, [roi_of_detection(detector(image)[0])])
        return points[0]

    return find


@pytest.fixture(scope="session")
def tracked(pictures: Pictures) -> Callable[[str, int, int], np.ndarray]:
    """tracked(clip, first, last): the landmarks T×478×3 that the tracker gives of a demo clip's only face."""

    @cache
    def follow(clip: str, first: int, last: int) -> np.ndarray:
        tracker = FaceTracker()
        return np.array([tracker(image)[0].landmarks for image in pictures(clip, first, last)])

    return follow
