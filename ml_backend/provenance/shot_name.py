"""The name of a shot, as that of its footage tells it."""

import re
from pathlib import Path

PICTURES = frozenset(
    {".bmp", ".exr", ".hdr", ".jp2", ".jpe", ".jpeg", ".jpg", ".pfm", ".png", ".tif", ".tiff", ".webp"}
)
_MOVIE = re.compile(
    r"\.(3gp|avi|dv|flv|m2ts|m2v|m4v|mkv|mov|mp4|mpe?g|mts|mxf|ogv|r3d|ts|vob|webm|wmv|y4m)", re.IGNORECASE
)
_PLACE = re.compile(r"[._-]*(#+|%0?\d*d)$")
_NUMBER = re.compile(r"\.\d+$")


def shot_of(footage: str) -> str:
    """The name of a movie, a pattern or a still without the number and the known ending; that of a folder as it is.

    A still's number is what comes after its last dot: sc12_010.0001.png is of sc12_010, as sc12_010.png is. An ending
    that no footage has is a part of the name: sc12.alt is not sc12.
    """
    path = Path(footage)
    if path.is_dir():
        return path.name
    ending = path.suffix.lower()
    name = path.stem if ending in PICTURES or _MOVIE.fullmatch(ending) else path.name
    for number in (_PLACE, _NUMBER) if ending in PICTURES else (_PLACE,):
        name = number.sub("", name) or name
    return name
