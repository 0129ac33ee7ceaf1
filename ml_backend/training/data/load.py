"""From a faceset to the faces of a training."""

import hashlib
from collections.abc import Iterator
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml_backend.errors import BackendError, UsageError
from ml_backend.facesets.store import Faceset, StoredFace

from .faces import TrainingFaces
from .kept import Decoded, Shape, keep, open_kept
from .known import know, seen_faces
from .lids import Blinks, choose_blinks
from .planes import Cut, decode, make_cut
from .room import room_for_faces

FEWEST_FACES = 4
_VERSION = 1  # of how planes are made: those that another version kept are made again


def load_faces(
    faceset: Faceset,
    resolution: int,
    framing_side: float,
    device: torch.device,
    budget: int | None = None,
    *,
    blinks: float = 0.0,
) -> TrainingFaces:
    """Read the faces of a faceset, scaled to what `resolution` needs and cut to what the framing needs.

    Every picture is decoded once, with few in memory at a time. The planes lie in the memory of `device` where they
    need no more than `budget` bytes (None: a part of what is free, see `room`), else in a file in the faceset's
    folder, which the next start finds; where that cannot be written, in a temporary file, and where that cannot be
    either, in memory after all. Which of these it is changes no bit of what is learned.

    blinks: part of the faces with open eyes that come a second time, behind all others, with their lids drawn shut
    (see `lids`).

    Interpolated faces are left out: their pictures show what nobody has looked at. Raises UsageError where there are
    too few, BackendError where a picture or a mask is damaged.
    """
    known = know(faceset)
    if len(known) < FEWEST_FACES:
        raise UsageError(
            f"The faceset {faceset.folder} has {len(known)} faces, and training needs {FEWEST_FACES} at least.",
            "Extract more frames of this person.",
        )
    again = choose_blinks(known.poses, known.eyes, blinks)
    numbers = np.concatenate([np.arange(len(known)), again.faces])  # of the faces, in the planes' order
    count = len(numbers)
    cut = make_cut(faceset.info, resolution, framing_side)
    shape = (count, 5, cut.size, cut.size)
    folder = faceset.folder / "cache" / f"training_{known.key}_{_fingerprint(cut, blinks)}"

    def decoded() -> Iterator[NDArray[np.uint8]]:
        return _counted(decode(chain(_as_they_are(faceset), _drawn(faceset, again)), cut), count, faceset)

    planes = open_kept(folder, shape)
    needed = int(np.prod(shape, dtype=np.int64))
    if needed <= (room_for_faces(device) if budget is None else budget):
        planes = _in_memory(shape, decoded, device) if planes is None else planes.to(device, copy=True)
    elif planes is None:
        planes = keep(folder, shape, decoded)
    if planes is None:
        planes = _in_memory(shape, decoded, torch.device("cpu"))
    return TrainingFaces(
        planes,
        cut.span,
        known.embedding,
        known.poses[numbers],
        known.places[numbers],
        device,
        middle=known.middle,
        drawn=np.arange(count) >= len(known),
    )


def _as_they_are(faceset: Faceset) -> Iterator[tuple[StoredFace, float]]:
    return ((face, 0.0) for face in seen_faces(faceset))


def _drawn(faceset: Faceset, blinks: Blinks) -> Iterator[tuple[StoredFace, float]]:
    """The faces that are learned a second time, and how far their lids are drawn."""
    closed = dict(zip(blinks.faces.tolist(), blinks.closed.tolist(), strict=True))
    return ((face, closed[n]) for n, face in enumerate(seen_faces(faceset)) if n in closed)


def _fingerprint(cut: Cut, blinks: float) -> str:
    return hashlib.sha256(f"{_VERSION} {cut} {blinks}".encode()).hexdigest()[:8]


def _in_memory(shape: Shape, decoded: Decoded, device: torch.device) -> Tensor:
    planes = torch.empty(shape, dtype=torch.uint8, device=device)
    start = 0
    for some in decoded():
        planes[start : start + len(some)] = torch.from_numpy(some)
        start += len(some)
    return planes


def _counted(decoded: Iterator[NDArray[np.uint8]], count: int, faceset: Faceset) -> Iterator[NDArray[np.uint8]]:
    """The same; BackendError where faces have come or gone since they were counted."""
    for some in decoded:
        count -= len(some)
        if count < 0:
            break
        yield some
    if count:
        raise BackendError(
            f"The faceset {faceset.folder} was changed while its faces were read.", "Start the training again."
        )
