"""Finds the numbered pictures that a folder, a pattern or a single picture means."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.picture import FLOAT_SUFFIXES, HEIC_SUFFIXES, PICTURE_SUFFIXES
from ml_backend.media.readable import file_kind, no_permission

PHOTOS = "Photos that are no sequence: extract --photos."
_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<digits>[0-9]+)(?P<tail>[^0-9]*)")
_BELOW_ZERO = re.compile(r"(?:.*[._])?-")  # what comes before the digits of s.-0012; shot-0012 has a dash alone
_PLACE = re.compile(r"#+|%(?:0?([0-9]+))?d")


class _Name(NamedTuple):
    """A file name without its number: what the pictures of one sequence share."""

    prefix: str
    tail: str
    suffix: str


def is_pattern(path: Path) -> bool:
    """Does the file name hold a place for the number: #### or %04d?"""
    return _PLACE.search(path.name) is not None


def find_pattern(path: Path) -> dict[int, Path]:
    """The files of a pattern by number, ascending. `####` means four digits, or more for larger numbers."""
    places = list(_PLACE.finditer(path.name))
    if len(places) != 1:
        raise UsageError(f"{path} has {len(places)} places for a number.", "Use one, such as shot.####.png.")
    place = places[0]
    digits = len(place[0]) if place[0].startswith("#") else int(place[1] or 1)
    _refuse_below_zero(path, path.name[: place.start()])
    before, after = re.escape(path.name[: place.start()]), re.escape(path.name[place.end() :])
    name = re.compile(f"{before}([0-9]{{{digits}}}|[1-9][0-9]{{{digits},}}){after}")
    if file_kind(path.parent) != "folder":
        raise UsageError(f"The folder {path.parent} does not exist.", "Check the path of the pattern.")
    found = [(int(match[1]), file) for file in _visible_files(path.parent) if (match := name.fullmatch(file.name))]
    if not found:
        raise UsageError(f"No file matches {path}.", "Check the pattern and the number of digits.")
    return _by_number(found)


def find_in_folder(folder: Path) -> dict[int, Path]:
    """The pictures of the only sequence in `folder` by number, ascending.

    The number is the last group of digits in the name. BackendError for a folder without pictures, with
    pictures that have no number or one below zero, or with several sequences.
    """
    pictures = [file for file in _visible_files(folder) if file.suffix.lower() in PICTURE_SUFFIXES | FLOAT_SUFFIXES]
    if not pictures:
        raise _no_pictures(folder)
    sequences: dict[_Name, list[tuple[int, Path]]] = defaultdict(list)
    for file in pictures:
        numbered = _NUMBERED.fullmatch(file.stem)
        if numbered is None:
            raise BackendError(
                f"The picture {file} has no number in its name, so its place in the sequence is unknown.",
                "Rename it, move it out of the folder, or name one picture or a pattern such as shot.####.png. "
                + PHOTOS,
            )
        _refuse_below_zero(file, numbered["prefix"])
        name = _Name(numbered["prefix"], numbered["tail"], file.suffix.lower())
        sequences[name].append((int(numbered["digits"]), file))
    if len(sequences) > 1:
        patterns = sorted(_pattern(name, files) for name, files in sequences.items())
        shown = " and ".join(patterns[:4]) + (" …" if len(patterns) > 4 else "")
        raise BackendError(
            f"The folder {folder} holds {len(sequences)} sequences: {shown}.",
            f"Name one of them, such as {folder / patterns[0]}. {PHOTOS}",
        )
    return _by_number(next(iter(sequences.values())))


def photos_in(folder: Path) -> tuple[list[Path], list[str]]:
    """Every picture in `folder`, by name, whatever its number and size; and the names of those that cannot be read.

    BackendError where none can be read.
    """
    files = list(_visible_files(folder))
    photos = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES | FLOAT_SUFFIXES]
    if not photos:
        raise _no_pictures(folder)
    return photos, [file.name for file in files if file.suffix.lower() in HEIC_SUFFIXES]


def _no_pictures(folder: Path) -> BackendError:
    if any(file.suffix.lower() in HEIC_SUFFIXES for file in _visible_files(folder)):
        return BackendError(f"The folder {folder} has HEIC pictures only.", "Export them as JPEG or PNG.")
    return BackendError(f"The folder {folder} has no pictures.", "Name a folder of PNG, JPEG, TIFF, WebP or EXR files.")


def single_picture(path: Path) -> dict[int, Path]:
    """One picture, numbered by its name, or 1 where the name has no number."""
    numbered = _NUMBERED.fullmatch(path.stem)
    return _by_number([(int(numbered["digits"]) if numbered else 1, path)])


def _refuse_below_zero(file: Path, prefix: str) -> None:
    """BackendError where the number that follows `prefix` is negative: as it stands, time would run backwards."""
    if _BELOW_ZERO.fullmatch(prefix):
        raise BackendError(
            f"The number of {file} is below zero, and frames are numbered from 0 up.",
            "Rename the pictures so that their numbers begin at 0 or later, such as shot.1001.png.",
        )


def _visible_files(folder: Path) -> Iterator[Path]:
    try:
        files = sorted(folder.iterdir())
    except PermissionError as error:
        raise no_permission(folder) from error
    return (file for file in files if not file.name.startswith(".") and file.is_file())


def _pattern(name: _Name, files: list[tuple[int, Path]]) -> str:
    shortest = min(len(file.stem) for _, file in files) - len(name.prefix) - len(name.tail)
    return f"{name.prefix}{'#' * shortest}{name.tail}{files[0][1].suffix}"


def _by_number(found: list[tuple[int, Path]]) -> dict[int, Path]:
    files: dict[int, Path] = {}
    for number, file in sorted(found):
        if number in files:
            raise BackendError(
                f"{files[number]} and {file.name} have the same number {number}.", "Remove or rename one of them."
            )
        files[number] = file
    return files
