"""Who is on the footage, and whose faces are wanted."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import UsageError
from ml_backend.faces.boxes import NEAR, outness
from ml_backend.faces.geometry import invert, transform
from ml_backend.faces.recognition import SAME_PERSON
from ml_backend.media.source import SourceInfo
from ml_backend.media.square_pixels import to_square

from .grouping import MARGIN, Person, Track, group, stranger
from .wanted import All, Largest, Numbers, Only, Picture, Point, parse_wanted

__all__ = ["Person", "Track", "choose", "first_frame", "group", "listed", "stranger"]

SPECK_FACES, SPECK_PART = 5, 0.02  # beside a main person, who has fewer faces and less of all faces is a speck
_SHOWN = 12  # persons that a message lists

Look = Callable[[Path], NDArray[np.float32]]


def choose(
    persons: Sequence[Person],
    wanted: str,
    look: Look | None = None,
    picture: Path | None = None,
    infos: Mapping[Path, SourceInfo] | None = None,
) -> list[Person]:
    """The persons that a request means, in the order of `persons`, which is that of `group`.

    wanted: one of
      only                 the only person there. A person with fewer than 5 faces and under 2 % of all is a speck, such
                           as somebody passing by or no face at all, and is ignored beside a person who is none.
      largest              the most important one: faces × size
      all                  everybody
      1 or 1,3             by their numbers, the first person is 1
      anna.png             who is on that picture: the nearest person by recognition, no further than 0.55
      12:640,360           whose face is at x 640, y 360 in frame 12; where there are several sources, @plate.mp4 after
                           it names one by its path or name
    look: makes the embedding (128) of the person on a picture; the shipped networks where absent.
    picture: where the persons are drawn with their numbers, for messages. infos: of the sources by their resolved
    paths; points are in pixels as these are stored, and where a source is not named here, as its faces are.
    Where there is nobody at all, nobody is the only, largest and all; otherwise raises UsageError that says who is
    there and how to choose, also for several persons where the only one is wanted.
    """
    meant = parse_wanted(wanted)
    match meant:
        case All():
            return list(persons)
        case Largest():
            return list(persons[:1])
        case Only():
            return _only(persons, picture)
    if not persons:
        raise UsageError(
            f"There is no face on the footage, so “{wanted}” is nobody.", "Choose other footage or frames."
        )
    match meant:
        case Numbers():
            return _numbered(persons, meant, picture)
        case Picture():
            return [_pictured(persons, meant.path, look or look_at, picture)]
        case Point():
            return [_pointed(persons, meant, {path: to_square(info) for path, info in (infos or {}).items()})]


def first_frame(person: Person) -> tuple[Path, int]:
    """Where somebody is first seen: the first of their sources, and the frame in it."""
    source = person.tracks[0].source
    return source, min(int(track.frames[0]) for track in person.tracks if track.source == source)


def listed(persons: Sequence[Person]) -> str:
    """Who there is, in one line: numbers, faces and first frames."""
    told = [_told(number, person) for number, person in enumerate(persons[:_SHOWN], 1)]
    rest = [f"and {len(persons) - _SHOWN} more"] if len(persons) > _SHOWN else []
    return "; ".join([*told, *rest])


def _told(number: int, person: Person) -> str:
    source, frame = first_frame(person)
    faces = "1 face" if person.faces == 1 else f"{person.faces} faces"
    return f"{number}: {faces}, first in frame {frame} of {source.name}"


def _fix(picture: Path | None) -> str:
    shown = f" {picture} shows them." if picture is not None else ""
    return (
        "Choose with --person: a number such as 1, several such as 1,2, largest, all, a picture of the person, or a"
        f" point on the face such as 12:640,360 (frame:x,y).{shown}"
    )


def _only(persons: Sequence[Person], picture: Path | None) -> list[Person]:
    total = sum(person.faces for person in persons)
    main = [person for person in persons if person.faces >= SPECK_FACES or person.faces >= SPECK_PART * total]
    if len(main) > 1:
        specks = f" ({len(persons) - len(main)} more have hardly any)" if len(main) < len(persons) else ""
        raise UsageError(
            f"There are the faces of {len(main)} persons{specks}: {listed(persons)}.",
            _fix(picture),
        )
    return main


def _numbered(persons: Sequence[Person], meant: Numbers, picture: Path | None) -> list[Person]:
    unknown = [number for number in meant.numbers if number > len(persons)]
    if unknown:
        raise UsageError(f"There is no person {unknown[0]}: {listed(persons)}.", _fix(picture))
    return [persons[number - 1] for number in meant.numbers]


def _pictured(persons: Sequence[Person], path: Path, look: Look, picture: Path | None) -> Person:
    embedding = look(path)
    away = np.array([np.linalg.norm(embedding - person.embedding) for person in persons])
    away = np.where(np.isnan(away), np.inf, away)
    told = ", ".join(f"{n}: {one:.2f}" for n, one in enumerate(away[:_SHOWN], 1))
    order = np.argsort(away, kind="stable")
    if away[order[0]] > SAME_PERSON:
        raise UsageError(
            f"Nobody on the footage is the person on {path}: the distances are {told}; {SAME_PERSON} is the limit.",
            f"Give a sharper picture, or choose another way. {_fix(picture)}",
        )
    if len(persons) > 1 and away[order[1]] < min(away[order[0]] + MARGIN, SAME_PERSON):
        first, second = sorted(int(n) + 1 for n in order[:2])
        raise UsageError(
            f"The person on {path} may be {first} or {second}, or both may be one: the distances are {told}.",
            _fix(picture),
        )
    return persons[int(order[0])]


def look_at(path: Path) -> NDArray[np.float32]:
    """The embedding (128) of the person on a picture, by the shipped networks; raises as `embed_reference` does."""
    from ml_backend.faces.detection import CenterFace
    from ml_backend.faces.landmarks import open_landmarker
    from ml_backend.faces.recognition import Recogniser

    from .reference import embed_reference

    return embed_reference(path, CenterFace(), open_landmarker(), Recogniser())


def _pointed(persons: Sequence[Person], point: Point, squares: Mapping[Path, NDArray[np.float64]]) -> Person:
    tracks = [(track, person) for person in persons for track in person.tracks]
    sources = sorted({track.source for track, _ in tracks})
    named = sources if point.source is None else _named(sources, point.source)
    inside = [
        (outness(box.tolist(), *_there(point, squares.get(track.source))), track, person)
        for track, person in tracks
        if track.source in named and (box := _box(track, point.frame)) is not None
    ]
    hits = sorted((hit for hit in inside if hit[0] <= NEAR), key=lambda hit: (hit[0], hit[1].key))
    if not hits:
        raise _missed(persons, inside, point, tracks, named, squares)
    nearest = {track.source: person for _, track, person in reversed(hits)}
    if len(set(nearest.values())) > 1:
        names = ", ".join(str(source) for source in sorted(nearest))
        raise UsageError(
            f"Several sources have a face at {point.x:g},{point.y:g} in frame {point.frame}: {names}.",
            f"Add the source's name or path, such as {point.frame}:{point.x:g},{point.y:g}@{sorted(nearest)[0].name}.",
        )
    return hits[0][2]


def _there(point: Point, square: NDArray[np.float64] | None) -> tuple[float, float]:
    """x and y of a point of stored pixels among square ones."""
    x, y = (point.x, point.y) if square is None else transform(np.array([point.x, point.y]), square)
    return float(x), float(y)


def _named(sources: Sequence[Path], name: str) -> list[Path]:
    """The sources that are meant by a path or a file's name: one."""
    path = Path(name)
    found = [source for source in sources if source == path.resolve()] or [s for s in sources if s.name == name]
    known = ", ".join(str(source) for source in sources)
    if not found:
        raise UsageError(f"No face was found in a source named {name}.", f"The sources with faces are {known}.")
    if len(found) > 1:
        raise UsageError(f"There are {len(found)} sources named {name}.", f"Give the whole path of one of {known}.")
    return found


