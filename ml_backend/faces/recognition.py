"""Who is it: 128 numbers for each face, near to one another for the same person."""

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .geometry import invert, sample, similarity_matrix
from .onnx_model import as_8bit_range, open_model, to_batch

SAME_PERSON = 0.55  # embeddings nearer than this are most likely one person (1 % false accepts, notes of the model)
CHIP = 150
# Mesh points and their places in the chip: right eye outer, inner; left eye outer, inner; below the nose.
_POINTS = np.array([263, 362, 33, 133, 2])
_PLACES = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
_TARGET = (_PLACES + 0.25) / 1.5 * CHIP  # dlib's chip: a margin of a quarter on every side


class Recogniser:
    """The embedding network. Source: dlib's face recognition ResNet by Davis King."""

    def __init__(self) -> None:
        self._session = open_model("face_recognition")

    def embed(self, image: Pixels, landmarks: NDArray[np.float64]) -> NDArray[np.float32]:
        """The embedding (128) of the face with these mesh points (478×2 or more) in an RGB picture."""
        to_chip = similarity_matrix(landmarks[_POINTS, :2], _TARGET)
        chip = as_8bit_range(sample(image, invert(to_chip), CHIP))
        embedding: NDArray[np.float32] = self._session.run(None, {"image": to_batch([chip])})[0][0]
        return embedding


def distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """The Euclidean distance of embeddings (…×128)."""
    return np.asarray(np.linalg.norm(a - b, axis=-1), np.float32)
