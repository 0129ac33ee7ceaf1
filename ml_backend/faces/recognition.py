"""Who is it: 128 numbers for each face, near to one another for the same person."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ml_backend.media.frame import Pixels

from .geometry import invert, sample, similarity_matrix
from .onnx_model import as_8bit_range, open_model, to_batch

SAME_PERSON = 0.55  # embeddings nearer than this are most likely one person (1 % false accepts, notes of the model)
CHIP = 150
BATCH = 32  # faces in one run of the network, 9 MB of chips
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
        embedding: NDArray[np.float32] = self.embed_many([(image, landmarks)])[0]
        return embedding

    def embed_many(self, faces: Iterable[tuple[Pixels, NDArray[np.float64]]]) -> NDArray[np.float32]:
        """The embeddings (N×128) of N faces, each an RGB picture and its mesh points (478×2 or more).

        The pictures may differ; faces of several frames in one call fill a GPU. A face's embedding does not depend on
        those beside it: on the CPU to the last bit.
        """
        embeddings = [np.zeros((0, 128), np.float32)]
        chips = (_chip(image, landmarks) for image, landmarks in faces)
        while batch := list(islice(chips, BATCH)):
            embeddings.append(self._session.run(None, {"image": to_batch(batch)})[0])
        return np.concatenate(embeddings)


def _chip(image: Pixels, landmarks: NDArray[np.float64]) -> NDArray[np.integer | np.float32]:
    """The 150×150 crop that the network takes, 0–255."""
    to_chip = similarity_matrix(landmarks[_POINTS, :2], _TARGET)
    return as_8bit_range(sample(image, invert(to_chip), CHIP))


def distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """The Euclidean distance of embeddings (…×128)."""
    return np.asarray(np.linalg.norm(a - b, axis=-1), np.float32)
