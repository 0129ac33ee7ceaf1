"""The audit: what was done with people's faces, one line an action, each with the hash of the one before it.

    HOME/audit/audit.jsonl        or the file named by ML_BACKEND_AUDIT
    HOME/audit/audit.jsonl.head   how long the file was and its last hash: so that a shortened one is noticed
    HOME/audit/audit.jsonl.lock   one process at a time

Names are pseudonyms, files are named without their folders. Nothing is ever taken out: a line that a kill cut short
stays and the next entry says that it did; a damaged file is set aside by `rotate`, whose first entry carries on the
chain.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator, BaseModel, ConfigDict, NonNegativeInt, TypeAdapter, ValidationError

from ml_backend.atomic import write_json
from ml_backend.errors import BackendError
from ml_backend.folder_lock import hold
from ml_backend.provenance.home import audit_file, is_shared_audit
from ml_backend.provenance.record import canonical_json, writable

BEGINNING = "0" * 64
"""What the first entry names as the one before it."""
CUT_SHORT = "line cut short"
ROTATED = "rotate"
_WAIT = 60.0  # seconds for the lock: an entry takes some milliseconds
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_TAIL = 8192  # bytes of the file's end that are read first: some entries


@dataclass(frozen=True)
class Head:
    """Where the chain ends: lines and bytes of the file until there, the last entry's number, time and hash."""

    lines: NonNegativeInt = 0
    size: NonNegativeInt = 0
    n: NonNegativeInt = 0
    time: str = ""
    sha256: str = BEGINNING


def _moment(text: str) -> str:
    datetime.strptime(text, _FORM)
    return text


class _Entry(BaseModel):
    """The form of an entry: what has another is none, whoever wrote it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    n: int
    time: Annotated[str, AfterValidator(_moment)]
    action: str
    people: dict[str, str]
    facts: dict[str, str | int]
    previous: str
    sha256: str


_HEAD = TypeAdapter(Head)


def enter(action: str, people: Mapping[str, str], facts: Mapping[str, str | int]) -> str:
    """Append one entry and return its hash, the chain's new head.

    people: the hashes of the records by pseudonym. facts: what else is worth knowing; no legal names, no folders. The
    entry is on disk when this returns. Raises BackendError where the file cannot be written or is damaged.
    """
    path = audit_file()
    with _locked(path):
        before, torn = _state(path)
        if torn and not torn.endswith(b"\n"):
            _write(path, b"\n")  # which may be all that it lacked
            before, torn = _state(path)
        if torn:
            cut = replace(before, lines=before.lines + 1, size=before.size + len(torn))
            before = _append(path, cut, CUT_SHORT, {}, _what_was_cut(torn, cut.lines))
        return _append(path, before, action, people, facts).sha256


def head() -> str:
    """The hash of the newest entry; 64 zeros where there is none."""
    newest = _newest()
    return BEGINNING if newest is None else str(newest["sha256"])


def newest_time() -> str | None:
    """When the newest entry was made; None where there is none."""
    newest = _newest()
    return None if newest is None else str(newest["time"])


def _newest() -> dict[str, Any] | None:
    try:
        with audit_file().open("rb") as file:
            return _last(file, file.seek(0, os.SEEK_END))
    except OSError:
        return None


def _last(file: BinaryIO, end: int) -> dict[str, Any] | None:
    """The last entry that ends before the byte `end`. Reads no more of the file than it must."""
    length = _TAIL
    while True:
        begin = file.seek(max(0, end - length))
        lines = file.read(end - begin).split(b"\n")
        whole = lines if begin == 0 else lines[1:]  # the first may have begun earlier
        entry = next((entry for line in reversed(whole) if (entry := _parsed(line))), None)
        if entry is not None or begin == 0:
            return entry
        length *= 8


def rotate(reason: str) -> tuple[Path | None, str]:
    """Set the file aside, whatever its state, and begin a new one whose first entry names the old one's head and time.

    Returns where the old file is now (None: there was none) and the new head.
    """
    path = audit_file()
    with _locked(path):
        old, last = None, Head()
        with suppress(BackendError):
            last = read_head(path) or last
        if path.is_file():
            old = path.with_name(f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}{path.suffix}")
            path.rename(old)
        facts: dict[str, str | int] = {
            "reason": reason,
            "file": old.name if old else "",
            "head": last.sha256,
            "entries": last.n,
            "until": last.time,
        }
        return old, _append(path, Head(), ROTATED, {}, facts).sha256


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The entries that can be read, oldest first."""
    content = path.read_bytes() if path.exists() else b""
    for line in content.splitlines():
        entry = _parsed(line)
        if entry:
            yield entry


def first_entry(content: bytes) -> dict[str, Any] | None:
    """The first line of an audit's `content`, where that is an entry."""
    return _parsed(content.partition(b"\n")[0])


