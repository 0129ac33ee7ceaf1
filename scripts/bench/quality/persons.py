"""Whose faces come into a faceset, for every way to say who is wanted."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from synthetic.matching import who_is_it
from synthetic.portrait import point_on, write_portrait
from synthetic.truth import TrueFrame

from ml_backend.errors import UsageError
from ml_backend.faces.regions import landmarks68
from ml_backend.facesets.extract import run_extract
from ml_backend.facesets.store import Faceset
from ml_backend.progress import SilentReporter
from ml_backend.requests import ExtractRequest

from .clips import Measured

HIDDEN = 0.6  # a face of which more is covered need not be found
ASTRAY = 0.15


def persons(measured: Measured, folder: Path) -> dict[str, dict[str, Any]]:
    """A row for every form of --person: stored faces by whose they are, beside how many there are to find.

    right: of the person wanted. wrong: of somebody else. covered: the person's place in a frame where somebody
    else hides most of the face. nobody: no face is there. astray: of the right ones, those whose landmarks are off by
    more than 15 % of the eye distance.
    """
    rows: dict[str, dict[str, Any]] = {}

    def portrait(who: str) -> Path:
        return write_portrait(measured.movie, measured.truth, who, folder / f"{who}.png")

    names = sorted({face.who for frame in measured.truth for face in frame.faces})
    for form, name, wanted in [
        ("only", "only", None),
        ("largest", "largest", None),
        *((number, number, None) for number in ("1", "2", "3")),
        *((f"a picture of {who}", str(portrait(who)), who) for who in names),
        *((f"a point on {who}", point_on(measured.truth, who), who) for who in names),
    ]:
        place = folder / f"{len(rows)}"
        place.mkdir()
        shutil.copy(measured.observations, place / "observations.sqlite")
        request = ExtractRequest(sources=[str(measured.movie)], faceset=place, person=name, size=96)
        try:
            run_extract(request, SilentReporter())
        except UsageError as error:
            print(f"{form}: {error}")
            rows[form] = {"wanted": "refused"}
            continue
        rows[form] = _counts(measured.truth, place, wanted)
    return rows


def _counts(truth: list[TrueFrame], folder: Path, wanted: str | None) -> dict[str, Any]:
    frames = {frame.number: frame for frame in truth}
    whose: list[str] = []
    covered = {(frame.number, face.who) for frame in truth for face in frame.faces if face.covered > HIDDEN}
    stored = [(face.frame, landmarks68(face.landmarks)) for face in Faceset.open(folder).faces()]
    seen = [(number, who_is_it(points, frames[number].faces, HIDDEN)) for number, points in stored]
    known = Counter(who for _, who in seen if who is not None)
    person = wanted or (known.most_common(1)[0][0] if known else None)
    astray = 0
    for (number, points), (_, who) in zip(stored, seen, strict=True):
        astray += who is not None and who == person and _error(points, frames[number], who) > ASTRAY
        if who is None:
            whose.append("covered" if (number, person) in covered else "nobody")
        else:
            whose.append("right" if who == person else "wrong")
    there = [face for frame in truth for face in frame.faces if face.who == person and face.covered <= HIDDEN]
    kinds = Counter(whose)
    return {
        "wanted": person,
        "faces": len(there),
        **{kind: kinds[kind] for kind in ("right", "wrong", "covered", "nobody")},
        "astray": astray,
        "recall_%": 100 * kinds["right"] / len(there) if there else None,
    }


def _error(points: NDArray[np.float64], frame: TrueFrame, who: str) -> float:
    """Mean distance of the 68 points to a person's true ones in eye distances."""
    (face,) = [face for face in frame.faces if face.who == who]
    return float(np.linalg.norm(points - face.landmarks, axis=1).mean() / face.eyes)
