"""Faces that are kept from the training, so that it can be measured on what it has not seen."""

import hashlib
import math

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.errors import UsageError

from .faces import TrainingFaces

_LONGEST = 25  # frames in a block: a second of footage
_BLOCKS = 4  # of a source as many are held out at least, or begun, as far as its faces suffice


def split_held_out(faces: TrainingFaces, part: float, seed: int) -> tuple[TrainingFaces, TrainingFaces]:
    """The faces to train with, and `part` (0–1) of them to measure with; one at least on each side.

    Blocks of consecutive frames of a track are held out: neighbouring frames are nearly the same, and single ones would
    measure what was learned by heart. The same seed holds out the same faces of a source, whatever other sources there
    are, and mostly the same where the source itself grows or loses some. Each source gives its part, rounded up or
    down by chance. Faces whose lids were drawn are on no side where the face itself is held out, and else on that of
    the training. Raises UsageError for a single face.
    """
    count = len(faces.filmed)
    if count < 2:
        raise UsageError(
            "A single face cannot be divided into faces to train with and held-out ones.",
            "Extract more frames of this person, or set held_out=0.",
        )
    places = _places(faces)[faces.filmed]
    first = np.concatenate([_first(places, source, part, seed) for source in np.unique(places[:, 0])])
    if not len(first):
        first = np.array([min(range(count), key=lambda face: _chance(seed, *places[face]))])
    held = np.sort(faces.filmed[first[: count - 1]])
    kept = np.setdiff1d(np.arange(len(faces)), held)
    if faces.drawn is not None and faces.places is not None:
        place = np.unique(faces.places, axis=0, return_inverse=True)[1].reshape(-1)
        kept = kept[~np.isin(place[kept], place[held])]
    return faces.subset(torch.from_numpy(kept)), faces.subset(torch.from_numpy(held))


def _places(faces: TrainingFaces) -> NDArray[np.int64]:
    """N×3: source, track and frame; one track in which each face follows the one before where nobody knows them."""
    if faces.places is not None:
        return faces.places
    return np.stack([np.zeros(len(faces), np.int64)] * 2 + [np.arange(len(faces))], 1)


def _first(places: NDArray[np.int64], source: int, part: float, seed: int) -> NDArray[np.int64]:
    """The numbers of the faces of a source that are held out: the beginnings of blocks, of few faces, or whole ones.

    Where blocks begin hangs on the frames' numbers alone, and which comes first on chance, so that a source that grows
    holds out mostly what it did.
    """
    own = np.nonzero(places[:, 0] == source)[0]
    own = own[np.lexsort(places[own].T[::-1])]
    wanted = math.floor(len(own) * part + _chance(seed, source))
    length = min(max(math.ceil(wanted / _BLOCKS), 1), _LONGEST)
    blocks, starts, sizes = np.unique(places[own] // (1, 1, _LONGEST), axis=0, return_index=True, return_counts=True)
    turn = (np.arange(len(own)) - np.repeat(starts, sizes)) // length
    chances = np.repeat([_chance(seed, *block) for block in blocks.tolist()], sizes)
    return own[np.lexsort((chances, turn))[:wanted]]


def _chance(seed: int, *place: int) -> float:
    """0–1, evenly spread and always the same for the same numbers."""
    text = " ".join(str(int(number)) for number in (seed, *place))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
