"""Whose faces: from the panel and from the command line, in the words of the backend's request."""

from pathlib import Path

import pytest

from blender_deepfake.core import person_choice
from blender_deepfake.core.errors import UsageError


def test_from_the_panel(tmp_path: Path) -> None:
    picture = tmp_path / "anna.png"
    picture.touch()
    assert [person_choice.of_settings(who) for who in ("ONLY", "LARGEST", "ALL")] == ["only", "largest", "all"]
    assert person_choice.of_settings("NUMBERS", " 1, 3,") == "1,3"
    assert person_choice.of_settings("PICTURE", picture=picture) == str(picture)
    point = person_choice.of_point(12, (640.04, 210.5), Path("/shots/a b@c.mp4"))
    assert person_choice.of_settings("POINT", point=point) == point == "12:640.0,210.5@/shots/a b@c.mp4"
    assert person_choice.described(point) == "the face at 640, 210 in frame 12"
    assert person_choice.described("") == ""


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    for settings, told in (
        ({"who": "NUMBERS"}, "no numbers"),
        ({"who": "NUMBERS", "numbers": "0"}, "no numbers"),
        ({"who": "NUMBERS", "numbers": "1;2"}, "no numbers"),
        ({"who": "PICTURE"}, "missing"),
        ({"who": "PICTURE", "picture": tmp_path / "nobody.png"}, "no reference picture"),
        ({"who": "POINT"}, "pointed"),
    ):
        with pytest.raises(UsageError, match=told) as raised:
            person_choice.of_settings(**settings)  # type: ignore[arg-type]
        assert raised.value.fix


def test_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "anna.png").touch()

    def absolute(text: str) -> Path:
        return tmp_path / text

    for text in ("only", "largest", "all", "12:640,210", "12:640.5,-2@/shots/a.mp4"):
        assert person_choice.of_text(text, absolute) == text
    assert person_choice.of_text("2, 1", absolute) == "2,1"
    assert person_choice.of_text("anna.png", absolute) == str(tmp_path / "anna.png")
    for text in ("somebody", "0", ""):
        with pytest.raises(UsageError):
            person_choice.of_text(text, absolute)
