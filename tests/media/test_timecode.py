"""Time codes count on as SMPTE ST 12-1 says."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.media.timecode import advance, read_timecode

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(60000, 1001)]


@pytest.mark.parametrize(
    ("start", "frames", "fps", "end"),
    [
        ("01:00:00:00", 1, Fraction(25), "01:00:00:01"),
        ("01:00:00:24", 1, Fraction(25), "01:00:01:00"),
        ("23:59:59:23", 1, Fraction(24000, 1001), "00:00:00:00"),
        ("00:00:00:00", -1, Fraction(24), "23:59:59:23"),
        ("00:00:59;29", 1, Fraction(30000, 1001), "00:01:00;02"),
        ("00:01:00;02", -1, Fraction(30000, 1001), "00:00:59;29"),
        ("00:09:59;29", 1, Fraction(30000, 1001), "00:10:00;00"),
        ("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04"),
        ("00:00:00;00", 107892, Fraction(30000, 1001), "01:00:00;00"),
        ("23:59:59;29", 1, Fraction(30000, 1001), "00:00:00;00"),
        ("01:00:59;23", 1, Fraction(24), "01:01:00;00"),  # no numbers are dropped at this rate
        ("00:00:00:00", 1, Fraction(1, 4), "00:00:01:00"),
    ],
)
def test_known_steps(start: str, frames: int, fps: Fraction, end: str) -> None:
    assert advance(start, frames, fps) == end


@given(st.integers(0, 2_500_000), st.integers(-3_000_000, 3_000_000), st.sampled_from(RATES), st.booleans())
def test_there_and_back(first: int, frames: int, fps: Fraction, drop: bool) -> None:
    zero = "00:00:00;00" if drop and fps.denominator == 1001 and round(fps) != 24 else "00:00:00:00"
    start = advance(zero, first, fps)
    assert advance(advance(start, frames, fps), -frames, fps) == start
    assert (advance(start, 1, fps) == start) is False


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("01:02:03:04", "01:02:03:04"),
        (" 01:02:03;04 ", "01:02:03;04"),
        ("01:02:03.04", "01:02:03;04"),
        ("1:2:3:4", None),
        ("24:00:00:00", None),
        ("", None),
        (None, None),
    ],
)
def test_reading(text: str | None, read: str | None) -> None:
    assert read_timecode(text) == read


def test_no_timecode() -> None:
    with pytest.raises(UsageError, match="noon"):
        advance("noon", 1, Fraction(25))
