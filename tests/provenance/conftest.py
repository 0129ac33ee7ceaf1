"""Every test has a home folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hôme folder"
    monkeypatch.setenv("ML_BACKEND_HOME", str(folder))
    return folder
