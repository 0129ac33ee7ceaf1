"""Leave faces out, and take them back in. No picture is deleted."""

from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml_backend.progress import Reporter

from .choices import REASONS, Limits
from .even import pick_even
from .look import repeats
from .persons import means, middle
from .store import Faceset
from .table import Table, read_table


def judge(table: Table, limits: Limits, even: int | None = None) -> dict[str, str]:
    """The files of the faces that should go, each with the first of `REASONS` that holds, in the table's order.

    Of faces that repeat one another the sharpest stays. A face is an outlier where it and the mean of its run are:
    a single turned or blurred face among those of the right person is no stranger. `even`: how many of those that
    meet the limits stay.
    """
    reasons: dict[int, str] = {}
    for reason, bad in _bad(table, limits).items():
        for n in np.flatnonzero(bad):
            reasons.setdefault(int(n), reason)
    staying = _others(len(table), reasons)
    if limits.duplicates is not None and len(staying):
        order = np.argsort(-table["sharpness"][staying], kind="stable")
        again = repeats(table.looks[staying], order, limits.duplicates)
        reasons |= {int(n): "duplicate" for n in staying[again]}
    if even is not None:
        staying = _others(len(table), reasons)
        picked = pick_even(table.take(staying), even)
        reasons |= {int(n): "uneven" for n in staying[~picked]}
    return {table.files[n]: reasons[n] for n in sorted(reasons)}


def _others(count: int, numbers: Collection[int]) -> NDArray[np.int64]:
    return np.array([n for n in range(count) if n not in numbers], np.int64)


def _bad(table: Table, limits: Limits) -> dict[str, NDArray[np.bool_]]:
    """Which faces do not meet a limit that each face meets or not by itself."""
    nobody = np.zeros(len(table), np.bool_)
    exposure = nobody.copy()
    if limits.skin is not None:
        exposure |= (table["skin"] < limits.skin[0]) | (table["skin"] > limits.skin[1])
    for name, most in (("dark", limits.dark), ("bright", limits.bright)):
        if most is not None:
            exposure |= table[name] > most
    outlier = nobody
    if limits.similarity is not None and len(table):
        away = np.linalg.norm(means(table.embeddings, table.runs) - middle(table.embeddings), axis=1)
        outlier = (table["similarity"] < limits.similarity) & (1 - away < limits.similarity)[table.runs]
    return {
        "blurred": nobody if limits.sharpness is None else table["sharpness"] < limits.sharpness,
        "exposure": exposure,
        "small": nobody if limits.size is None else table["size"] < limits.size,
        "score": nobody if limits.score is None else table["score"] < limits.score,
        "shape": nobody if limits.shape is None else table["shape"] > limits.shape,
        "turned": nobody if limits.yaw is None else np.abs(table["yaw"]) > limits.yaw,
        "covered": nobody if limits.covered is None else table["covered"] > limits.covered,
        "outlier": outlier,
    }


def run_filter(
    faceset: Faceset, limits: Limits, reporter: Reporter, even: int | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """Leave out what does not meet the limits, of the faces in use. What was left out before stays so."""
    table = read_table(faceset, reporter)
    going = judge(table, limits, even)
    if not dry_run:
        leave_out(faceset, going)
    counts = Counter(going.values())
    return {
        "faceset": str(faceset.folder),
        "dry_run": dry_run,
        "faces": len(table) - len(going),
        "left_out": {reason: counts[reason] for reason in REASONS if counts[reason]},
        "left_out_before": len(faceset.left_out()) - (0 if dry_run else len(going)),
        "files": going,
    }


def leave_out(faceset: Faceset, reasons: dict[str, str]) -> None:
    """Mark faces, given by their files, as not to be used: all or none of them."""
    if reasons:
        with faceset.index() as index, index:
            index.executemany("INSERT OR REPLACE INTO left_out VALUES (?, ?)", reasons.items())


def restore(faceset: Faceset, reasons: Collection[str] = ()) -> dict[str, Any]:
    """Use all faces again that were left out, or those that were for one of `reasons`."""
    back = [file for file, reason in faceset.left_out().items() if not reasons or reason in reasons]
    if back:
        with faceset.index() as index, index:
            index.executemany("DELETE FROM left_out WHERE file = ?", [(file,) for file in back])
    still = len(faceset.left_out())
    return {"faceset": str(faceset.folder), "restored": len(back), "still_left_out": still, "files": back}
