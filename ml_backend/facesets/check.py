"""Is a faceset whole? Finds what is damaged or doubtful and says what to do about it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml_backend.errors import BackendError, Cancelled
from ml_backend.faces.alignment import Framing, align
from ml_backend.faces.canonical import canonical_mesh, fit_head
from ml_backend.progress import Reporter

from .database import damage
from .persons import persons, runs
from .scores import file_stamp, sha256
from .store import FACE, Faceset, StoredFace, stored_face

_OFF = 0.5  # pixels of the crop by which landmarks and matrix may disagree: one is stored more coarsely
_INSIDE = 0.5  # of the landmarks must lie in the crop
_STRAY = 1.0  # eye distances that a landmark may be away from where a face has it: a wide open mouth takes half of it
_NORMS = (0.5, 3.0)  # between which the lengths of embeddings lie: they are about 1.4
_STRANGERS = 3  # fewer faces than this are no second person, but a face that was seen badly


@dataclass(frozen=True)
class Finding:
    """What is the matter with `where`, and what to do. `broken`: it cannot be used as it is."""

    broken: bool
    where: str
    problem: str
    fix: str


def run_check(folder: Path, reporter: Reporter) -> dict[str, Any]:
    """Look at everything that a faceset holds; changes nothing. `ok` is false where something is broken.

    Raises UsageError where there is no faceset, Cancelled when asked to stop.
    """
    findings: list[Finding] = []
    faces = 0
    try:
        faceset = Faceset.open(folder)
        check = _Check(faceset, reporter)
        findings = list(check.all())
        faces = check.looked_at
    except BackendError as error:
        if not (folder / "faceset.json").is_file():
            raise
        findings.append(Finding(True, str(folder), error.message, error.fix))
    return {
        "faceset": str(folder),
        "ok": not any(finding.broken for finding in findings),
        "faces": faces,
        "broken": [asdict(finding) for finding in findings if finding.broken],
        "doubtful": [asdict(finding) for finding in findings if not finding.broken],
    }


class _Check:
    def __init__(self, faceset: Faceset, reporter: Reporter) -> None:
        self._faceset = faceset
        self._reporter = reporter
        self._digests: dict[str, list[str]] = defaultdict(list)
        self._people: list[tuple[Path, int, int, bytes]] = []
        self.looked_at = 0

    def all(self) -> Iterator[Finding]:
        yield from self._databases()
        yield from self._faces()
        yield from self._frames()
        yield from self._files()
        yield from self._repeated()
        yield from self._persons()

    def _databases(self) -> Iterator[Finding]:
        """The index and the observations as files of SQLite."""
        told = damage(self._faceset.folder / "index.sqlite")
        if told:  # where it is missing, reading the faces tells whether there should be one
            fix = "Put back a copy of index.sqlite from before, or extract into a new folder."
            yield Finding(True, str(self._faceset.folder / "index.sqlite"), f"The index is damaged: {told}.", fix)
        told = damage(self._faceset.folder / "observations.sqlite")
        if told:
            fix = "The faces can be used. Delete it, and the next extraction searches the footage anew."
            place = str(self._faceset.folder / "observations.sqlite")
            yield Finding(True, place, f"What was seen in the footage is damaged: {told}.", fix)

    def _faces(self) -> Iterator[Finding]:
        """Every face whose picture is there."""
        present = self._faceset.pictures()
        names = [
            name for (name,) in self._faceset.read_all("SELECT file FROM face ORDER BY source, number, track, file")
        ]
        here = [name for name in names if name in present]
        for number, name in enumerate(here, 1):
            row = self._faceset.read_some(FACE, [name])
            self.looked_at += 1
            if not row:
                fix = f"Delete {name}; extract its source into another folder to have the face again."
                yield Finding(True, name, "The index does not know the face's source.", fix)
            else:
                yield from self._face(name, row[0])
            self._reporter.progress("check", number, len(here))
            if self._reporter.stop_requested():
                raise Cancelled

    def _face(self, name: str, row: tuple[Any, ...]) -> Iterator[Finding]:
        delete = f"Delete {self._faceset.folder / 'faces' / name}: the face is gone then, and all others stay."
        try:
            face = stored_face(self._faceset.folder / "faces", row)
        except (TypeError, ValueError) as error:
            yield Finding(True, name, f"Its data in the index are damaged ({error}).", delete)
            return
        yield from self._picture(face, delete)
        wrong = list(self._landmarks(face, delete))
        yield from wrong
        if not wrong:
            self._people.append((face.source, face.track, face.frame, face.embedding.tobytes()))

    def _picture(self, face: StoredFace, delete: str) -> Iterator[Finding]:
        name, size = face.path.name, self._faceset.info.size
        try:
            image = face.read_crop()
        except BackendError as error:
            yield Finding(True, name, error.message, delete)
            return
        if image.shape != (size, size, 3):
            text = f"The picture has the shape {image.shape} and not {size}×{size}×3."
            yield Finding(True, name, text, delete)
        digest = sha256(face.path)
        self._digests[digest].append(name)
        known = self._faceset.read_some("SELECT bytes, modified, sha256 FROM measured WHERE file", [name], "measured")
        if known and known[0][2] != digest:
            if known[0][:2] == file_stamp(face.path):
                text = (
                    "Its bytes are not those that were measured, though nobody has written to it: the disk lost them."
                )
                yield Finding(True, name, text, delete)
            else:
                fix = "If you painted on it, all is well. If not, delete it or put it back."
                yield Finding(False, name, "The picture was changed after it was measured.", fix)

    def _landmarks(self, face: StoredFace, delete: str) -> Iterator[Finding]:
        info, name = self._faceset.info, face.path.name
        if abs(float(np.linalg.det(face.matrix[:, :2]))) < 1e-9:
            yield Finding(True, name, "Its matrix cannot be turned back.", delete)
            return
        points = face.crop_landmarks
        inside = ((points > -0.5) & (points < info.size - 0.5)).all(1).mean()
        if inside < _INSIDE:
            text = f"Only {inside:.0%} of its landmarks lie in its picture."
            yield Finding(True, name, text, delete)
            return
        scale, rotation, shift = fit_head(face.landmarks)
        stray = np.linalg.norm((face.landmarks - shift) @ rotation / scale - canonical_mesh(), axis=1).max()
        if stray > _STRAY or not _NORMS[0] < np.linalg.norm(face.embedding.astype(np.float64)) < _NORMS[1]:
            yield Finding(True, name, "Its landmarks or its embedding are not those of a face.", delete)
            return
        framing = Framing(info.framing, info.framing_side, info.framing_down)
        expected = align(face.landmarks, info.size, framing)
        corners = np.array([[0.0, 0.0], [info.size, 0.0], [0.0, info.size]])
        places = (corners - face.matrix[:, 2]) @ np.linalg.inv(face.matrix[:, :2]).T
        off = float(np.abs(places @ expected[:, :2].T + expected[:, 2] - corners).max())
        if off > _OFF:
            text = f"Its landmarks are {off:.1f} pixels away from where its picture was cut out."
            yield Finding(True, name, text, delete)

    def _frames(self) -> Iterator[Finding]:
        """Do the tables of the index agree?"""
        rows = self._faceset.read_all("SELECT source, number, track FROM face")
        counted = Counter(row[:2] for row in rows)
        known = {(s, n): c for s, n, c in self._faceset.read_all("SELECT source, number, faces FROM frame", "frame")}
        fix = "The faces can be used. Extract into a new folder if the frame matters."
        for (source, number), count in sorted(counted.items()):
            if (source, number) not in known:
                yield Finding(True, f"frame {number}", "It has faces and was never looked at, says the index.", fix)
            elif known[source, number] < count:
                text = f"The index has {count} faces of it, of {known[source, number]} that were found."
                yield Finding(True, f"frame {number}", text, fix)
        for (_, number, track), count in sorted(Counter(rows).items()):
            if count > 1:
                text = f"Track {track} has {count} faces in one frame."
                yield Finding(False, f"frame {number}", text, "ml-backend faceset filter drops the repeated ones.")

    def _files(self) -> Iterator[Finding]:
        """Files that are no faces."""
        names = {name for (name,) in self._faceset.read_all("SELECT file FROM face")}
        strange = sorted(self._faceset.pictures() - names)
        if strange:
            text = f"The index does not know {len(strange)} of the pictures: nobody uses them."
            yield Finding(False, strange[0], text, "Delete them, or move them elsewhere.")
        place = self._faceset.folder / "faces"
        parts = sorted(place.glob(".*.part")) if place.is_dir() else []
        if parts:
            text = f"{len(parts)} files are left over from a killed extraction."
            yield Finding(False, parts[0].name, text, "The next extraction removes them; so may you.")

    def _repeated(self) -> Iterator[Finding]:
        again = [names for names in self._digests.values() if len(names) > 1]
        if again:
            count = sum(len(names) - 1 for names in again)
            text = f"{count} pictures repeat another one to the last bit, such as {again[0][0]} and {again[0][1]}."
            yield Finding(False, again[0][1], text, "ml-backend faceset filter leaves the repeated ones out.")

    def _persons(self) -> Iterator[Finding]:
        if not self._people:
            return
        embeddings = np.frombuffer(b"".join(one[3] for one in self._people), np.float32).reshape(-1, 128)
        tracks, frames = np.array([one[1:3] for one in self._people], np.int64).T
        found = persons(embeddings, runs([one[0] for one in self._people], tracks, frames))
        counts = [int(count) for count in np.bincount(found) if count >= _STRANGERS]
        if len(counts) > 1:
            text = f"It holds {len(counts)} persons, with {', '.join(map(str, counts))} faces."
            fix = "ml-backend faceset split --by person parts them; filter leaves out all but the first."
            yield Finding(False, str(self._faceset.folder), text, fix)
