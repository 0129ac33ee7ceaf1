"""FAN, the landmark network of face-alignment: 68 points, completed to the mesh's 478."""

import importlib
import io
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.frame import Pixels

from .canonical import canonical_mesh
from .fan_completion import complete
from .fan_heatmaps import decode, face_scores
from .fan_weights import SHA256, read_weights, weights_path
from .geometry import sample
from .landmarks import Found, settle_on_faces
from .onnx_model import as_8bit_range, to_batch
from .roi import GROW, Roi
from .roi_crop import points_in_image, roi_to_image

CROP = 256  # the network's input side
# FAN learned on crops of 200/195 of width plus height of the 68 points; the product's squares are a little tighter.
WIDER = 1.12
# The 68 points' partners in a mirrored face.
MIRRORED = np.array(
    [
        *range(16, -1, -1),
        *range(26, 16, -1),
        *(27, 28, 29, 30, 35, 34, 33, 32, 31),
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
        *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65),
    ]
)
_BATCH = 8


class Fan:
    """The landmark model "fan68": a hundred times slower than the mesh on a CPU, meant for a GPU.

    It needs the package face-alignment (the extra `fan`) for its network, and its weights; see `fan_weights`.
    Source: Bulat & Tzimiropoulos, "How far are we from solving the 2D & 3D Face Alignment problem?", 2017.
    """

    def __init__(self, weights: Path | None = None, device: str | None = None, sha256: str = SHA256) -> None:
        """weights: the file, None for the one in torch's hub folder. device: of torch, None for the best there is.

        sha256: the first digits of the file's hash. Raises UsageError where the package or the weights are missing,
        BackendError where they are damaged.
        """
        network = _network()
        path = weights_path(weights)
        self._device = device or _best_device()
        self._network = _load(network, path, read_weights(path, sha256)).to(self._device).eval()

    @property
    def id(self) -> str:
        return "fan68"

    def points68(self, image: Pixels, rois: Sequence[Roi]) -> Found:
        """One pass over N squares: the 68 points (N×68×2) in picture pixels and scores N in 0–1."""
        if not rois:
            return np.zeros((0, 68, 2)), np.zeros(0)
        squares = [roi._replace(side=roi.side * WIDER) for roi in rois]
        crops = [as_8bit_range(sample(image, roi_to_image(roi, CROP), CROP)) for roi in squares]
        heatmaps = np.concatenate([self._heatmaps(crops[n : n + _BATCH]) for n in range(0, len(crops), _BATCH)])
        cells, peaks = decode(heatmaps)
        return points_in_image(cells * (CROP / heatmaps.shape[-1]), squares, CROP), face_scores(peaks)

    def landmarks(self, image: Pixels, rois: Sequence[Roi]) -> Found:
        """One pass over N squares: points N×478×3 in picture pixels and scores N in 0–1."""
        points, scores = self.points68(image, rois)
        meshes = np.zeros((len(rois), 478, 3))
        for n, (roi, found) in enumerate(zip(rois, points, strict=True)):
            try:
                meshes[n] = complete(found)
            except (ValueError, np.linalg.LinAlgError):
                meshes[n], scores[n] = _face_in(roi), 0.0
        return meshes, scores

    def settle(
        self,
        image: Pixels,
        rois: Sequence[Roi],
        average: bool = False,
        *,
        passes: int = 2,
        tolerance: float = 0.1,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The faces in N squares: points N×478×3 in picture pixels and scores N in 0–1. See `settle_on_faces`."""
        return settle_on_faces(lambda squares: self.landmarks(image, squares), rois, passes, tolerance, average)

    def _heatmaps(self, crops: Sequence[NDArray[np.integer | np.float32]]) -> NDArray[np.float32]:
        """The mean of the heatmaps (N×68×64×64) of N crops and of their mirrored pictures, as face-alignment does."""
        import torch

        batch = torch.from_numpy(to_batch(crops)).to(self._device) / 255
        with torch.inference_mode():
            straight = self._network(batch)[-1]
            mirrored = self._network(batch.flip(3))[-1].flip(3)[:, MIRRORED]
            heatmaps: NDArray[np.float32] = ((straight + mirrored) / 2).float().cpu().numpy()
        return heatmaps


def _network() -> Any:
    """FAN with four hourglasses, with the weights of chance."""
    try:
        module = importlib.import_module("face_alignment.models")
    except ImportError as error:
        raise UsageError(
            f"The landmark model FAN needs the package face-alignment, which cannot be loaded ({error}).",
            'Install it into the backend\'s environment: pip install "face-alignment>=1.5,<1.6"; or use the landmarks'
            " that come with the backend: mesh.",
        ) from error
    return module.FAN(4)


def _load(network: Any, path: Path, data: bytes) -> Any:
    import torch

    try:
        network.load_state_dict(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
    except (RuntimeError, TypeError, KeyError, AttributeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BackendError(
            f"The FAN weights {path} do not fit the network of the installed face-alignment ({reason}).",
            "Install face-alignment 1.5 and its 2DFAN4-11f355bf06.pth.tar.",
        ) from error
    return network


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _face_in(roi: Roi) -> NDArray[np.float64]:
    """The canonical mesh in a square, for a network that found nothing there."""
    mesh = canonical_mesh()
    side = float(np.ptp(mesh[:468, 1])) * GROW
    centred = mesh - (mesh[:468].min(0) + mesh[:468].max(0)) / 2
    placed: NDArray[np.float64] = points_in_image(centred[None] * (CROP / side) + [CROP / 2, CROP / 2, 0], [roi], CROP)[
        0
    ]
    return placed
