"""Store faces: crops on disk, data in the index, and only what has changed since the last time."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import Cancelled
from ml_backend.faces.alignment import Framing, align, crop
from ml_backend.faces.face import Face
from ml_backend.faces.recognition import Recogniser
from ml_backend.media.ahead import ahead
from ml_backend.media.frame import Frame, Pixels, SourceInfo
from ml_backend.media.source import Source
from ml_backend.media.write import write_rgb
from ml_backend.progress import Reporter

from .grouping import Person, stranger
from .observe import COMMIT_SECONDS
from .resolve import Footage
from .store import DATA, Faceset, free_label

WORKERS = 2  # threads that crop, recognise and compress, a batch each
BATCH_FACES, BATCH_BYTES = 16, 60_000_000  # of a batch at most, one frame at least: enough faces to keep a GPU busy

Embedding = NDArray[np.float32]


@dataclass(frozen=True)
class Order:
    """A face to store, and the matrix (2×3) from its frame's pixels to the crop's."""

    file: str
    face: Face
    matrix: NDArray[np.float64]

    def data(self, model: str) -> tuple[Any, ...]:
        """The face's columns in the index, all but the embedding."""
        face = self.face
        flags = (int(face.interpolated), int(face.repaired))
        points, matrix = face.landmarks.astype("<f4").tobytes(), self.matrix.astype("<f8").tobytes()
        return (face.score, model, *flags, points, matrix)


Task = tuple[Frame, list[Order]]  # a frame and the faces to store of it
Made = tuple[int, list[tuple[Order, Embedding | None]]]  # a frame's faces; None: it is somebody else's face


