"""Several facesets of one person made into one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ml_backend.errors import UsageError
from ml_backend.progress import Reporter

from .assemble import Move, copy_faces, new_place, rows
from .likeness import SAME_MEAN
from .persons import middle
from .store import Faceset, FacesetInfo, free_label


def run_merge(folders: Sequence[Path], out: Path, reporter: Reporter) -> dict[str, Any]:
    """Copy the faces of all `folders`, in their order, into the new faceset `out`.

    A frame of a source that was looked at for several of them is taken from the first. What is left out, deleted
    or measured stays so, and a later extraction goes on from it. Raises UsageError for facesets of different
    people or with crops that do not go together, Cancelled when asked to stop; then there is no `out`. Where nobody has
    said whose faces they are and they do not look like one person's, it is said and done.
    """
    facesets = [Faceset.open(folder) for folder in folders]
    info = _common(facesets)
    unlike = _unlike(facesets)
    for folder, away in unlike:
        reporter.message(
            f"The faces of {folder} do not look like those of the first faceset ({away:.2f} apart). If it is another"
            " person, ml-backend faceset split --by person parts them again."
        )
    with new_place(out) as part:
        target = Faceset.create(part, info)
        sources: dict[str, _Source] = {}
        counts = [_add(faceset, target, sources, reporter) for faceset in facesets]
        faces = len(target.faces())
    return {
        "out": str(out),
        "identity": info.identity,
        "faces": faces,
        "unlike": [str(folder) for folder, _ in unlike],
        "merged": [
            {"faceset": str(faceset.folder), "faces": count, "frames_known_already": known}
            for faceset, (count, known) in zip(facesets, counts, strict=True)
        ],
    }


@dataclass
class _Source:
    """A source as the merged index has it."""

    number: int
    label: str
    next_track: int = 0
    frames: set[int] = field(default_factory=set)


def _common(facesets: Sequence[Faceset]) -> FacesetInfo:
    """The description that fits all; UsageError where there is none."""
    first = facesets[0]
    names = {faceset.info.identity: faceset for faceset in facesets if faceset.info.identity is not None}
    if len(names) > 1:
        (one, a), (other, b) = list(names.items())[:2]
        raise UsageError(
            f"{a.folder} holds the faces of {one} and {b.folder} those of {other}.",
            "Merge facesets of one person only: consent is given by a person, for that person's faces.",
        )
    for faceset in facesets[1:]:
        for name in ("landmark_model", "size", "framing", "framing_side", "framing_down"):
            mine, its = getattr(first.info, name), getattr(faceset.info, name)
            if mine != its:
                raise UsageError(
                    f"{name} is {mine} in {first.folder} and {its} in {faceset.folder}.",
                    "Extract the sources of one of them again, with the settings of the other.",
                )
    folders = [faceset.folder.resolve() for faceset in facesets]
    if len(set(folders)) < len(folders):
        raise UsageError(f"{next(f for f in folders if folders.count(f) > 1)} is given twice.", "Give it once.")
    shapes: dict[Path, tuple[float, float]] = {}
    for faceset in facesets:
        stretched = faceset.stretched()
        for path in {path for path, _, _ in faceset.frames()}:
            own = stretched.get(str(path), (1.0, 1.0))
            if shapes.setdefault(path, own) != own:
                raise UsageError(
                    f"{faceset.folder} and one before it have faces of {path} with pixels of different shapes.",
                    "Extract one of them again, as the other was.",
                )
    records = sorted({record for faceset in facesets for record in (faceset.info.consent or "").split()})
    return first.info.model_copy(update={"identity": next(iter(names), None), "consent": " ".join(records) or None})


def _unlike(facesets: Sequence[Faceset]) -> list[tuple[Path, float]]:
    """The facesets whose faces, on the whole, are not those of the first one's person, and how far away they are."""
    middles = [(one.folder, middle(known)) for one in facesets if len(known := one.embeddings()[1])]
    away = [(folder, float(np.linalg.norm(centre - middles[0][1]))) for folder, centre in middles]
    return [(folder, distance) for folder, distance in away if distance >= SAME_MEAN]


def _add(faceset: Faceset, target: Faceset, sources: dict[str, _Source], reporter: Reporter) -> tuple[int, int]:
    """Add one faceset; returns how many faces and how many of its frames were known already."""
    frames = rows(faceset, "frame", "source, number, faces", "source, number")
    faces = rows(faceset, "face", "file, source, number, track", "source, number, track, file")
    added: list[Move] = []
    known = 0
    for old, path, label in rows(faceset, "source", "id, path, label", "id"):
        source, its = sources.get(path), [row for row in frames if row[0] == old]
        with target.index() as index, index:
            if source is None:
                name = free_label(label, [one.label for one in sources.values()])
                cursor = index.execute("INSERT INTO source (path, label) VALUES (?, ?)", (path, name))
                source = sources[path] = _Source(int(cursor.lastrowid or 0), name)
            fresh = [(source.number, number, count) for _, number, count in its if number not in source.frames]
            index.executemany("INSERT INTO frame VALUES (?, ?, ?)", fresh)
        new = {number for _, number, _ in fresh}
        known += len(its) - len(fresh)
        first_track = source.next_track
        for file, _, number, track in (row for row in faces if row[1] == old and row[2] in new):
            mine = first_track + track
            name = f"{source.label}_{number:06d}_{mine}.png"
            added.append(Move(file, name, source.number, number, mine))
            source.next_track = max(source.next_track, mine + 1)
        source.frames |= new
    copy_faces(faceset, target, added, reporter)
    return len(added), known
