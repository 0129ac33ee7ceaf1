"""Are these the faces of the person who agreed?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.recognition import Recogniser, distance
from ml_backend.progress import Reporter
from ml_backend.provenance import audit
from ml_backend.provenance.record import ConsentRecord
from ml_backend.provenance.references import check_likeness

from .persons import middle, persons, runs
from .store import Faceset, StoredFace

SAME_MEAN = 0.5  # two means of many embeddings nearer than this are one person's
STRANGERS = 3  # fewer faces than this are no second person, but a face that was seen badly
LOOKED_AT = 16  # pictures that are recognised again


def notice_others(faceset: Faceset, record: ConsentRecord, reporter: Reporter) -> None:
    """Warn, and enter in the audit, where the faces do not look like those first used under the person's record, some
    of them are somebody else's, or the pictures are not those that were recognised when they were stored."""
    every = len(faceset.pictures()) // LOOKED_AT or 1
    places: list[tuple[object, int, int]] = []
    embeddings: list[NDArray[np.float32]] = []
    some: list[StoredFace] = []
    for face in faceset.stream():
        if not face.is_sure:
            continue  # there is a hand, or half a face: nobody learns from it, and it is no second person
        if len(places) % every == 0:
            some.append(face)
        places.append((face.source, face.track, face.frame))
        embeddings.append(face.embedding)
    if not places:
        return
    values, name = np.stack(embeddings), faceset.folder.name
    told = [check_likeness(record, middle(values).tolist(), name, SAME_MEAN)]
    told += [_several(record, values, places, name), _exchanged(record, some, name)]
    for text in filter(None, told):
        reporter.message(text)


def _several(
    record: ConsentRecord, embeddings: NDArray[np.float32], places: Sequence[tuple[object, int, int]], name: str
) -> str | None:
    sources, tracks, frames = zip(*places, strict=True)
    found = np.bincount(persons(embeddings, runs(sources, np.array(tracks), np.array(frames))))
    counts = [int(found[0]), *(int(count) for count in found[1:] if count >= STRANGERS)]
    if len(counts) == 1:
        return None
    facts: dict[str, str | int] = {"faces": name, "persons": len(counts), "others": sum(counts[1:])}
    audit.enter("unlike", {record.identity: record.sha256()}, facts)
    return (
        f"{name} holds {len(counts)} persons, with {' and '.join(map(str, counts))} faces, and all of them count as "
        f"those of {record.identity}. ml-backend faceset split parts them by person. This is entered in the audit."
    )


def _exchanged(record: ConsentRecord, faces: Sequence[StoredFace], name: str) -> str | None:
    """Measured, a face's stored crop is up to 0.2 from what was seen in the footage, another person's 0.74 and more."""
    if not faces:
        return None
    again = Recogniser().embed_many((face.read_crop(), face.crop_landmarks) for face in faces)
    away = float(np.median(distance(again, np.stack([face.embedding for face in faces]))))
    if away < SAME_MEAN:
        return None
    audit.enter("unlike", {record.identity: record.sha256()}, {"faces": name, "pictures": f"{away:.2f}"})
    return (
        f"The pictures in {name} are not those that were stored as faces of {record.identity}: they look like somebody "
        f"else ({away:.2f}). Extract them anew into another folder. This is entered in the audit."
    )
