"""The values of the arguments of `blender --command deepfake`, read from text.

Each raises ArgumentTypeError, which says what was typed and what is taken.
"""

import argparse
from math import inf, nan


def frames(text: str) -> tuple[int, int]:
    """`1-100`, or `7` for one."""
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal() or int(last or first) < int(first):
        raise argparse.ArgumentTypeError(f"{text!r} is no range of frames: write it as 1-100, or as 7 for one")
    return int(first), int(last or first)


def at_least_one(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def crop_side(text: str) -> int:
    """The side of crops in pixels; 0 goes by the footage."""
    return _pixels(text, 64, 2048)


def face_side(text: str) -> int:
    """The side of the smallest face in pixels; 0 goes by the footage."""
    return _pixels(text, 8, 4320)


def _pixels(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or (int(text) and not least <= int(text) <= most):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number from {least} to {most}, nor 0 for what the footage gives"
        )
    return int(text)


def smoothing(text: str) -> float:
    """0 to 4."""
    value = _number(text)
    if not 0 <= value <= 4:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 4")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    value = _number(text)
    if not 0 < value < inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan
