"""The extract job: sources in, a faceset out."""

import json
import re
import sqlite3
import time
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from ml_backend import atomic
from ml_backend.errors import BackendError, Cancelled
from ml_backend.faces.alignment import FACE, STORED_MARGIN, align, crop
from ml_backend.faces.face import Face
from ml_backend.faces.recognition import Recogniser
from ml_backend.faces.tracking import FaceTracker, TrackerState
from ml_backend.media.source import Frame, Source, open_source
from ml_backend.media.write import write_rgb
from ml_backend.memory import peak_rss_mb
from ml_backend.progress import Reporter
from ml_backend.requests import ExtractRequest

from .store import Faceset, FacesetInfo

COMMIT_SECONDS = 0.5  # about this much work is done again after a kill
FRAMING = FACE.with_margin(STORED_MARGIN)


def run_extract(request: ExtractRequest, reporter: Reporter) -> dict[str, Any]:
    """Extract the faces of all sources; frames that were extracted before are skipped.

    A source is known by its path. Raises UsageError for one that is not there, BackendError for one that is
    damaged or where another process extracts into the same faceset, Cancelled when asked to stop. What was
    extracted until then stays and the same request goes on from it.
    """
    started = time.monotonic()
    sources = [open_source(source, request.frames) for source in request.sources]
    faceset = Faceset.create(
        request.faceset,
        FacesetInfo(
            identity=request.identity,
            size=request.size,
            framing=FRAMING.name,
            framing_side=FRAMING.side,
            framing_down=FRAMING.down,
        ),
    )
    with faceset.extracting(), faceset.index() as index:
        atomic.remove_leftovers(faceset.folder)
        atomic.remove_leftovers(faceset.folder / "faces")
        extraction = _Extraction(faceset, index, reporter, sum(len(source.numbers) for source in sources))
        for source in sources:
            extraction.extract(source)
    return {
        **_count(faceset, sources),
        "faceset": str(faceset.folder),
        "seconds": round(time.monotonic() - started, 3),
        "peak_rss_mb": round(peak_rss_mb(), 1),
    }


def _count(faceset: Faceset, sources: list[Source]) -> dict[str, int]:
    """Frames, the faces that are there and the frames in which none was found, of what was asked for."""
    wanted = {(source.info.path.resolve(), number) for source in sources for number in source.numbers}
    found = [faces for path, number, faces in faceset.frames() if (path, number) in wanted]
    stored = sum((face.source, face.frame) in wanted for face in faceset.faces())
    return {"frames": len(found), "faces": stored, "frames_without_face": found.count(0)}


def _runs(numbers: list[int]) -> list[list[int]]:
    """Ascending numbers in pieces without gaps."""
    ends = [n for n in range(1, len(numbers) + 1) if n == len(numbers) or numbers[n] != numbers[n - 1] + 1]
    return [numbers[start:end] for start, end in pairwise([0, *ends])]


class _Extraction:
    def __init__(self, faceset: Faceset, index: sqlite3.Connection, reporter: Reporter, total: int) -> None:
        self._faceset = faceset
        self._index = index
        self._reporter = reporter
        self._total = total
        self._done = 0
        self._recogniser = Recogniser()
        self._tracker = FaceTracker(recogniser=self._recogniser)

    def extract(self, source: Source) -> None:
        """Process the frames of one source that the index does not have, in order."""
        source_id, label = self._register(source.info.path)
        self._remove_unknown(label)
        rows = self._index.execute("SELECT number FROM frame WHERE source = ?", (source_id,))
        known = {number for (number,) in rows}
        pending = [number for number in source.numbers if number not in known]
        self._done += len(source.numbers) - len(pending)
        for run in _runs(pending):
            self._extract_run(source, source_id, label, run)

    def _extract_run(self, source: Source, source_id: int, label: str, numbers: list[int]) -> None:
        """Process consecutive frames."""
        tracker = self._tracker
        tracker.state = self._tracker_state(source_id, numbers[0])
        frames: list[tuple[int, int, int]] = []
        faces: list[tuple[Any, ...]] = []
        committed = time.monotonic()
        for frame in source.frames(numbers):
            found = tracker(frame.image)
            frames.append((source_id, frame.number, len(found)))
            faces += [self._store(frame, face, source_id, label) for face in found]
            self._done += 1
            stop = self._reporter.stop_requested()
            if stop or frame.number == numbers[-1] or time.monotonic() - committed > COMMIT_SECONDS:
                with self._index:
                    self._index.executemany("INSERT INTO frame VALUES (?, ?, ?)", frames)
                    self._index.executemany("INSERT OR REPLACE INTO face VALUES (?, ?, ?, ?, ?, ?, ?, ?)", faces)
                    self._index.execute(
                        "UPDATE source SET last_frame = ?, tracker = ? WHERE id = ?",
                        (frame.number, json.dumps(tracker.state.to_json()), source_id),
                    )
                frames, faces, committed = [], [], time.monotonic()
            self._reporter.progress("extract", self._done, self._total)
            if stop:
                raise Cancelled

    def _tracker_state(self, source_id: int, first: int) -> TrackerState:
        """The state in which to begin at frame `first`: that of the last extraction where it ended just before.

        Otherwise the faces must not continue the tracks of frames that were extracted apart from these.
        """
        last, state = self._index.execute(
            "SELECT last_frame, tracker FROM source WHERE id = ?", (source_id,)
        ).fetchone()
        if last is not None and last + 1 == first:
            try:
                return TrackerState.from_json(json.loads(state))
            except (ValueError, TypeError, KeyError) as error:
                raise BackendError(
                    f"The index of {self._faceset.folder} is damaged: {error!r}.", "Extract into a new folder."
                ) from error
        (highest,) = self._index.execute("SELECT MAX(track) FROM face WHERE source = ?", (source_id,)).fetchone()
        return TrackerState(next_track=0 if highest is None else int(highest) + 1)

    def _register(self, path: Path) -> tuple[int, str]:
        """The source's row; its label begins the file names of its faces."""
        resolved = str(path.resolve())
        row = self._index.execute("SELECT id, label FROM source WHERE path = ?", (resolved,)).fetchone()
        if row is not None:
            return int(row[0]), str(row[1])
        # Some file systems do not tell upper from lower case.
        taken = {label.casefold() for (label,) in self._index.execute("SELECT label FROM source")}
        stem = re.sub(r"[^\w-]+", "_", re.sub(r"#+|%\d*d", "", path.stem)).strip("_-")[:40] or "source"
        names = chain([stem], (f"{stem}-{n}" for n in range(2, len(taken) + 3)))
        label = next(name for name in names if name.casefold() not in taken)
        with self._index:
            cursor = self._index.execute("INSERT INTO source (path, label) VALUES (?, ?)", (resolved, label))
        return int(cursor.lastrowid or 0), label

    def _remove_unknown(self, label: str) -> None:
        """Delete the pictures that a killed extraction wrote and did not live to enter into the index."""
        known = {file for (file,) in self._index.execute("SELECT file FROM face")}
        ours = re.compile(re.escape(label) + r"_\d{6,}_\d+\.png")
        folder = self._faceset.folder / "faces"
        for file in folder.iterdir() if folder.is_dir() else ():
            if ours.fullmatch(file.name) and file.name not in known:
                file.unlink()

    def _store(self, frame: Frame, face: Face, source_id: int, label: str) -> tuple[Any, ...]:
        """Write the picture of a face and return its row."""
        size = self._faceset.info.size
        matrix = align(face.landmarks, size, FRAMING)
        file = f"{label}_{frame.number:06d}_{face.track}.png"
        write_rgb(self._faceset.folder / "faces" / file, crop(frame.image, matrix, size))
        embedding = self._recogniser.embed(frame.image, face.landmarks)
        return (
            file,
            source_id,
            frame.number,
            face.track,
            face.score,
            face.landmarks.astype("<f4").tobytes(),
            matrix.astype("<f8").tobytes(),
            embedding.astype("<f4").tobytes(),
        )
