"""The tile that is repeated over the whole picture: chips of +1 and -1, some known to every reader, some the message.

Direct-sequence spread spectrum (Cox et al., Secure Spread Spectrum Watermarking for Multimedia, 1997) on a repeated
tile (Kutter, Watermarking resisting to translation, rotation and scaling, 1998). The known chips, the pilot, tell where
a tile begins in a picture that was cut; the repetition tells its scale. Each byte of the message is one of 256
sequences of chips, which needs a third of the strength that single bits need. The chips are no secret: who has this
program can read the mark, and can also write one.
"""

import hashlib
from binascii import crc_hqx
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CHIPS = 64
"""Chips across a tile."""
ACROSS = 240
"""Chips across the shorter side of a picture: the mark grows with it, so that a smaller copy holds all of it."""
_PAYLOAD, _CHECK = 4, 2  # bytes
_SYMBOLS = _PAYLOAD + _CHECK
_EACH = 566  # chips of a byte; what is left is the pilot
_LOWEST = 0.11  # cycles a chip: what is coarser would be seen, and drowns in what pictures are made of
_SEED = b"deepfake-sequencer watermark 1"


class Chips(NamedTuple):
    """pilot: CHIPS×CHIPS of ±1, 0 at the message's chips. places: _SYMBOLS×_EACH, where in the tile (flat) the chips of
    each byte lie. words: _SYMBOLS×256×_EACH of ±1, what they are for each value of the byte."""

    pilot: Floats
    places: NDArray[np.intp]
    words: Floats


@cache
def chips() -> Chips:
    """The same on every machine and with every version of NumPy: drawn from SHAKE-256."""
    count, message = CHIPS * CHIPS, _SYMBOLS * _EACH
    drawn = np.frombuffer(hashlib.shake_256(_SEED).digest(8 * count + count + message * 256), np.uint8)
    order = np.argsort(drawn[: 8 * count].view("<u8"), kind="stable")
    signs = (drawn[8 * count :] & 1).astype(np.float32) * 2 - 1
    pilot = signs[:count].copy()
    pilot[order[:message]] = 0
    words = signs[count:].reshape(_SYMBOLS, 256, _EACH)
    return Chips(pilot.reshape(CHIPS, CHIPS), order[:message].reshape(_SYMBOLS, _EACH), words)


def tile(payload: int) -> Floats:
    """The tile that carries a payload of 32 bits, CHIPS×CHIPS, of mean 0 and standard deviation 1."""
    known = chips()
    values = known.pilot.ravel().copy()
    for places, words, byte in zip(known.places, known.words, message_of(payload), strict=True):
        values[places] = words[byte]
    return filtered(values.reshape(CHIPS, CHIPS))


def message_in(values: Floats) -> bytes:
    """The six bytes, payload and check sum, whose tile a noisy CHIPS×CHIPS one is most like."""
    known = chips()
    return bytes(
        int((words @ values.ravel()[places]).argmax()) for places, words in zip(known.places, known.words, strict=True)
    )


def payload_in(values: Floats) -> int | None:
    """The payload of `message_in`; None where its check sum does not fit."""
    message = message_in(values)
    payload = int.from_bytes(message[:_PAYLOAD], "big")
    return payload if message_of(payload) == message else None


def message_of(payload: int) -> bytes:
    """The payload and its check sum (CRC-16-CCITT)."""
    data = payload.to_bytes(_PAYLOAD, "big")
    return data + crc_hqx(data, 0xFFFF).to_bytes(_CHECK, "big")


def filtered(values: Floats) -> Floats:
    """Without what is coarse, scaled to a standard deviation of 1."""
    frequencies = np.fft.fftfreq(CHIPS)
    radius = np.hypot(frequencies[:, None], frequencies[None])
    kept = np.fft.ifft2(np.fft.fft2(values) * (radius >= _LOWEST)).real
    return np.asarray(kept / kept.std(), np.float32)
