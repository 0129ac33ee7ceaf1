"""The finished frames of a swap folder, kept line by line: a killed swap goes on after the last of them."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from ml_backend import atomic

from .manifest import FrameRecord, JournalNote


class Journal:
    """`records` by number: those whose file is in `folder` with its whole size.

    `files`: the names of all pictures that swaps have written there, or were about to write; also those of frames that
    were forgotten, or stopped half-way. All other files are somebody else's.
    """

    FILE = "journal.jsonl"

    def __init__(self, folder: Path, file: Path | None = None) -> None:
        """file: the journal, FILE in the folder where absent."""
        self._folder = folder
        self._file = file or folder / self.FILE
        self.files: set[str] = set()
        self.records = {record.number: record for record in self._read() if self._is_there(record)}

    def _is_there(self, record: FrameRecord) -> bool:
        try:
            return (self._folder / record.file).stat().st_size == record.bytes
        except OSError:
            return False

    def is_whole(self, number: int) -> bool:
        """Does the picture of a frame of `records` still hold what was written? It is read for that."""
        record = self.records[number]
        try:
            with (self._folder / record.file).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == record.sha256
        except OSError:
            return False

    def _lines(self) -> list[bytes]:
        return self._file.read_bytes().split(b"\n") if self._file.exists() else []

    def _read(self) -> Iterator[FrameRecord]:
        for line in self._lines():
            record = self._line(line)
            if isinstance(record, FrameRecord):
                yield record

    def _line(self, line: bytes) -> FrameRecord | JournalNote:
        """A record or a note, which says nothing where a kill cut the line short. Names of files are remembered."""
        with suppress(ValidationError):
            record = FrameRecord.model_validate_json(line)
            self.files.add(record.file)
            return record
        with suppress(ValidationError):
            note = JournalNote.model_validate_json(line)
            self.files.update(note.files)
            return note
        return JournalNote()

    def announce(self, files: Iterable[str]) -> None:
        """Say which pictures will be written: a kill may leave them without a line of their own."""
        new = set(files) - self.files
        if new:
            self._append(JournalNote(files=sorted(new)).model_dump_json())
            self.files |= new

    def remove(self, numbers: Collection[int]) -> None:
        """Delete the pictures of frames, and forget these."""
        files = {self.records[number].file for number in numbers}
        for file in files:
            (self._folder / file).unlink(missing_ok=True)
        self.files -= files
        self.forget(numbers)

    def remove_left(self) -> None:
        """Delete the pictures that swaps have left and that belong to no frame, such as those of another format."""
        left = self.files - {record.file for record in self.records.values()}
        for file in left:
            (self._folder / file).unlink(missing_ok=True)
        if left:
            self.files -= left
            self.replace(self.records)

    def forget(self, numbers: Iterable[int]) -> None:
        """Take frames out before they are made anew: a kill between picture and line must not leave an old line."""
        forgotten = self.records.keys() & set(numbers)
        if forgotten:
            self.replace({n: record for n, record in self.records.items() if n not in forgotten})

    def adopt(self, numbers: Iterable[int], swap: str) -> None:
        """Say of frames that are as they should be that they belong to this swap."""
        foreign = {n for n in numbers if self.records[n].swap != swap}
        if foreign:
            taken = {n: self.records[n].model_copy(update={"swap": swap}) for n in foreign}
            self.replace(self.records | taken)

    def replace(self, records: dict[int, FrameRecord]) -> None:
        """Write the whole journal anew, at once."""
        self.records = records
        lines = [record.model_dump_json() for record in records.values()]
        files = {record.file for record in records.values()}
        self.files |= files
        if self.files != files:
            lines.append(JournalNote(files=sorted(self.files - files)).model_dump_json())
        atomic.write_bytes(self._file, "\n".join(lines).encode())

    def add(self, record: FrameRecord) -> None:
        """Append a frame whose picture is on disk."""
        self._append(record.model_dump_json())
        self.records[record.number] = record
        self.files.add(record.file)

    def _append(self, line: str) -> None:
        with self._file.open("ab") as file:
            file.write(b"\n" + line.encode())  # the newline first: it ends a line cut short
            file.flush()
            os.fsync(file.fileno())


class PieceJournal(Journal):
    """The journal of one piece of a swap, which another process or machine makes beside others.

    `whole`: the folder's journal, which is only read. Frames that the piece makes anew are named in its own file before
    the first of them is touched, because their lines in the whole journal are true no more from then on.
    """

    def __init__(self, folder: Path, file: Path, whole: Journal | None = None) -> None:
        self.redone: set[int] = set()
        super().__init__(folder, file)
        self.own = dict(self.records)
        self.files |= whole.files if whole else set()
        kept = {n: record for n, record in whole.records.items() if n not in self.redone} if whole else {}
        self.records = kept | self.own

    def _read(self) -> Iterator[FrameRecord]:
        """The lines in their order: a record counts until its frame is made anew."""
        records: dict[int, FrameRecord] = {}
        for text in self._lines():
            line = self._line(text)
            if isinstance(line, FrameRecord):
                records[line.number] = line
                continue
            anew = set(line.redone)
            self.redone |= anew
            records = {n: record for n, record in records.items() if n not in anew}
        yield from records.values()

    def forget(self, numbers: Iterable[int]) -> None:
        forgotten = set(numbers)
        if forgotten:
            self._append(JournalNote(redone=sorted(forgotten)).model_dump_json())
            self.redone |= forgotten
            self.records = {n: record for n, record in self.records.items() if n not in forgotten}

    def adopt(self, numbers: Iterable[int], swap: str) -> None:
        """Left to whoever joins the pieces."""
