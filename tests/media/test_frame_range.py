import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.media.frame_range import FrameRange, describe, parse_frames

ends = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, FrameRange()),
        ("1-100", FrameRange(1, 100)),
        ("7", FrameRange(7, 7)),
        ("5-", FrameRange(5, None)),
        ("-20", FrameRange(None, 20)),
        (" 3 - 4 ", FrameRange(3, 4)),
        ("0007", FrameRange(7, 7)),
    ],
)
def test_the_four_forms(text: str | None, expected: FrameRange) -> None:
    assert parse_frames(text) == expected


@pytest.mark.parametrize("text", ["", "-", "a", "1-2-3", "1,2", "--5", "1.5", "１-２", "9" * 30, "10-5"])
def test_anything_else_is_quoted_in_the_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_frames(text)
    assert f"“{text}”" in caught.value.message
    assert caught.value.fix


@given(st.text(max_size=12))
def test_any_text_is_a_range_or_a_usage_error(text: str) -> None:
    try:
        chosen = parse_frames(text)
    except UsageError as error:
        quoted = error.message
    else:
        assert chosen.first is not None or chosen.last is not None
        return
    assert text in quoted


@given(st.none() | ends, st.none() | ends)
def test_text_and_range_are_the_same(first: int | None, last: int | None) -> None:
    if first is not None and last is not None:
        first, last = min(first, last), max(first, last)
    chosen = FrameRange(first, last)
    assert parse_frames(None if str(chosen) == "all" else str(chosen)) == chosen


@given(st.lists(ends, unique=True, min_size=1).map(sorted), st.none() | ends, st.none() | ends)
def test_select_keeps_what_lies_between_the_ends(numbers: list[int], first: int | None, last: int | None) -> None:
    low, high = first or 0, 10**7 if last is None else last
    expected = [number for number in numbers if low <= number <= high]
    if expected:
        assert FrameRange(first, last).select(numbers) == expected
    else:
        with pytest.raises(UsageError, match=f"{numbers[0]}-{numbers[-1]}"):
            FrameRange(first, last).select(numbers)


def test_ranges_are_described_compactly() -> None:
    assert describe([FrameRange(3, 3), FrameRange(7, 9)]) == "3, 7-9"
    assert describe([FrameRange(n, n) for n in range(0, 40, 2)], most=2) == "0, 2 …"
