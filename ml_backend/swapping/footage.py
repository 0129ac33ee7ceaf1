"""Has the footage changed? What its files tell without being read."""

from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path

from ml_backend.errors import UsageError
from ml_backend.media.sequence_files import find_in_folder, find_pattern
from ml_backend.media.source import Source, SourceInfo, what_is_missing
from ml_backend.requests import SwapRequest


def footage_state(info: SourceInfo) -> list[tuple[str, int, int]]:
    """Name, size in bytes and time of change of every file of a whole source, whatever range is selected.

    The time in µs, since file servers round what is finer. Not where it lies: machines of a farm see the same files
    at other places.
    """
    states = [(file, file.stat()) for file in files_of(info)]
    return [(file.name, state.st_size, state.st_mtime_ns // 1000) for file, state in states]


def refuse_among(info: SourceInfo, out: Path) -> None:
    """Raise UsageError where a swap would be written among the plate's own files, which have the same names."""
    if info.kind == "sequence" and out.resolve() in {file.resolve().parent for file in files_of(info)}:
        raise UsageError(f"{out} is the folder of the plate's own pictures.", "Write the swap into another folder.")


def refuse_beyond(request: SwapRequest, source: Source) -> None:
    """Raise UsageError where the range names frames that the plate does not have: the swap would look complete."""
    missing = what_is_missing(source, request.plate, request.frames)
    if missing:
        there = f"{source.numbers[0]}-{source.numbers[-1]}"
        raise UsageError(missing, f"Write --frames {there}, or wait until the others are rendered.")


def picture_states(info: SourceInfo) -> Callable[[int], tuple[str, int, int]]:
    """Name, size and time of change of the file that a frame is read from, by the frame's number."""

    @cache
    def state(file: Path) -> tuple[str, int, int]:
        found = file.stat()
        return file.name, found.st_size, found.st_mtime_ns // 1000

    if info.path.is_file():
        return lambda _: state(info.path)
    files = _pictures(info)
    return lambda number: state(files[number])


def files_of(info: SourceInfo) -> list[Path]:
    """Every file of a whole source, whatever range is selected."""
    return [info.path] if info.path.is_file() else list(_pictures(info).values())


def numbers_of(info: SourceInfo) -> Collection[int]:
    """The number of every frame of a whole source, whatever range is selected."""
    return range(info.first, info.last + 1) if info.path.is_file() else _pictures(info).keys()


def _pictures(info: SourceInfo) -> Mapping[int, Path]:
    """The files of a sequence by number; a movie and a single picture are one file."""
    return find_in_folder(info.path) if info.path.is_dir() else find_pattern(info.path)
