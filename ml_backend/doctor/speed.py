"""How fast the real work is on this machine: short measurements with the real networks, models and codecs."""

import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from ml_backend.doctor.sample_face import sample_face, sample_frame
from ml_backend.doctor.swap_frame import SwapFrame
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.recognition import Recogniser
from ml_backend.faces.roi import roi_of_detection
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.networks.architecture import Architecture
from ml_backend.training.build import build_networks
from ml_backend.training.config import TrainingConfig
from ml_backend.training.data import TrainingFaces
from ml_backend.training.device import resolve_precision
from ml_backend.training.trainer import Trainer

DECODED = (1280, 720)
_MOVIE_FRAMES = 12
_SPAN, _FACES = 1.4, 16


def measure_training(config: TrainingConfig, device: torch.device, seconds: float = 0.8) -> dict[str, float]:
    """Steps with two identities on random pictures, opponent included where the configuration has one."""
    side = round(config.architecture.resolution * _SPAN)
    planes = torch.randint(256, (_FACES, 5, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    faces = {name: TrainingFaces(planes.to(device), _SPAN, np.zeros(128, np.float32)) for name in ("a", "b")}
    networks = build_networks(config, list(faces), device)
    trainer = Trainer(config, networks, faces, device, resolve_precision(config.precision, device))
    step = _median(lambda: trainer.step(0, 1.0), seconds, warm_up=3)
    return {"training_images_per_second": _rounded(config.batch_size * len(faces) / step)}


def measure_faces(seconds: float = 0.6) -> dict[str, float]:
    """faces_per_second: detector, landmarks and recognition. followed_faces_per_second: without the detector.

    The detector runs on the first frame of a shot and every 30 frames; between, faces are followed.
    """
    image = sample_face()
    detector, mesh, recogniser = CenterFace(), FaceMesh(), Recogniser()
    rois = [roi_of_detection(detector(image)[0])]

    def follow() -> None:
        points, _ = mesh.settle(image, rois)
        recogniser.embed(image, points[0])

    detecting, following = _median(lambda: detector(image), seconds / 2), _median(follow, seconds / 2)
    return {
        "faces_per_second": _rounded(1 / (detecting + following)),
        "followed_faces_per_second": _rounded(1 / following),
    }


def measure_decoding() -> dict[str, float]:
    """Frames of a short H.264 movie to RGB, opened as plates are."""
    width, height = DECODED
    frame = sample_frame(width, height)
    with tempfile.TemporaryDirectory(prefix="ml-backend-doctor-") as folder:
        movie = Path(folder) / "movie.mp4"
        write_movie(movie, (np.roll(frame, 3 * n, axis=1) for n in range(_MOVIE_FRAMES)), Fraction(25))
        source = open_source(movie)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            count = sum(1 for _ in source.frames())
            times.append((time.perf_counter() - started) / count)
    rate = 1 / statistics.median(times)
    return {
        "decode_frames_per_second": _rounded(rate),
        "decode_megapixels_per_second": _rounded(rate * width * height / 1e6),
    }


def measure_swap(frame: SwapFrame, architecture: Architecture, device: torch.device) -> dict[str, float]:
    """Painting and storing one frame, its face being found already."""
    renderer = frame.renderer(architecture, device)
    return {"swap_frames_per_second": _rounded(1 / _median(lambda: frame.render(renderer), 0.3))}


def _median(work: Callable[[], object], seconds: float, warm_up: int = 1) -> float:
    """The median time of a call in seconds, over about `seconds`. A first call that takes longer counts itself."""
    times: list[float] = []
    while len(times) <= warm_up or sum(times[warm_up:]) < seconds:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
        if times[0] > seconds:
            return times[0]
    return statistics.median(times[warm_up:])


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
