"""Reads the mark, also where a picture was encoded anew, scaled, graded or cut, and from several frames together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.provenance.watermark.embed import Picture
from ml_backend.provenance.watermark.pattern import ACROSS, CHIPS, Floats, chips, filtered, payload_in
from ml_backend.provenance.watermark.scale import likely_chip_sizes

Complex = NDArray[np.complex64]

SAMPLES = 2
"""Samples a chip that a picture is read with."""
_SIDE = CHIPS * SAMPLES
_PEAK = 5.2  # standard deviations that the pilot must stand out by; the check sum is the second proof
_SURE = 10.4
_BLACK = 24  # of 255: as bright as the bars around a picture are at most
_STANDARD = (2160, 1440, 1080, 720, 576, 540, 480)  # shorter sides of the pictures that most cuts are made of
_NEAR = (1.0, 0.9985, 1.0015, 0.997, 1.003)  # what the scale is measured to


@dataclass(frozen=True)
class Reading:
    """payload: 32 bits, or None where no mark is there. confidence: 0–1, how clearly the tiles stood out; a mark is at
    least 0.5. chip: pixels a chip in the picture as given, which tells how it was scaled."""

    payload: int | None
    confidence: float
    chip: float | None = None


def detect(picture: Picture | Sequence[Picture], thorough: bool = True) -> Reading:
    """Read the mark of an H×W×3 RGB picture (uint8 or uint16), or of several frames of one film.

    Frames give evidence together and must have one size. thorough: look for pictures that were cut too, which takes ten
    times as long; otherwise only for whole ones, of any size.
    """
    frames = [picture] if isinstance(picture, np.ndarray) else list(picture)
    greys = [_grey(frame) for frame in frames]
    best = Reading(None, 0.0)
    for pictures in (greys, _without_bars(greys)):
        if pictures:
            found = _search(pictures, thorough)
            if found.payload is not None:
                return found
            best = max(best, found, key=lambda reading: reading.confidence)
    return Reading(None, min(best.confidence, 0.49))


def _grey(frame: Picture) -> NDArray[np.uint8]:
    grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), frame.dtype)
    return np.asarray(grey if frame.dtype == np.uint8 else grey >> 8, np.uint8)


def _search(greys: Sequence[NDArray[np.uint8]], thorough: bool) -> Reading:
    """The first reading with a payload, or the one that came closest."""
    best = Reading(None, 0.0)
    for chip in _chip_sizes(greys, thorough):
        tiles = folded(greys, chip)
        for seen in (tiles, tiles[:, ::-1]):  # as it is, and mirrored
            found = _read(seen, chip)
            if found.payload is not None:
                return found
            best = max(best, found, key=lambda reading: reading.confidence)
    return best


def _without_bars(greys: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """The pictures without black bars around them; empty where there are none, or hardly anything else."""
    light = np.max([grey.max(axis=1) for grey in greys], axis=0) > _BLACK
    across = np.max([grey.max(axis=0) for grey in greys], axis=0) > _BLACK
    rows, columns = np.flatnonzero(light), np.flatnonzero(across)
    if min(len(rows), len(columns)) < CHIPS or (len(rows), len(columns)) == greys[0].shape:
        return []
    return [grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] for grey in greys]


def _chip_sizes(greys: Sequence[NDArray[np.uint8]], thorough: bool) -> Iterator[float]:
    """Pixels a chip, the most likely first."""
    height, width = greys[0].shape
    whole = min(height, width) / ACROSS
    yield whole
    letterbox = width * 9 / 16 / ACROSS  # of 16:9 only the height was cut
    if abs(letterbox / whole - 1) > 0.001:
        yield letterbox
    if thorough:
        yield from (side / ACROSS for side in _STANDARD if side > min(height, width))
        for chip in likely_chip_sizes(greys, CHIPS, whole):
            yield from (chip * near for near in _NEAR)


def folded(greys: Sequence[NDArray[np.uint8]], chip: float) -> Floats:
    """All tiles of all frames on top of each other, `_SIDE`², of what stands out from its surroundings."""
    total = np.zeros((_SIDE, _SIDE), np.float32)
    for grey in greys:
        total += _stack(_flattened(_sampled(grey, chip / SAMPLES)))
    return total


def _sampled(grey: NDArray[np.uint8], step: float) -> Floats:
    """The picture with a sample every `step` pixels."""
    height, width = grey.shape
    size = max(1, int(width / step)), max(1, int(height / step))
    if abs(size[0] * step - width) < 1 and abs(size[1] * step - height) < 1:
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if step > 1 else cv2.INTER_LINEAR).astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), step / 2.5) if step > 1.2 else grey
    matrix = np.array([[step, 0, step / 2 - 0.5], [0, step, step / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(smooth, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def _flattened(samples: Floats) -> Floats:
    """What stands out from its surroundings, in units of how much does so there, within ±2."""
    detail = samples - cv2.GaussianBlur(samples, (0, 0), 1.3 * SAMPLES)
    around = cv2.blur(np.abs(detail), (6 * SAMPLES + 1,) * 2)
    return np.asarray(np.clip(detail / (around + 0.4), -2, 2), np.float32)


def _stack(samples: Floats) -> Floats:
    height, width = samples.shape
    padded = np.zeros((-(-height // _SIDE) * _SIDE, -(-width // _SIDE) * _SIDE), np.float32)
    padded[:height, :width] = samples
    tiles = padded.reshape(padded.shape[0] // _SIDE, _SIDE, padded.shape[1] // _SIDE, _SIDE)
    return np.asarray(tiles.sum(axis=(0, 2)), np.float32)


def aligned(tiles: Floats) -> tuple[Floats, float]:
    """The CHIPS×CHIPS of `folded` tiles, moved to where the pilot fits best, and how many standard deviations it stands
    out there."""
    match = np.fft.irfft2(np.fft.rfft2(tiles) * _pilot(), (_SIDE, _SIDE))
    place = int(match.argmax())
    row, column = divmod(place, _SIDE)
    moved = np.roll(tiles, (-row, -column), (0, 1))
    spread = float(match.std())
    peak = float(match.flat[place]) / spread if spread > 0 else 0.0
    return moved.reshape(CHIPS, SAMPLES, CHIPS, SAMPLES).sum(axis=(1, 3)), peak


def _read(tiles: Floats, chip: float) -> Reading:
    seen, peak = aligned(tiles)
    payload = payload_in(seen) if peak >= _PEAK else None
    return Reading(payload, min(peak / _SURE, 1.0), chip)


@cache
def _pilot() -> Complex:
    """The spectrum, conjugate, of the known chips as they are seen with SAMPLES samples a chip."""
    around = np.tile(filtered(chips().pilot), (3, 3))
    fine = cv2.resize(around, None, fx=SAMPLES, fy=SAMPLES, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.conj(np.fft.rfft2(fine[_SIDE : 2 * _SIDE, _SIDE : 2 * _SIDE])), np.complex64)
