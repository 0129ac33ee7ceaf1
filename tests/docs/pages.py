"""The pages of the documentation, and the blocks of code in them.

A comment before a block, `<!-- run: NAME -->`, says that its commands are run: see test_walkthroughs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SHELL = ("", "sh", "refused")
"""The languages of blocks that hold command lines; those of a refused block end with exit code 3."""
_FENCE = re.compile(r"^( *)(`{3,}|~{3,})(.*)$")
_RUN = re.compile(r" *<!-- run: ([a-z0-9-]+) --> *")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the line number of its first line, its language ("" where none) and its lines.

    run: the walkthrough that it is a part of, or None.
    """

    page: Path
    line: int
    language: str
    lines: tuple[str, ...]
    run: str | None

    def commands(self) -> Iterator[tuple[int, str]]:
        """Line numbers and whole command lines: comments left out, lines that end in a backslash joined."""
        start, kept = self.line, ""
        for number, line in enumerate(self.lines, self.line):
            start = start if kept else number
            if line.rstrip().endswith(" \\"):
                kept += line.rstrip()[:-1]
                continue
            whole, kept = (kept + line).strip(), ""
            if whole and not whole.startswith("#"):
                yield start, whole


def pages() -> list[Path]:
    """README.md, CHANGELOG.md and all pages of the site."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page; AssertionError for one that is not closed."""
    found: list[Block] = []
    inside: tuple[str, str, int] | None = None
    lines: list[str] = []
    run: str | None = None
    for number, text in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(text)
        if inside is None and fence:
            inside, lines = (fence[2], fence[3].strip().split(" ")[0], number + 1), []
        elif inside is not None and fence and fence[2] == inside[0] and not fence[3].strip():
            found.append(Block(page, inside[2], inside[1], _dedented(lines), run))
            inside = run = None
        elif inside is not None:
            lines.append(text)
        elif marker := _RUN.fullmatch(text):
            run = marker[1]
        elif text.strip():
            run = None
    assert inside is None, f"{page}: the block that begins in line {inside[2] - 1} has no end"
    return found


def prose(page: Path) -> list[tuple[int, str]]:
    """The numbered lines of a page that are in no fenced block."""
    code = {line for block in blocks(page) for line in range(block.line - 1, block.line + len(block.lines) + 1)}
    return [(n, text) for n, text in enumerate(page.read_text("utf-8").splitlines(), 1) if n not in code]


def markers(page: Path) -> int:
    """How many comments of a page say that a block is run."""
    return sum(1 for _, text in prose(page) if _RUN.fullmatch(text))


def named(page: Path, line: int) -> str:
    """How a test names a place: docs/swap.md:12."""
    return f"{page.relative_to(ROOT).as_posix()}:{line}"


def _dedented(lines: list[str]) -> tuple[str, ...]:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return tuple(line[indent:] for line in lines)
