"""Line plots: what they draw, say and escape."""

import math
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.evaluation.report.plot import Line, line_plot, number, ticks

SVG = "{http://www.w3.org/2000/svg}"
FRAMES = list(range(101, 141))


def drawn(lines: Sequence[Line], frames: Sequence[int] = FRAMES, **more: object) -> ElementTree.Element:
    return ElementTree.fromstring(line_plot("A plot", frames, lines, **more))  # type: ignore[arg-type]


def titles(svg: ElementTree.Element) -> list[str]:
    return [title.text or "" for rect in svg.iter(f"{SVG}rect") for title in rect.iter(f"{SVG}title")]


def places(svg: ElementTree.Element, style: str) -> list[list[tuple[float, float]]]:
    """The pieces of a line as points."""
    (path,) = [path for path in svg.iter(f"{SVG}path") if path.get("class") == f"line {style}"]
    pieces = path.get("d", "").split("M")[1:]
    return [[tuple(map(float, point.split())) for point in piece.split("L")] for piece in pieces]  # type: ignore[misc]


@given(st.floats(-1000, 1000), st.floats(1e-3, 1000), st.integers(2, 12))
def test_ticks_are_round_and_lie_between_the_ends(low: float, span: float, most: int) -> None:
    found = ticks(low, low + span, most)
    assert len(found) <= most + 1
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value in found)
    if len(found) > 1:
        step = (found[-1] - found[0]) / (len(found) - 1)
        digit = step / 10 ** math.floor(math.log10(step) + 1e-6)
        assert min(abs(digit - round_one) for round_one in (1, 2, 5)) < 1e-3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (0.12345, "0.123"),
        (0.012345, "0.0123"),
        (12.345, "12.3"),
        (1234.5, "1234"),
        (-0.5, "-0.5"),
        (100, "100"),
    ],
)
def test_numbers_have_the_decimals_that_they_deserve(value: float, text: str) -> None:
    assert number(value) == text


def test_a_line_goes_up_where_its_values_do() -> None:
    svg = drawn([Line("swap", [float(n) for n in range(40)], "swap")])
    (points,) = places(svg, "swap")
    assert len(points) == 40
    x, y = zip(*points, strict=True)
    assert list(x) == sorted(x)
    assert list(y) == sorted(y, reverse=True), "upwards is a smaller y"
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "A plot: swap 0 to 39"


def test_a_value_that_is_missing_leaves_a_gap() -> None:
    values: list[float | None] = [1.0, 2.0, None, 3.0, 4.0]
    svg = drawn([Line("swap", values, "swap")], range(1, 6))
    assert [len(piece) for piece in places(svg, "swap")] == [2, 2]
    assert titles(svg)[2] == "frame 3: no value"
    alone = drawn([Line("swap", [None, 2.0, None], "swap")], range(1, 4))
    (path,) = alone.iter(f"{SVG}path")
    assert path.get("d", "").endswith("h4"), "a lonely value is a dash"


def test_pointing_at_a_frame_tells_its_values() -> None:
    svg = drawn([Line("swap", [0.25] * 40, "swap"), Line("plate", [12.5] * 40, "plate")], unit="dB")
    assert titles(svg)[4] == "frame 105: swap 0.25 dB, plate 12.5 dB"
    assert len(titles(svg)) == 40


def test_frame_numbers_are_the_axis() -> None:
    svg = drawn([Line("swap", [1.0] * 40, "swap")])
    shown = [text.text for text in svg.iter(f"{SVG}text") if text.get("text-anchor") == "middle"]
    assert shown == ["105", "110", "115", "120", "125", "130", "135", "140"]
    sparse = drawn([Line("swap", [1.0] * 3, "swap")], [4, 90, 1000])
    assert [t.text for t in sparse.iter(f"{SVG}text") if t.get("text-anchor") == "middle"] == ["4", "90", "1000"]
    one = drawn([Line("swap", [1.0], "swap")], [7])
    assert [t.text for t in one.iter(f"{SVG}text") if t.get("text-anchor") == "middle"] == ["7"]


def test_a_long_shot_is_drawn_with_its_least_and_most() -> None:
    values = [1.0] * 20000
    values[12345] = 9.0
    svg = drawn([Line("swap", values, "swap")], range(20000))
    assert len(titles(svg)) < 500
    (told,) = [title for title in titles(svg) if "9" in title.split(": ")[1]]
    assert told.endswith("swap 1 to 9")
    (points,) = places(svg, "swap")
    assert min(y for _, y in points) < 0.5 * max(y for _, y in points)


def test_dots_lead_to_what_they_mark() -> None:
    svg = drawn([Line("swap", [1.0] * 40, "swap", {110: "#look-110", 111: "#look-110"})])
    assert [link.get("href") for link in svg.iter(f"{SVG}a")] == ["#look-110", "#look-110"]


def test_texts_are_escaped() -> None:
    bad = '<script>"&'
    text = line_plot(bad, FRAMES, [Line(bad, [1.0] * 40, "swap", {101: bad})], bad, (1.0, bad))
    assert "<script" not in text
    svg = ElementTree.fromstring(text)
    assert svg.get("aria-label", "").startswith(bad)


def test_nothing_known_draws_nothing() -> None:
    assert line_plot("A plot", FRAMES, [Line("swap", [None] * 40, "swap")]) == ""
    assert drawn([Line("swap", [0.0] * 40, "swap")]) is not None
