"""Does the audit's chain hold from the first entry to the last?"""

from dataclasses import dataclass
from pathlib import Path

from ml_backend.errors import BackendError
from ml_backend.provenance.audit import CUT_SHORT, ROTATED, Broken, Head, first_entry, follow, read_head


@dataclass(frozen=True)
class Verdict:
    """bad_line: the first line (from 1) that is wrong, None where none is; what: what is wrong with it.

    cut_short: lines that a kill cut short and the next entry accounts for.
    """

    entries: int
    head: str
    bad_line: int | None
    what: str
    cut_short: int

    @property
    def holds(self) -> bool:
        return self.bad_line is None


def verify(path: Path) -> Verdict:
    """Read the whole file and compare it with the head kept beside it; a file that was never written holds."""
    content = path.read_bytes() if path.exists() else b""
    cut_short = content.count(b'"action":"%s"' % CUT_SHORT.encode())
    try:
        end, torn = follow(Head(), content)
    except Broken as error:
        before = follow(Head(), b"".join(content.splitlines(keepends=True)[: error.line - 1]))[0]
        return Verdict(before.n, before.sha256, error.line, f"{error}.", cut_short)
    try:
        kept = read_head(path)
    except BackendError as error:
        return Verdict(end.n, end.sha256, end.lines + 1, str(error), cut_short)
    return _compared(content, end, torn, kept, cut_short)


def _compared(content: bytes, end: Head, torn: bytes, kept: Head | None, cut_short: int) -> Verdict:
    line, what = None, ""
    if kept is None and end.n:
        line, what = end.lines + 1, "The head beside the file is missing: whether entries were cut off cannot be told."
    elif kept is not None and kept.n > end.n:
        line, what = end.lines + 1, f"The file ends after {end.n} entries, and had {kept.n}: the end was cut off."
    elif kept is not None and kept.n and kept != end and follow(Head(), content[: kept.size])[0] != kept:
        line, what = kept.lines, f"line {kept.lines} is another one than was written."
    elif torn:
        what = f"The last line was cut short ({len(torn)} bytes); the next entry will say so."
    else:
        what = _turned_back(content)
    return Verdict(end.n, end.sha256, line, what, cut_short)


def _turned_back(content: bytes) -> str:
    """What to tell of a file that was begun by a clock behind the one that it carries on: consent that ran out counted
    again from then on, unless the older clock was wrong."""
    first = first_entry(content)
    until = str(first["facts"].get("until", "")) if first is not None and first["action"] == ROTATED else ""
    if first is None or until <= str(first["time"]):
        return ""
    return f"It begins at {first['time'][:16]}, and the file before it ended at {until[:16]}: the clock was changed."