def link(entry: Mapping[str, Any]) -> str:
    """The hash that the entry must have."""
    return hashlib.sha256(canonical_json({k: v for k, v in entry.items() if k != "sha256"})).hexdigest()


def _append(path: Path, before: Head, action: str, people: Mapping[str, str], facts: Mapping[str, str | int]) -> Head:
    now = datetime.now(UTC).strftime(_FORM)
    content = {
        "n": before.n + 1,
        "time": max(now, before.time),  # the clocks of two machines may differ a little
        "action": action,
        "people": dict(people),
        "facts": {name: writable(value) if isinstance(value, str) else value for name, value in facts.items()},
        "previous": before.sha256,
    }
    entry = content | {"sha256": link(content)}
    line = canonical_json(entry) + b"\n"
    _write(path, line)
    after = Head(before.lines + 1, before.size + len(line), before.n + 1, str(content["time"]), str(entry["sha256"]))
    try:
        write_json(head_file(path), asdict(after))
    except OSError as error:
        raise _unwritable(path, error) from error
    return after


def _write(path: Path, data: bytes) -> None:
    try:
        mode = 0o660 if is_shared_audit() else 0o600
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(path, error) from error


def _state(path: Path) -> tuple[Head, bytes]:
    """Where the chain ends now, and the rest of a line that a kill cut short. BackendError for a damaged file.

    What was written after the head file, by a process that was killed in between, is read; what came before is not.
    """
    known = read_head(path) or Head()
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size < known.size:
                raise _damaged(path, f"it has {size} bytes, and had {known.size}: its end is missing")
            if known.size:
                last = _last(file, known.size)
                if last is None or last["sha256"] != known.sha256 or link(last) != known.sha256:
                    raise _damaged(path, f"line {known.lines} was changed")
            file.seek(known.size)
            rest = file.read()
    except FileNotFoundError as error:
        if known.size:
            raise _damaged(path, "it is gone") from error
        return known, b""
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        return follow(known, rest)
    except Broken as error:
        raise _damaged(path, str(error)) from error


class Broken(Exception):
    """The chain breaks at `line` (from 1)."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line} {what}")
        self.line = line


def follow(known: Head, rest: bytes) -> tuple[Head, bytes]:
    """The chain's end after the lines of `rest`, and what there is of a last line that was cut short.

    A line that cannot be read is part of the chain where the next entry says so. Raises Broken.
    """
    *whole, torn = rest.split(b"\n")
    for number, line in enumerate(whole):
        entry, after = _parsed(line), replace(known, lines=known.lines + 1, size=known.size + len(line) + 1)
        if entry is None:
            if number == len(whole) - 1 and not torn:
                return known, line + b"\n"
            told = _parsed(whole[number + 1]) if number + 1 < len(whole) else None
            if told is None or told["action"] != CUT_SHORT or told["facts"] != _what_was_cut(line, after.lines):
                raise Broken(after.lines, "is no entry")
            known = after
            continue
        if link(entry) != entry["sha256"]:
            raise Broken(after.lines, "was changed")
        if entry["previous"] != known.sha256 or entry["n"] != known.n + 1:
            raise Broken(after.lines, "does not follow the one before it")
        if entry["time"] < known.time:
            raise Broken(after.lines, "is older than the one before it")
        known = Head(after.lines, after.size, int(entry["n"]), str(entry["time"]), str(entry["sha256"]))
    return known, torn


def _what_was_cut(line: bytes, number: int) -> dict[str, str | int]:
    text = line.rstrip(b"\n")
    return {"line": number, "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def head_file(path: Path) -> Path:
    return path.with_name(path.name + ".head")


def read_head(path: Path) -> Head | None:
    """What the head file beside the audit `path` says; BackendError where it is damaged."""
    file = head_file(path)
    try:
        return _HEAD.validate_json(file.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(file, error.strerror or str(error)) from error
    except ValidationError as error:
        raise _damaged(file, str(error.errors()[0]["msg"])) from error


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        return _Entry.model_validate_json(line).model_dump()
    except ValidationError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o770 if is_shared_audit() else 0o700)
    except OSError as error:
        raise _unwritable(path, error) from error
    if path.exists() and not path.is_file():
        raise BackendError(f"The audit {path} is no file.", "Name a file with ML_BACKEND_AUDIT.")
    with hold(path.with_name(path.name + ".lock"), "Is another process stuck?", _WAIT):
        yield


def _damaged(path: Path, what: str) -> BackendError:
    return BackendError(
        f"The audit {path} is damaged: {what}.",
        "Look at it with ml-backend audit verify; restore it from a backup, or set it aside and begin a new one: "
        'ml-backend audit rotate --reason "WHY"',
    )


def _unwritable(path: Path, error: OSError) -> BackendError:
    return BackendError(
        f"The audit {path} cannot be written: {error.strerror or error}.",
        "Make room or mend the permissions, or name another file with ML_BACKEND_AUDIT.",
    )
