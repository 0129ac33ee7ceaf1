"""Every test has a home folder of its own."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hôme folder"
    monkeypatch.setenv("ML_BACKEND_HOME", str(folder))
    return folder


@pytest.fixture
def no_project_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ML_BACKEND_PROJECT", raising=False)
    monkeypatch.delenv("ML_BACKEND_SHOT", raising=False)


@pytest.fixture
def demo_home(home: Path) -> Path:
    """The demo's records as the user's own."""
    shutil.copytree(Path(__file__).parents[2] / "demo" / "consent", home / "consent")
    return home
