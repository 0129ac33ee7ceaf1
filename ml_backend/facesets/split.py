"""One faceset made into several: a source, a track or a person each."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_backend.progress import Reporter

from .assemble import Move, copy_faces, new_place, rows
from .choices import By
from .persons import persons, runs
from .store import Faceset
from .table import read_table


def run_split(faceset: Faceset, by: By, out: Path, reporter: Reporter) -> dict[str, Any]:
    """Copy the faces in use of a faceset into new facesets, one folder each below the new folder `out`.

    By person, `person_1` is the one with most faces and keeps the identity's name; nobody has said who the others
    are, so they have none. Each part knows all frames of its sources: no later extraction brings the others back.
    Raises Cancelled when asked to stop; then there is no `out`.
    """
    parts = _parts(faceset, by, reporter)
    counts = Counter(parts.values())
    with new_place(out) as place:
        for part in counts:
            named = by != "person" or part == "person_1"
            info = faceset.info if named else faceset.info.model_copy(update={"identity": None, "consent": None})
            target = Faceset.create(place / part, info)
            _fill(faceset, target, {file for file, name in parts.items() if name == part}, reporter)
    return {
        "faceset": str(faceset.folder),
        "by": by,
        "out": str(out),
        "parts": [
            {
                "faceset": str(out / part),
                "identity": faceset.info.identity if by != "person" or part == "person_1" else None,
                "faces": count,
            }
            for part, count in counts.items()
        ],
    }


def _parts(faceset: Faceset, by: By, reporter: Reporter) -> dict[str, str]:
    """The name of the part of each file."""
    if by == "person":
        table = read_table(faceset, reporter)
        found = persons(table.embeddings, runs(table.sources, table.tracks, table.frames))
        parts = {file: f"person_{int(n) + 1}" for file, n in zip(table.files, found, strict=True)}
        return dict(sorted(parts.items(), key=lambda item: int(item[1].removeprefix("person_"))))
    labels = {Path(path): label for path, label in rows(faceset, "source", "path, label", "id")}
    names = {}
    for face in faceset.stream():
        label = re.sub(r"[^\w-]", "_", labels[face.source]) or "source"
        names[face.path.name] = label if by == "source" else f"{label}_track_{face.track}"
    return names


def _fill(source: Faceset, target: Faceset, files: set[str], reporter: Reporter) -> None:
    """Copy `files` with their sources; the frames that were looked at come along, with what is in them here."""
    columns = "file, source, number, track"
    faces = [row for row in rows(source, "face", columns, "source, number, track, file") if row[0] in files]
    inside: Mapping[tuple[int, int], int] = Counter((row[1], row[2]) for row in faces)
    used = {row[1] for row in faces}
    frames: dict[int, list[int]] = defaultdict(list)
    for number, frame in rows(source, "frame", "source, number", "source, number"):
        frames[number].append(frame)
    with target.index() as index, index:
        for number, path, label in rows(source, "source", "id, path, label", "id"):
            if number not in used:
                continue
            index.execute("INSERT INTO source VALUES (?, ?, ?)", (number, path, label))
            counted = [(number, frame, inside.get((number, frame), 0)) for frame in frames[number]]
            index.executemany("INSERT INTO frame VALUES (?, ?, ?)", counted)
    copy_faces(source, target, [Move(row[0], *row) for row in faces], reporter)
