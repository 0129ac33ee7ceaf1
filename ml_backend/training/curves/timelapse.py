"""A film of a model's previews: the same faces over the whole training."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.errors import BackendError, UsageError
from ml_backend.media.movie import write_movie
from ml_backend.media.picture import read_picture

BAR = 28  # height of the label's bar in pixels
FPS = 12.0
LONGEST_SIDE = 3840  # of the film, so that players can show it


def write_timelapse(model: Path, out: Path, fps: float = FPS, most: int | None = None) -> dict[str, Any]:
    """Write MODEL/previews/*.png as an H.264 movie, each with its iteration on a bar below.

    most: frames at most, spread evenly over the previews, the first and the last always. Previews of another size than
    the last one are scaled to it, with black around them where the form differs. Returns frames, first and last
    iteration, width, height and seconds. Raises UsageError where there are no previews, BackendError that names a
    preview that cannot be read, or where this PyAV has no H.264 encoder.
    """
    if "libx264" not in av.codecs_available:
        raise BackendError(
            f"{out} cannot be written: the installed PyAV has no H.264 encoder (libx264).",
            "Install PyAV's own wheel again: pip install --force-reinstall --only-binary av av",
        )
    if not 0 < fps <= 240:
        raise UsageError(f"{fps:g} frames a second are not possible.", "Give more than 0, up to 240.")
    files = _thinned(_previews(model), most)
    if not files:
        raise UsageError(f"{model} has no previews yet.", "Train it first: ml-backend train --model.")
    height, width = _size(_read(files[-1]))
    write_movie(out, _frames(files, width, height), Fraction(fps).limit_denominator(1001))
    return {
        "frames": len(files),
        "first": int(files[0].stem),
        "last": int(files[-1].stem),
        "width": width,
        "height": height + BAR,
        "seconds": round(len(files) / fps, 3),
        "out": str(out),
    }


def _previews(model: Path) -> list[Path]:
    files = [file for file in (model / "previews").glob("*.png") if file.stem.isdigit()]
    return sorted(files, key=lambda file: int(file.stem))


def _thinned(files: Sequence[Path], most: int | None) -> list[Path]:
    if most is not None and most < 1:
        raise UsageError(f"A film of {most} frames is not possible.", "Give 1 or more.")
    if most is None or len(files) <= most:
        return list(files)
    return [files[round(k)] for k in np.linspace(len(files) - 1, 0, most)][::-1]


def _size(image: NDArray[np.uint8]) -> tuple[int, int]:
    """Height and width of the picture in the film: even, for any player, and not too large."""
    scale = min(1.0, LONGEST_SIDE / max(image.shape[:2]))
    height, width = (max(2, 2 * round(side * scale / 2)) for side in image.shape[:2])
    return height, width


def _read(file: Path) -> NDArray[np.uint8]:
    image = read_picture(file)
    if image.dtype != np.uint8 or image.ndim != 3:
        raise BackendError(f"{file} is no preview: it is no 8-bit colour picture.", f"Delete {file}.")
    colours: NDArray[np.uint8] = image[:, :, :3].astype(np.uint8, copy=False)
    return colours


def _frames(files: Sequence[Path], width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    for file in files:
        frame = np.zeros((height + BAR, width, 3), np.uint8)
        image = _read(file)
        scale = min(width / image.shape[1], height / image.shape[0])
        size = max(1, min(width, round(image.shape[1] * scale))), max(1, min(height, round(image.shape[0] * scale)))
        if size != image.shape[1::-1]:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)  # type: ignore[assignment]
        left, top = (width - size[0]) // 2, (height - size[1]) // 2
        frame[top : top + size[1], left : left + size[0]] = image
        _label(frame, f"{int(file.stem):,}".replace(",", " "))
        yield frame


def _label(frame: NDArray[np.uint8], text: str) -> None:
    """The text in white on the bar, smaller where the picture is narrow."""
    height, width = frame.shape[:2]
    wide, _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1)[0]
    scale = 0.55 * min(1.0, (width - 8) / max(wide, 1))
    place = (4, height - 9)
    cv2.putText(frame, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA)
