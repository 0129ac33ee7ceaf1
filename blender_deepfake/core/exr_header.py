"""What an OpenEXR file says about itself before its pixels."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .crops import Window

_MAGIC = 20000630


@dataclass(frozen=True)
class ExrHeader:
    """`part` of a picture of this width and height is what the file holds: its data window in its display window.

    Blender shows the part as if it were the whole.
    """

    part: Window
    width: int
    height: int

    @property
    def is_whole(self) -> bool:
        return self.part == Window(0, 0, self.width, self.height)


def read(path: Path) -> ExrHeader:
    """Raises OSError or ValueError where the file cannot be read."""
    with path.open("rb") as file:
        if struct.unpack("<i4x", _read(file, 8))[0] != _MAGIC:
            raise ValueError(f"{path} is no OpenEXR file")
        boxes: dict[str, tuple[int, int, int, int]] = {}
        while name := _text(file):
            _text(file)  # the kind of the value
            value = _read(file, struct.unpack("<i", _read(file, 4))[0])
            if name in ("dataWindow", "displayWindow"):
                boxes[name] = struct.unpack("<4i", value)
    if len(boxes) != 2:
        raise ValueError(f"{path} does not say how large it is")
    left, top, right, bottom = boxes["dataWindow"]
    x0, y0, x1, y1 = boxes["displayWindow"]
    part = Window(left - x0, top - y0, right - left + 1, bottom - top + 1)
    return ExrHeader(part, x1 - x0 + 1, y1 - y0 + 1)


def _text(file: BinaryIO) -> str:
    letters = b""
    while (letter := _read(file, 1)) != b"\0":
        letters += letter
        if len(letters) > 255:
            raise ValueError("a name in the header has no end")
    return letters.decode("latin-1")


def _read(file: BinaryIO, count: int) -> bytes:
    data = file.read(count) if count >= 0 else b""
    if len(data) != count:
        raise ValueError("the header is cut short")
    return data
