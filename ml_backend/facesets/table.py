"""All faces of a faceset beside one another, as columns of numbers: about a kilobyte a face, no pictures."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.expression import of_open_eyes
from ml_backend.progress import Reporter

from .look import LENGTH, nearest
from .persons import likeness, runs
from .scores import NAMES, measured
from .store import Faceset


@dataclass(frozen=True)
class Table:
    """N faces in the order of the store. `columns` has the scores by their names, each N float64."""

    folder: Path
    files: list[str]
    sources: list[Path]
    frames: NDArray[np.int64]
    tracks: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    embeddings: NDArray[np.float32]
    looks: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """A column: one of the scores, or eyes, similarity or duplicates, which depend on the other faces."""
        match name:
            case "eyes":
                return self.eyes
            case "similarity":
                return self.similarity
            case "duplicates":
                return self.difference
        return self.columns[name]

    @cached_property
    def runs(self) -> NDArray[np.int64]:
        """N: the number of each face's run, the few faces of its track that are its neighbours in time."""
        return runs(self.sources, self.tracks, self.frames)

    @cached_property
    def similarity(self) -> NDArray[np.float64]:
        """N: how like the faceset's own middle a face is: 1 the same, below 0.45 most likely another person."""
        return likeness(self.embeddings)

    @cached_property
    def difference(self) -> NDArray[np.float64]:
        """N: the distance of each face's look to the nearest other one's, see `look.look`."""
        return nearest(self.looks)[0].astype(np.float64)

    @cached_property
    def eyes(self) -> NDArray[np.float64]:
        """N: how open the eyes are, of this person's open eyes: 0 shut, 1 open."""
        return of_open_eyes((self.columns["eye_left"] + self.columns["eye_right"]) / 2)

    def take(self, wanted: NDArray[np.integer] | NDArray[np.bool_]) -> "Table":
        """Some of the faces as a table of their own, whose middle and neighbours are those of these faces."""
        numbers = np.arange(len(self))[wanted]
        return Table(
            folder=self.folder,
            files=[self.files[n] for n in numbers],
            sources=[self.sources[n] for n in numbers],
            frames=self.frames[numbers],
            tracks=self.tracks[numbers],
            columns={name: values[numbers] for name, values in self.columns.items()},
            embeddings=self.embeddings[numbers],
            looks=self.looks[numbers],
        )


def read_table(faceset: Faceset, reporter: Reporter, left_out: bool = False) -> Table:
    """The table of a faceset's faces; measures those that were not measured yet."""
    files: list[str] = []
    sources: list[Path] = []
    known: dict[Path, Path] = {}
    numbers: list[tuple[int, int]] = []
    values: list[NDArray[np.float64]] = []
    embeddings: list[NDArray[np.float32]] = []
    looks: list[NDArray[np.float16]] = []
    for one in measured(faceset, reporter, left_out):
        face = one.face
        files.append(face.path.name)
        sources.append(known.setdefault(face.source, face.source))
        numbers.append((face.frame, face.track))
        values.append(np.array([*(getattr(one.scores, name) for name in NAMES), face.score]))
        embeddings.append(face.embedding)
        looks.append(one.look)
    columns = np.array(values, np.float64).reshape(-1, len(NAMES) + 1).T
    frames, tracks = np.array(numbers, np.int64).reshape(-1, 2).T
    return Table(
        folder=faceset.folder,
        files=files,
        sources=sources,
        frames=frames,
        tracks=tracks,
        columns=dict(zip((*NAMES, "score"), columns, strict=True)),
        embeddings=np.array(embeddings, np.float32).reshape(-1, 128),
        looks=np.array(looks, np.float16).reshape(-1, LENGTH),
    )