class Storing:
    """Stores the faces of the people `wanted` in a faceset. `others` are the other people in the same footage."""

    def __init__(
        self,
        faceset: Faceset,
        recogniser: Recogniser,
        wanted: Sequence[Person],
        others: Sequence[Person],
        reporter: Reporter,
    ) -> None:
        self._faceset = faceset
        self._recogniser = recogniser
        self._wanted = wanted
        self._others = others
        self._reporter = reporter
        info = faceset.info
        self._model, self._size = info.landmark_model, info.size
        self._framing = Framing(info.framing, info.framing_side, info.framing_down)

    def store(self, footage: Footage, source: Source, stored: Callable[[], None]) -> None:
        """Store the faces in all frames that were looked at, and remove those that are not wanted any more.

        source: the same footage, with all these frames. stored: called once for each of them.
        """
        number, label = self._register(footage.path, source.info)
        self._remove_unknown(label)
        changed = self._tidy(footage, number, label)
        for _ in range(len(footage.frames) - len(changed)):
            stored()
        if not changed:
            return
        finished: list[Made] = []
        committed = time.monotonic()
        with closing(ahead(source.frames(sorted(changed)))) as frames:
            for made in self._made(self._tasks(frames, footage, label, changed)):
                finished.append(made)
                stored()
                last, stop = made[0] == max(changed), self._reporter.stop_requested()
                if last or stop or time.monotonic() - committed > COMMIT_SECONDS:
                    self._enter(number, finished)
                    finished, committed = [], time.monotonic()
                if stop:
                    raise Cancelled

    def _orders(self, footage: Footage, label: str) -> Iterator[tuple[int, list[Order]]]:
        """What the faceset shall have of each frame that has a wanted face."""
        tracks = {track.number for person in self._wanted for track in person.tracks if track.source == footage.path}
        for frame, faces in footage.faces(tracks):
            yield (
                frame,
                [
                    Order(
                        f"{label}_{frame:06d}_{face.track}.png", face, align(face.landmarks, self._size, self._framing)
                    )
                    for face in faces
                ],
            )

    def _tidy(self, footage: Footage, source: int, label: str) -> dict[int, set[str]]:
        """Bring the index to what is wanted as far as that needs no picture; returns the files that do, by frame.

        A face whose picture the user has deleted stays deleted.
        """
        columns = ", ".join(DATA.split(", ")[:-1])
        present = self._faceset.pictures()
        changed: dict[int, set[str]] = {}
        counts = dict.fromkeys(footage.frames, 0)
        kept: set[str] = set()
        with self._faceset.index() as index:
            strangers = dict(index.execute("SELECT file, landmarks FROM stranger").fetchall())
            for frame, orders in self._orders(footage, label):
                query = f"SELECT file, {columns} FROM face WHERE source = ? AND number = ?"
                known = {row[0]: row[1:] for row in index.execute(query, (source, frame))}
                for order in orders:
                    data = order.data(self._model)
                    if strangers.get(order.file) == data[4]:
                        continue
                    kept.add(order.file)
                    counts[frame] += 1
                    if order.file not in known or (known[order.file] != data and order.file in present):
                        changed.setdefault(frame, set()).add(order.file)
            rows = index.execute("SELECT file, number FROM face WHERE source = ?", (source,)).fetchall()
            gone = [(file,) for file, frame in rows if frame in counts and file not in kept]
            done = [(source, frame, count) for frame, count in counts.items() if frame not in changed]
            with index:
                index.executemany("DELETE FROM face WHERE file = ?", gone)
                index.executemany("INSERT OR REPLACE INTO frame VALUES (?, ?, ?)", done)
        self._remove_unknown(label)
        return changed

    def _tasks(
        self, frames: Iterable[Frame], footage: Footage, label: str, changed: dict[int, set[str]]
    ) -> Iterator[Task]:
        orders = self._orders(footage, label)
        for frame in frames:
            found = next(found for number, found in orders if number == frame.number)
            yield frame, [order for order in found if order.file in changed[frame.number]]

    def _made(self, tasks: Iterable[Task]) -> Iterator[Made]:
        """The frames in order, each when its pictures are written; a few batches are worked on at a time."""
        waiting: deque[Future[list[Made]]] = deque()
        with ThreadPoolExecutor(WORKERS) as pool:
            for batch in _batches(tasks):
                waiting.append(pool.submit(self._make, batch))
                if len(waiting) > WORKERS:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

    def _make(self, batch: Sequence[Task]) -> list[Made]:
        faces = [(frame.image, order.face.landmarks) for frame, orders in batch for order in orders]
        embeddings = iter(self._recogniser.embed_many(faces))
        return [
            (frame.number, [self._write(frame.image, order, next(embeddings)) for order in orders])
            for frame, orders in batch
        ]

    def _write(self, image: Pixels, order: Order, embedding: Embedding) -> tuple[Order, Embedding | None]:
        """Write a face's picture, unless it is somebody else's."""
        if not order.face.repaired and stranger(embedding, self._wanted, self._others):
            return order, None
        write_rgb(self._faceset.folder / "faces" / order.file, crop(image, order.matrix, self._size))
        return order, embedding

    def _enter(self, source: int, finished: Sequence[Made]) -> None:
        """Enter frames and their faces into the index; the pictures are there already."""
        with self._faceset.index() as index, index:
            for frame, made in finished:
                for order, embedding in made:
                    data = order.data(self._model)
                    if embedding is None:
                        index.execute("DELETE FROM face WHERE file = ?", (order.file,))
                        index.execute("INSERT OR REPLACE INTO stranger VALUES (?, ?)", (order.file, data[4]))
                        continue
                    row = (order.file, source, frame, order.face.track, *data, embedding.astype("<f4").tobytes())
                    index.execute(f"INSERT OR REPLACE INTO face VALUES ({', '.join('?' * len(row))})", row)
                index.execute(
                    "INSERT OR REPLACE INTO frame SELECT ?1, ?2, COUNT(*) FROM face WHERE source = ?1 AND number = ?2",
                    (source, frame),
                )

    def _register(self, path: Path, info: SourceInfo) -> tuple[int, str]:
        """The source's number in the index; its label begins the file names of its faces."""
        with self._faceset.index() as index:
            if info.stored is not None:
                with index:
                    index.execute("INSERT OR IGNORE INTO stretched VALUES (?, ?, ?)", (str(path), *info.stretched))
            row = index.execute("SELECT id, label FROM source WHERE path = ?", (str(path),)).fetchone()
            if row is not None:
                return int(row[0]), str(row[1])
            taken = [label for (label,) in index.execute("SELECT label FROM source")]
            label = free_label(re.sub(r"#+|%\d*d", "", path.stem), taken)
            with index:
                cursor = index.execute("INSERT INTO source (path, label) VALUES (?, ?)", (str(path), label))
            return int(cursor.lastrowid or 0), label

    def _remove_unknown(self, label: str) -> None:
        """Delete a source's pictures that the index does not know: those of a killed extraction, and strangers'."""
        with self._faceset.index() as index:
            known = {file for (file,) in index.execute("SELECT file FROM face")}
        ours = re.compile(re.escape(label) + r"_\d{6,}_\d+\.png")
        for file in self._faceset.pictures() - known:
            if ours.fullmatch(file):
                (self._faceset.folder / "faces" / file).unlink()


def _batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Frames in pieces of so many faces and bytes."""
    batch: list[Task] = []
    for task in tasks:
        batch.append(task)
        faces, size = sum(len(orders) for _, orders in batch), sum(frame.image.nbytes for frame, _ in batch)
        if faces >= BATCH_FACES or size + task[0].image.nbytes > BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch
