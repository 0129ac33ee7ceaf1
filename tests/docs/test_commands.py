"""Every command in the documentation is one that its program takes."""

import re
from collections.abc import Iterator

import pytest

from blender_deepfake.command_line import parser as deepfake_parser
from ml_backend.cli import parser as backend_parser

from .commands import judged, problem, subparsers, words_of
from .pages import ROOT, SHELL, blocks, named, pages, prose

_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_OPTION = re.compile(r"--[a-z][a-z0-9-]*")


def documented() -> Iterator[tuple[str, str]]:
    for page in pages():
        for block in blocks(page):
            for line, command in block.commands() if block.language in SHELL else ():
                if words_of(command)[0]:
                    yield named(page, line), command


LINES = dict(documented())
BY_SCRIPT = {place for place, line in LINES.items() if "/" in words_of(line)[0]}


def test_there_are_commands_of_every_program() -> None:
    called = {words_of(line)[0] for line in LINES.values()}
    assert {"ml-backend", "deepfake", "scripts/demo.py", "scripts/test.py"} <= called


@pytest.mark.parametrize("place", sorted(LINES.keys() - BY_SCRIPT))
def test_its_parser_takes_it(place: str) -> None:
    if not judged(LINES[place]):
        pytest.skip("its program is not installed here")
    said = problem(LINES[place])
    assert said is None, f"{place}: {LINES[place]}\n{said}"


@pytest.mark.parametrize("line", sorted({LINES[place] for place in BY_SCRIPT}))
def test_the_script_takes_it(line: str) -> None:
    said = problem(line)
    assert said is None, f"{line}\n{said}"


def options_of(words: list[str], parser) -> set[str] | None:
    """The options of the command that `words` begin with; None where there is no such command."""
    for word in words:
        known = dict(subparsers(parser))
        if not known:
            break
        if word.startswith("-"):
            break
        chosen = [known.get(choice) for choice in word.split("|")]
        if None in chosen:
            return None
        parser = chosen[0]
    return {option for action in parser._actions for option in action.option_strings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_within_sentences_exist(page) -> None:
    """`ml-backend model info` in a line of text: the command is one, and so are the options that are named."""
    wrong = []
    parsers = {"ml-backend ": backend_parser(), "--command deepfake ": deepfake_parser()}
    for number, text in prose(page):
        for code in _INLINE.findall(text):
            for start, parser in parsers.items():
                _, found, after = code.partition(start)
                if not found or (start == "ml-backend " and not code.startswith(start)):
                    continue
                words = [word.strip(",;") for word in after.split() if "…" not in word]
                options = options_of(words, parser)
                if options is None:
                    wrong.append(f"{named(page, number)}: {code}: no such command")
                elif unknown := set(_OPTION.findall(after)) - options:
                    wrong.append(f"{named(page, number)}: {code}: no option {', '.join(sorted(unknown))}")
    assert not wrong, "\n".join(wrong)
