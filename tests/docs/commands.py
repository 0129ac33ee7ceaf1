"""Command lines of the documentation, taken apart and given to the real parsers."""

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from .pages import ROOT

PARSE_ONLY = Path(__file__).with_name("parse_only.py")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*=.*")
_BACKEND = re.compile(r"(?:\S*[/\\])?ml-backend(?:\.exe)?(?= |$)")
_PYTHON = re.compile(r"(?:\S*[/\\])?python3?(?:\.exe)?$")


def words_of(line: str) -> tuple[str, list[str]]:
    """What a command line calls, and its arguments.

    The first is "ml-backend", "deepfake" (blender … --command deepfake), "openjd", the path of a script of the project
    ("scripts/demo.py"), or "" for everything else.
    """
    while (first := line.split(" ", 1)) and _VARIABLE.fullmatch(first[0]) and len(first) == 2:
        line = first[1].lstrip()
    if backend := _BACKEND.match(line):
        return "ml-backend", _split(line[backend.end() :])
    words = _split(line) or [""]
    if words[0].endswith("blender") and "--command" in words:
        after = words[words.index("--command") + 1 :]
        return ("deepfake", after[1:]) if after[:1] == ["deepfake"] else ("", words)
    if words[0] == "openjd":
        return "openjd", words[1:]
    if _PYTHON.match(words[0]):
        return _of_python(words)
    return "", words


def _of_python(words: list[str]) -> tuple[str, list[str]]:
    if words[1:3] == ["-m", "ml_backend"]:
        return "ml-backend", words[3:]
    own = len(words) > 1 and words[1].startswith(("scripts/", "addon_manifest/"))
    return (words[1], words[2:]) if own else ("", words)


def problem(line: str) -> str | None:
    """What the command's own parser says against a command line; None where it takes it or it is not of this project.

    One that needs a package which is not here (openjd) is not judged: `judged` says so.
    """
    program, arguments = words_of(line)
    if program == "ml-backend":
        from ml_backend.cli import parser as backend_parser

        return _refused(backend_parser(), arguments)
    if program == "deepfake":
        from blender_deepfake.command_line import parser

        return _refused(parser(), arguments)
    if program == "openjd" and judged(line):
        from openjd.cli._create_argparser import create_argparser

        return _refused(create_argparser(), arguments)
    if program and program != "openjd":
        return _refused_by_script(program, arguments)
    return None


def judged(line: str) -> bool:
    """Is there a parser on this machine for a command line?"""
    program, _ = words_of(line)
    return bool(program) and (program != "openjd" or find_spec("openjd") is not None)


def subparsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The commands of a parser and their own parsers."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _split(text: str) -> list[str]:
    return shlex.split(re.sub(r"\s#.*$", "", text))


def _refused(parser: argparse.ArgumentParser, arguments: list[str]) -> str | None:
    from blender_deepfake.core.errors import UsageError

    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "_print_message", lambda self, text, file=None: said.append(text or ""))
        try:
            parser.parse_args(arguments)
        except SystemExit as stop:
            return None if not stop.code else "".join(said)
        except UsageError as error:
            return str(error)
    return None


def _refused_by_script(script: str, arguments: list[str]) -> str | None:
    if not (ROOT / script).is_file():
        return f"there is no {script}"
    command = [sys.executable, str(PARSE_ONLY), str(ROOT / script), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return None if done.returncode == 0 else done.stderr
