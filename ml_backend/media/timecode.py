"""Time code (SMPTE ST 12-1) as text: HH:MM:SS:FF, or HH:MM:SS;FF where frame numbers are dropped."""

import re
from fractions import Fraction

from ml_backend.errors import UsageError

_FORM = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")


def read_timecode(text: str | None) -> str | None:
    """`text` in the form above; None where it is no time code."""
    found = _FORM.fullmatch((text or "").strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3]) > 59:
        return None
    return f"{found[1]}:{found[2]}:{found[3]}{':' if found[4] == ':' else ';'}{found[5]}"


def advance(timecode: str, frames: int, fps: Fraction) -> str:
    """The time code `frames` (may be negative) after `timecode`, over midnight too. UsageError for no time code."""
    hours, minutes, seconds, frame, drop = parts(timecode)
    rate = max(1, round(fps))
    dropped = rate // 15 if drop and rate % 30 == 0 else 0  # a minute, but not every tenth one
    count = ((hours * 60 + minutes) * 60 + seconds) * rate + frame
    total = hours * 60 + minutes
    count -= dropped * (total - total // 10)
    day = 24 * 3600 * rate - dropped * (24 * 60 - 24 * 6)
    count = (count + frames) % day
    if drop:
        ten, rest = divmod(count, 600 * rate - 9 * dropped)
        count += 9 * dropped * ten
        if rest >= 60 * rate:
            count += dropped * (1 + (rest - 60 * rate) // (60 * rate - dropped))
    seconds, frame = divmod(count, rate)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if drop else ':'}{frame:02d}"


def parts(timecode: str) -> tuple[int, int, int, int, bool]:
    """Hours, minutes, seconds, frame, and whether frame numbers are dropped. UsageError for no time code."""
    text = read_timecode(timecode)
    if text is None:
        raise UsageError(f"“{timecode}” is not a time code.", "Write it as 01:02:03:04.")
    return int(text[0:2]), int(text[3:5]), int(text[6:8]), int(text[9:11]), text[8] == ";"
