"""The words that start the backend: a program, an environment, or the command line of a wrapper."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core.backend_command import BackendCommand, find_program, split
from blender_deepfake.core.errors import BackendMissingError

NOWHERE = {"PATH": "", "DEEPFAKE_BACKEND": ""}
USUAL = {"PATH": "/usr/bin:/bin"}


def test_found_by_preference_then_variable_then_path(program: Path) -> None:
    executable = program / "bin" / "ml-backend"
    found = BackendCommand((str(executable),))
    assert find_program(str(program), NOWHERE) == found
    assert find_program(str(executable), NOWHERE) == found
    assert find_program("", {"PATH": "", "DEEPFAKE_BACKEND": str(program)}) == found
    assert find_program("", {"PATH": str(executable.parent)}) == found
    assert find_program("ml-backend", {"PATH": str(executable.parent)}) == found


@pytest.mark.parametrize(
    ("preference", "message"),
    [
        ("", "not found on this machine"),
        ("/nowhere/at all", "/nowhere/at all"),
        ("/nowhere", "/nowhere"),
        ("'open quote", "no ml-backend at"),
        ("no-such-docker run image ml-backend", "no program no-such-docker"),
        ("docker run " + "-v /a:/a " * 600, "no program docker"),
        ("nul\0byte", "no ml-backend"),
    ],
)
def test_not_found_tells_the_fix(preference: str, message: str) -> None:
    with pytest.raises(BackendMissingError, match=message) as caught:
        find_program(preference, {"PATH": ""})
    assert "virtual environment" in caught.value.fix


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are POSIX's")
def test_a_command_line_is_cut_into_words() -> None:
    found = find_program("env A=1 'my image' ml-backend", USUAL)
    assert found.words[0] in ("/usr/bin/env", "/bin/env")
    assert found.words[1:] == ("A=1", "my image", "ml-backend")
    assert found.wrapped


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are POSIX's")
def test_a_path_that_exists_is_no_command_line(tmp_path: Path) -> None:
    """Though its first word is a program."""
    odd = tmp_path / "env A=1"
    odd.write_text("")
    assert find_program(str(odd), USUAL) == BackendCommand((str(odd),))
    quoted = find_program(f"'{odd}' run", NOWHERE)
    assert quoted == BackendCommand((str(odd), "run"), wrapped=True)


def test_windows_keeps_backslashes() -> None:
    line = r'"C:\Program Files\Docker\docker.exe" run -v C:\data:/data image ml-backend'
    words = [r"C:\Program Files\Docker\docker.exe", "run", "-v", r"C:\data:/data", "image", "ml-backend"]
    assert split(line, "win32") == words
    assert split(r"a \\server\share\ ", "win32") == ["a", "\\\\server\\share\\"]
    assert split("", "win32") == split(" ", "win32") == []


@given(st.lists(st.text(st.sampled_from('ab \\"\t'), min_size=0, max_size=6), min_size=1, max_size=4))
def test_windows_words_come_back_as_python_writes_them(words: list[str]) -> None:
    assert split(subprocess.list2cmdline(words), "win32") == words
