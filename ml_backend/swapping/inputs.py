"""What decides the pixels of a frame, as a hash: the frame is made again when that changes, and only then."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ml_backend import __version__
from ml_backend.faces.face import Face

from .around import around
from .settings import Controls

# what chooses and places faces, which are hashed, what is hashed as the kind of file that it leads to, and its name
NOT_PIXELS = frozenset({"faces", "performer", "gaps", "smooth", "output", "names"})


def hash_of(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def frame_inputs(
    faces: Iterable[tuple[int, Sequence[Face]]],
    controls: Controls,
    swap: Mapping[str, Any],
    pictures: Callable[[int], Any],
) -> Iterator[tuple[int, str]]:
    """The hash of each frame of `faces` (number and the faces to replace, ascending).

    It covers the frame's own settings, and the faces and pictures of all frames that it is averaged over. swap: what
    counts for every frame, such as the weights. pictures: the state of the file that a frame is read from, by its
    number.
    """
    common = hash_of([__version__, swap])
    prints = ((number, _print(found, pictures(number))) for number, found in faces)
    for number, near in around(prints, controls.reach):
        settings = controls.at(number).model_dump(exclude=set(NOT_PIXELS))
        yield number, hash_of([common, settings, number, _window(near)])


def _print(faces: Sequence[Face], picture: Any) -> tuple[str, list[int]]:
    """A hash of the picture and the landmarks, and the faces' tracks."""
    digest = hashlib.sha256(repr(picture).encode())
    for face in faces:
        digest.update(face.landmarks.tobytes())
    return digest.hexdigest(), [face.track for face in faces]


def _window(near: Mapping[int, tuple[str, list[int]]]) -> list[tuple[int, str, list[int]]]:
    """The prints by frame. Tracks are told apart; their numbers depend on the frames looked at and do not count."""
    labels: dict[int, int] = {}
    return [
        (frame, digest, [labels.setdefault(track, len(labels)) for track in tracks])
        for frame, (digest, tracks) in sorted(near.items())
    ]
