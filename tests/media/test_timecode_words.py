"""Time code in EXR headers: bit for bit, above 30 frames a second, with flags and user data. OpenEXR is the judge."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.media.exr import encode_exr, read_exr
from ml_backend.media.timecode import advance
from ml_backend.media.timecode_words import FIELD_PHASE, Timecode, Words, join, pack, unpack

FILM, PAL, NTSC, HIGH = Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)
FLAGS = (True, True, True, False, True, True)  # drop frame, colour frame, field/phase, binary group flags


def exr(path: Path, **attributes: object) -> Path:
    path.write_bytes(encode_exr({"Y": np.zeros((2, 3), np.float32)}, attributes=attributes))  # type: ignore[arg-type]
    return path


def header(path: Path) -> OpenEXR.TimeCode:
    return OpenEXR.File(str(path), header_only=True).parts[0].header["timeCode"]


@pytest.mark.parametrize(
    ("text", "fps", "frame", "second"),
    [
        ("01:02:03:23", FILM, 23, False),
        ("01:02:03:24", PAL, 24, False),
        ("01:02:03;29", NTSC, 29, False),
        ("01:02:03:35", None, 35, False),
        ("01:02:03:47", Fraction(48), 23, True),
        ("01:02:03:40", Fraction(50), 20, False),
        ("01:02:03;59", HIGH, 29, True),
        ("01:02:03:10", Fraction(60), 5, False),
    ],
)
def test_text_is_packed_for_its_rate(text: str, fps: Fraction | None, frame: int, second: bool, tmp_path: Path) -> None:
    rate = {} if fps is None else {"framesPerSecond": fps}
    path = exr(tmp_path / "a.exr", timeCode=text, **rate)
    code = header(path)
    assert (code.hours, code.minutes, code.seconds, code.frame) == (1, 2, 3, frame)
    assert (code.dropFrame, code.fieldPhase, code.userData) == (";" in text, second, 0)
    assert read_exr(path).timecode == text


@given(st.integers(0, 10_000_000), st.sampled_from([FILM, PAL, NTSC, Fraction(48), Fraction(50), HIGH]), st.booleans())
def test_every_code_comes_back(frames: int, fps: Fraction, drop: bool) -> None:
    zero = "00:00:00;00" if drop and fps in (NTSC, HIGH) else "00:00:00:00"
    text = advance(zero, frames, fps)
    words = pack(text, fps)
    assert words is not None
    assert unpack(words, fps) == text


@pytest.mark.parametrize("user", [0, 0x12345678, 0xFFFFFFFF])
def test_words_are_those_of_the_library(user: int, tmp_path: Path) -> None:
    groups = [user >> 4 * group & 15 for group in range(8)]
    attributes = {"timeCode": OpenEXR.TimeCode(23, 59, 58, 29, *FLAGS, *groups), "type": OpenEXR.scanlineimage}
    OpenEXR.File(attributes, {"Y": np.zeros((2, 3), np.float32)}).write(str(tmp_path / "plate.exr"))
    read = read_exr(tmp_path / "plate.exr")
    assert read.words is not None
    assert read.words.user == user
    copy = exr(tmp_path / "copy.exr", timeCode=read.words, software="timeCode", deepfake=1)
    assert header(copy) == header(tmp_path / "plate.exr")
    assert read_exr(copy).timecode == read.timecode == "23:59:58;29"


def test_midnight_is_a_time_code(tmp_path: Path) -> None:
    read = read_exr(exr(tmp_path / "a.exr", timeCode=Words(0)))
    assert (read.words, read.timecode) == (Words(0), "00:00:00:00")


def test_a_frame_that_cannot_count_pairs_is_taken_as_it_is() -> None:
    words = join(1, 0, 0, 35)
    assert words is not None
    assert [unpack(words, fps) for fps in (None, Fraction(48), Fraction(60))] == ["01:00:00:35"] * 3


def test_the_field_of_an_interlaced_or_film_frame_changes_no_number() -> None:
    words = join(1, 0, 0, 12, FIELD_PHASE)
    assert words is not None
    assert [unpack(words, fps) for fps in (None, FILM, PAL, NTSC, Fraction(30))] == ["01:00:00:12"] * 5
    assert unpack(words, Fraction(50)) == "01:00:00:25"


def test_what_is_no_time_of_a_day_is_copied_but_has_no_text(tmp_path: Path) -> None:
    words = join(29, 70, 3, 4)
    assert words is not None
    read = read_exr(exr(tmp_path / "a.exr", timeCode=words))
    assert (read.words, read.timecode) == (words, None)
    assert join(40, 0, 0, 0) is join(0, 80, 0, 0) is join(0, 0, 0, 40) is None


def test_a_time_code_of_another_type_is_none(tmp_path: Path) -> None:
    attributes = {"timeCode": "01:00:00:00", "type": OpenEXR.scanlineimage}
    OpenEXR.File(attributes, {"Y": np.zeros((2, 3), np.float32)}).write(str(tmp_path / "a.exr"))
    assert read_exr(tmp_path / "a.exr").words is None


def test_the_frames_of_a_sequence_have_their_own(tmp_path: Path) -> None:
    from ml_backend.media.source import open_source

    image = np.zeros((4, 5), np.float32)
    codes = [pack(text, None) for text in ("01:00:00:23", "05:10:00:00")] + [None]
    for number, code in enumerate(codes, 1001):
        attributes = {"timeCode": code} if code else {}
        (tmp_path / f"shot.{number}.exr").write_bytes(encode_exr(dict.fromkeys("RGB", image), attributes=attributes))
    source = open_source(tmp_path)
    assert source.info.timecode == "01:00:00:23"
    read = [frame.timecode for frame in source.frames()]
    assert read == [Timecode("01:00:00:23", codes[0]), Timecode("05:10:00:00", codes[1]), None]
