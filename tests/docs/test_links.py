"""Links, anchors and pictures of the documentation lead somewhere, and nothing in it belongs to one machine."""

import re
from pathlib import Path

import pytest
from markdown import Markdown

from .pages import DOCS, ROOT, named, pages, prose

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)(\{[^}]*\})?")
_MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|root|work|opt/envs|tmp)/[\w.-]+|[A-Z]:\\Users")
PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as the site makes them."""
    markdown = Markdown(extensions=["toc", "attr_list", "tables", "fenced_code"])
    markdown.convert(page.read_text("utf-8"))
    found: set[str] = set()

    def take(tokens) -> None:
        for token in tokens:
            found.add(token["id"])
            take(token["children"])

    take(markdown.toc_tokens)
    return found


@PAGES
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for number, text in prose(page):
        for target, _ in _LINK.findall(re.sub(r"`[^`]*`", "", text)):
            path, _, anchor = target.partition("#")
            if "://" in path or path.startswith("mailto:"):
                continue
            file = (page.parent / path).resolve() if path else page
            if not file.exists():
                broken.append(f"{named(page, number)}: there is no {target}")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                broken.append(f"{named(page, number)}: {target}: there are {', '.join(sorted(anchors(file)))}")
    assert not broken, "\n".join(broken)


@PAGES
def test_pages_of_the_site_link_within_the_site(page: Path) -> None:
    """A page of the site knows nothing beside docs/: the site is read without the repository."""
    if not page.is_relative_to(DOCS):
        pytest.skip("not a page of the site")
    for number, text in prose(page):
        for target, _ in _LINK.findall(re.sub(r"`[^`]*`", "", text)):
            path = target.partition("#")[0]
            if path and "://" not in path:
                assert (page.parent / path).resolve().is_relative_to(DOCS), f"{named(page, number)}: {target}"


@PAGES
def test_pictures_have_words_for_those_who_cannot_see_them(page: Path) -> None:
    for number, text in prose(page):
        for words in re.findall(r"!\[([^\]]*)\]", text):
            assert len(words) > 8, f"{named(page, number)}: the picture has no description"


@PAGES
def test_no_path_of_one_machine(page: Path) -> None:
    for number, text in enumerate(page.read_text("utf-8").splitlines(), 1):
        assert not _MACHINE.search(text), f"{named(page, number)}: {text}"


def test_every_picture_is_shown() -> None:
    shown = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in pages()
        for _, text in prose(page)
        for target, _ in _LINK.findall(text)
    }
    pictures = {file for kind in ("png", "jpg", "svg") for file in DOCS.rglob(f"*.{kind}")}
    assert pictures
    assert not [file.relative_to(ROOT).as_posix() for file in sorted(pictures - shown)]
