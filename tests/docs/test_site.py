"""The site builds from a clean copy, without a warning, and loads nothing from outside."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .pages import DOCS, ROOT

OUTSIDE = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=\"?(https?:)?//", re.IGNORECASE)


def pages_in(navigation) -> list[str]:
    found = []
    for entry in navigation:
        for value in entry.values():
            found += [value] if isinstance(value, str) else pages_in(value)
    return found


def test_every_page_is_in_the_navigation() -> None:
    navigation = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]["nav"]
    listed = pages_in(navigation)
    assert sorted(listed) == sorted(file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("zensical", reason="the extra [docs] is not installed")
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(DOCS, clone / "docs")
    for name in ("zensical.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, clone)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower(), done.stdout + done.stderr
    return clone / "site"


def test_all_pages_are_built(site: Path) -> None:
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix("")
        built = site / name.parent / "index.html" if name.name == "index" else site / name / "index.html"
        assert built.is_file(), name


def test_pages_load_nothing_from_outside(site: Path) -> None:
    for page in site.rglob("*.html"):
        found = OUTSIDE.search(page.read_text("utf-8"))
        assert found is None, f"{page.relative_to(site)}: {found and found[0]}"
