"""Text of panels in lines that fit, measured as it is drawn."""

import unicodedata

from blender_deepfake.core.wrapping import wrap


def _wide(text: str) -> float:
    """East Asian letters are twice as wide as others."""
    return sum(2.0 if unicodedata.east_asian_width(letter) in "WF" else 1.0 for letter in text)


def test_lines_are_as_long_as_fits() -> None:
    assert wrap("the backend may not use this", 11, _wide) == ["the backend", "may not use", "this"]


def test_wide_letters_get_more_lines() -> None:
    text = "演員 同意 了 這個 鏡頭"
    lines = wrap(text, 10, _wide)
    assert all(_wide(line) <= 10 for line in lines)
    assert " ".join(lines) == text


def test_a_path_is_broken_inside_and_whole() -> None:
    path = "/projects/a_film/shots/sh010/plates/plate_v001.exr"
    lines = wrap(f"Nothing at {path} yet", 16, _wide)
    assert all(_wide(line) <= 16 for line in lines)
    assert "".join(lines).replace(" ", "") == f"Nothingat{path}yet"


def test_no_room_ends_all_the_same() -> None:
    assert wrap("ab c", 0, _wide) == ["a", "b", "c"]
    assert wrap("", 10, _wide) == []
