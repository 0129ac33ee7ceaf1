"""What the documentation quotes is what the programs say: messages, and names of settings."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from ml_backend.swapping.settings import SwapSettings
from ml_backend.training.config import change_config
from ml_backend.training.masks.settings import MaskSettings
from ml_backend.training.presets import PRESETS

from .pages import DOCS, ROOT, blocks, named, pages, prose

_QUOTE = re.compile(r"(?<![*\w])\*([^*]+)\*(?![*\w])")
_SETTING = re.compile(r"--set '?([a-z_.]+)=")
_DOTTED = re.compile(r"`((?:loss|opponent|architecture|augmentation)\.[a-z_0-9]+)[`=|]")
GAP = "\0"
"""Stands in the programs' texts where a value is put in."""


@cache
def spoken() -> str:
    """All texts of both programs, a line each, with a gap where a value stands."""
    texts = []
    for package in ("ml_backend", "blender_deepfake", "scripts"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
                    texts.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(" ".join(text.split()) for text in texts)


def is_spoken(quote: str) -> bool:
    """Is a quote, in which … and CAPITALS stand for values, a part of a text of the programs?"""
    words = re.split(r"…|\b[A-Z]{3,}\b|“[^”]*”|\b\d[\d.-]*\b", quote)
    pattern = r"[^\n]*?".join(re.escape(word.strip()) for word in words if word.strip())
    return bool(pattern) and re.search(pattern, spoken()) is not None


def quotes(page: Path) -> list[tuple[int, str]]:
    """The messages in the first column of a page's tables: sentences in italics."""
    found = []
    for number, text in prose(page):
        cells = text.split("|")
        if text.startswith("|") and len(cells) > 3:
            found += [(number, quote) for quote in _QUOTE.findall(cells[1])]
    return found


@pytest.mark.parametrize("page", ["troubleshooting.md", "farm.md"])
def test_quoted_messages_are_those_of_the_programs(page: str) -> None:
    said = quotes(DOCS / page)
    assert len(said) > 3
    wrong = [f"{named(DOCS / page, number)}: {quote}" for number, quote in said if not is_spoken(quote)]
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_symptoms() -> None:
    rows = [text for _, text in prose(DOCS / "troubleshooting.md") if text.startswith("|") and "|---" not in text]
    assert len(rows) >= 40


@cache
def settings() -> frozenset[str]:
    """The names of all settings of swaps, mask trainings and trainings."""
    names = {*SwapSettings.model_fields, *MaskSettings.model_fields}
    with pytest.raises(Exception, match="Settings: ") as told:
        change_config(PRESETS["tiny"], {"no.such": "1"})
    return frozenset(names | set(re.findall(r"[a-z_0-9.]+", str(told.value).partition("Settings: ")[2].rstrip("."))))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_settings_exist(page: Path) -> None:
    wrong = []
    texts = [*prose(page), *((line, text) for block in blocks(page) for line, text in block.commands())]
    for number, text in texts:
        named_here = [*_SETTING.findall(text), *_DOTTED.findall(text)]
        wrong += [f"{named(page, number)}: {name}" for name in named_here if name not in settings()]
    assert not wrong, "\n".join(wrong)