def _box(track: Track, frame: int) -> NDArray[np.float64] | None:
    n = int(np.searchsorted(track.frames, frame))
    return track.boxes[n] if n < len(track.frames) and track.frames[n] == frame else None


def _missed(
    persons: Sequence[Person],
    seen: Sequence[tuple[float, Track, Person]],
    point: Point,
    tracks: Sequence[tuple[Track, Person]],
    sources: Sequence[Path],
    squares: Mapping[Path, NDArray[np.float64]],
) -> UsageError:
    """What is to be said where no face is at the point."""
    where = f" of {sources[0].name}" if len(sources) == 1 else ""
    if not seen:
        frames = np.concatenate([track.frames for track, _ in tracks if track.source in sources])
        nearest = int(frames[np.abs(frames - point.frame).argmin()])
        return UsageError(
            f"There is no face in frame {point.frame}{where}.", f"The nearest frame with a face is {nearest}."
        )
    places = []
    for _, track, person in seen[:_SHOWN]:
        box = track.boxes[int(np.searchsorted(track.frames, point.frame))]
        x, y = (box[:2] + box[2:]) / 2
        if track.source in squares:
            x, y = transform(np.array([x, y]), invert(squares[track.source]))
        source = f" in {track.source.name}" if len(sources) > 1 else ""
        places.append(f"person {persons.index(person) + 1} at {x:.0f},{y:.0f}{source}")
    return UsageError(
        f"There is no face at {point.x:g},{point.y:g} in frame {point.frame}{where}.",
        f"The faces in it are {', '.join(places)} (x,y in pixels from the top left).",
    )
