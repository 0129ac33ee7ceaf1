"""Find the performer on the whole plate before the first pixel is made: which faces, and where."""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend import __version__, atomic
from ml_backend.errors import BackendError
from ml_backend.faces.face import Face
from ml_backend.faces.landmarks import Landmarker
from ml_backend.faces.recognition import distance
from ml_backend.faces.tracking import FaceTracker
from ml_backend.facesets.database import damage
from ml_backend.facesets.grouping import group
from ml_backend.facesets.observations import Observations
from ml_backend.facesets.observe import observe
from ml_backend.facesets.resolve import Footage
from ml_backend.media.source import Source
from ml_backend.progress import Reporter

from .finder import finder_id
from .footage import footage_state
from .settings import SwapSettings

MOST_DISTANT = 0.6  # from the performer's mean embedding; the mean of the wrong person lies further away


@dataclass(frozen=True)
class Plan:
    """The faces of a plate, and the tracks of those that are to be replaced."""

    footage: Footage
    wanted: Collection[int]
    gaps: bool
    """Replace also faces that were not seen in a frame, but before and after it."""

    def faces(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[Face]]]:
        """The faces to replace, steadied over time, for each of `numbers` (ascending)."""
        faces = self.footage.faces(self.wanted, (numbers[0], numbers[-1])) if numbers else iter(())
        at, found = next(faces, (None, []))
        for number in numbers:
            while at is not None and at < number:
                at, found = next(faces, (None, []))
            faces_here = found if at == number else []
            yield number, [face for face in faces_here if self.gaps or not face.interpolated]


@contextmanager
def find_faces(
    source: Source,
    beside: Source,
    cache: Path,
    landmarker: Landmarker,
    strength: float,
    reporter: Reporter,
    elsewhere: Sequence[Source] = (),
) -> Iterator[Footage]:
    """Follow every face of the plate's frames; what was seen stays in `cache`, also after a kill.

    beside: the same plate with some frames more before and after, that steady the first and the last ones; elsewhere:
    with other frames whose faces are to be known. Those of both that cannot be read are done without.
    """
    cache.mkdir(parents=True, exist_ok=True)
    file, state = observations_file(cache, source, landmarker), footage_state(source.info)
    _renew(file, state)
    if damage(file):  # it can be made again
        file.unlink()
    with open_observations(file, landmarker) as observations:
        path = source.info.path.resolve()
        number = observations.source(path)
        all_numbers = set(beside.numbers).union(*(other.numbers for other in elsewhere))
        known = set(observations.frames(number))
        done = len(all_numbers & known)

        def looked() -> bool:
            nonlocal done
            done += 1
            reporter.progress("find faces", done, len(all_numbers))
            return reporter.stop_requested()

        marker = _marker(file)
        if all_numbers - known:
            marker.unlink(missing_ok=True)
        tracker = FaceTracker(landmarker)
        for footage, numbers in _in_order(source, beside, elsewhere):
            with nullcontext() if footage is source else suppress(BackendError):
                observe(footage, numbers, observations, tracker, looked)
        if not marker.exists():
            atomic.write_json(marker, state)
        yield Footage(observations, path, number, strength)


def _in_order(source: Source, beside: Source, elsewhere: Sequence[Source]) -> list[tuple[Source, list[int]]]:
    """What to look at, each frame once and ascending: faces are followed from one piece into the next."""
    first, last, near = source.numbers[0], source.numbers[-1], set(beside.numbers)
    pieces = [
        (beside, [frame for frame in beside.numbers if frame < first]),
        (source, list(source.numbers)),
        (beside, [frame for frame in beside.numbers if frame > last]),
        *((other, [frame for frame in other.numbers if frame not in near]) for other in elsewhere),
    ]
    return sorted((piece for piece in pieces if piece[1]), key=lambda piece: piece[1][0])


def _renew(file: Path, state: Collection[tuple[str, int, int]]) -> None:
    """Go on with what was found before there were more pictures; remove what was found in others than there are."""
    for other in file.parent.glob(f"{file.stem.rpartition('-')[0]}-*.sqlite"):
        if other == file:
            continue
        marker = _marker(other)
        with suppress(OSError, ValueError, TypeError):  # such as one that a preview reads
            before = {tuple(picture) for picture in json.loads(marker.read_bytes())}
            if before.issubset(state) and not file.exists():
                marker.unlink()
                other.rename(file)
        with suppress(OSError):
            marker.unlink(missing_ok=True)
            other.unlink(missing_ok=True)


@contextmanager
def known_faces(source: Source, cache: Path, landmarker: Landmarker, strength: float) -> Iterator[Footage]:
    """The faces that `find_faces` has found in these frames and more, without looking at a picture.

    Many processes may read them at once, on any machine. Raises BackendError where nobody has looked, or somebody has
    not finished.
    """
    file = observations_file(cache, source, landmarker)
    fix = "Find the faces of the whole range first: the same swap with --step faces."
    if not _marker(file).exists():
        raise BackendError(f"The faces of {source.info.path} are not all found yet: {_marker(file)} is missing.", fix)
    with Observations.open_finished(file) as observations:
        path = source.info.path.resolve()
        number = observations.most_seen()  # of one footage, which may lie elsewhere on this machine
        missing = set(source.numbers) - set(observations.frames(number) if number is not None else ())
        if number is None or missing:
            which = f"frame {min(missing)}" if missing else "it"
            raise BackendError(f"Nobody has looked for faces in {which} of {path} yet.", fix)
        yield Footage(observations, path, number, strength)


def _marker(file: Path) -> Path:
    """Is there while all faces that were asked for are found: what is known does not change then.

    It holds the state of the pictures that they were found in.
    """
    return file.with_suffix(".complete")


def observations_file(cache: Path, source: Source, landmarker: Landmarker) -> Path:
    """Where a swap keeps what it has seen; changes with what finds the faces, and with the source's files."""
    found_by = [__version__, finder_id(), landmarker.id, source.colour.name, source.colour.version]
    if source.info.stored is not None:
        found_by.append(f"{source.info.width}×{source.info.height}")
    by, of = (
        hashlib.sha256(json.dumps(value).encode()).hexdigest() for value in (found_by, footage_state(source.info))
    )
    return cache / f"faces-{by[:16]}-{of[:16]}.sqlite"


def open_observations(file: Path, landmarker: Landmarker) -> AbstractContextManager[Observations]:
    return Observations.open(file, {"landmarks": landmarker.id, "average": False})


def wanted_tracks(footage: Footage, settings: SwapSettings, performer: NDArray[np.float32] | None) -> set[int]:
    """The tracks of the faces to replace. performer: the mean embedding of the person filmed, where it is asked for."""
    if settings.faces == "all":
        return {track.number for track in footage.tracks}
    people = group(footage.tracks)
    if settings.faces == "largest":
        return {track.number for person in people[:1] for track in person.tracks}
    if performer is None:
        raise ValueError("faces=performer needs to know whom to look for")
    wanted = set()
    for person in people:
        same_person = distance(person.embedding, performer) < MOST_DISTANT
        for track in person.tracks:
            own = len(track.embeddings) > 0 and distance(track.embeddings.mean(0), performer) < MOST_DISTANT
            if same_person or own:
                wanted.add(track.number)
    return wanted


def nearest(footage: Footage, performer: NDArray[np.float32]) -> float | None:
    """How far the likest face of the plate is from the performer; None where there is no face."""
    away = [distance(track.embeddings, performer).min() for track in footage.tracks if len(track.embeddings)]
    return float(min(away)) if away else None
