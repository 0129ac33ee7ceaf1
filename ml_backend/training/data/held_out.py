"""Faces that are kept from the training, so that it can be measured on what it has not seen."""

import numpy as np
import torch
from numpy.typing import NDArray

from ml_backend.errors import UsageError

from .faces import TrainingFaces

_LONGEST = 25  # faces in a block: a second of footage
_BLOCKS = 4  # there are as many at least, as far as the faces suffice


def split_held_out(faces: TrainingFaces, part: float, seed: int) -> tuple[TrainingFaces, TrainingFaces]:
    """The faces to train with, and `part` (0–1) of them to measure with; one at least on each side.

    Blocks of consecutive faces of a track are held out: neighbouring frames are nearly the same, and single ones would
    measure what was learned by heart. The same seed holds out the same faces. Faces whose lids were drawn are on no
    side where the face itself is held out, and else on that of the training. Raises UsageError for a single face.
    """
    count = len(faces.filmed)
    if count < 2:
        raise UsageError(
            "A single face cannot be divided into faces to train with and held-out ones.",
            "Extract more frames of this person, or set held_out=0.",
        )
    wanted = min(max(round(count * part), 1), count - 1)
    length = min(max(wanted // _BLOCKS, 1), _LONGEST)
    blocks = _blocks(_tracks(count, None if faces.places is None else faces.places[faces.filmed]), length)
    order = np.random.default_rng(seed).permutation(len(blocks))
    held = np.sort(faces.filmed[np.concatenate([blocks[number] for number in order])[:wanted]])
    kept = np.setdiff1d(np.arange(len(faces)), held)
    if faces.drawn is not None and faces.places is not None:
        place = np.unique(faces.places, axis=0, return_inverse=True)[1].reshape(-1)
        kept = kept[~np.isin(place[kept], place[held])]
    return faces.subset(torch.from_numpy(kept)), faces.subset(torch.from_numpy(held))


def _tracks(count: int, places: NDArray[np.int64] | None) -> list[NDArray[np.int64]]:
    """The numbers of the faces of each track in the order of their frames; one track where nobody knows."""
    if places is None:
        return [np.arange(count)]
    source, track, frame = places.T
    order = np.lexsort((frame, track, source))
    ends = np.nonzero((np.diff(source[order]) != 0) | (np.diff(track[order]) != 0))[0] + 1
    return [np.asarray(part, np.int64) for part in np.split(order, ends)]


def _blocks(tracks: list[NDArray[np.int64]], length: int) -> list[NDArray[np.int64]]:
    return [track[start : start + length] for track in tracks for start in range(0, len(track), length)]
