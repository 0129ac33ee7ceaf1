"""How well faces are found, followed, measured and told apart, against what the renderer of the footage knows.

    python scripts/bench/faces_quality.py [--only NAME…] [--clips FOLDER] [--json] [--average] [--landmarks mesh]

Run in the backend's environment. The footage is the repository's own and what scripts/synthetic makes of it. Errors
and jitter are in % of the distance of the outer eye corners. The actors are synthetic: good for comparing, no proof
for real footage.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.quality.clips import Measured, measure
from bench.quality.figures import landmark_errors, motion, poses, recall, recall_by_yaw
from bench.quality.persons import persons
from synthetic.entering import ENTRIES
from synthetic.trial_clips import PLATE, PROFILE, TAKE1, TAKE2, TRIALS, TWO_PEOPLE, write_clip

Report = dict[str, Any]
SPOILT = [name for name in TRIALS if name != "nobody_then_a_face"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=sorted(_PARTS), default=list(_PARTS))
    parser.add_argument("--clips", type=Path, help="keep the clips that are made here, and use those that are here")
    parser.add_argument("--landmarks", default="mesh", choices=("mesh", "fan"))
    parser.add_argument("--average", action="store_true", help="measure each face in several crops")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        clips = arguments.clips or Path(temporary)
        report: Report = {}

        def measured(movie: Path) -> Measured:
            return measure(movie, Path(temporary), arguments.landmarks, arguments.average)

        for name in arguments.only:
            report[name] = _PARTS[name](measured, clips, Path(temporary))
            print(f"\n{name.replace('_', ' ')}\n" + "\n".join(_table(report[name])), flush=True)
    if arguments.json:
        print(json.dumps(report, allow_nan=False))


Measure = Callable[[Path], Measured]


def _recall_by_yaw(measured: Measure, clips: Path, temporary: Path) -> Report:
    return recall_by_yaw([measured(movie) for movie in (PROFILE, PLATE, TAKE1, TAKE2)])


def _spoilt(measured: Measure, clips: Path, temporary: Path) -> Report:
    rows = {}
    for name in SPOILT:
        movie = clips / f"{name}.mp4"
        if not movie.with_suffix(".jsonl").exists():
            write_clip(movie, TRIALS[name]())
        rows[name] = recall(measured(movie))
    return rows


def _entries(measured: Measure, clips: Path, temporary: Path) -> Report:
    rows = {}
    for name, clip in ENTRIES.items():
        movie = clips / f"{name}.mp4"
        if not movie.with_suffix(".jsonl").exists():
            write_clip(movie, clip())
        rows[name] = recall(measured(movie))
    return rows


def _landmarks(measured: Measure, clips: Path, temporary: Path) -> Report:
    return {movie.stem: landmark_errors(measured(movie)) for movie in (PLATE, TAKE1, TAKE2, PROFILE)}


def _motion(measured: Measure, clips: Path, temporary: Path) -> Report:
    return {movie.stem: motion(measured(movie)) for movie in (PLATE, TAKE1, TAKE2)}


def _poses(measured: Measure, clips: Path, temporary: Path) -> Report:
    return poses([measured(movie) for movie in (PROFILE, PLATE, TAKE1, TAKE2)])


def _persons(measured: Measure, clips: Path, temporary: Path) -> Report:
    folder = Path(tempfile.mkdtemp(dir=temporary))
    try:
        return persons(measured(TWO_PEOPLE), folder)
    finally:
        shutil.rmtree(folder)


_PARTS: dict[str, Callable[[Measure, Path, Path], Report]] = {
    "recall_by_yaw": _recall_by_yaw,
    "spoilt": _spoilt,
    "entries": _entries,
    "landmarks": _landmarks,
    "motion": _motion,
    "poses": _poses,
    "persons": _persons,
}


def _table(rows: Report) -> list[str]:
    """One line a row, one column a figure."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    width = max(len(str(name)) for name in rows) + 2
    widths = [max(len(column), 8) + 2 for column in columns]
    lines = [
        " " * width + "".join(f"{column.replace('_', ' '):>{w}}" for column, w in zip(columns, widths, strict=True))
    ]
    for name, row in rows.items():
        cells = [f"{_shown(row.get(column)):>{w}}" for column, w in zip(columns, widths, strict=True)]
        lines.append(f"{name:<{width}}" + "".join(cells))
    return lines


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
