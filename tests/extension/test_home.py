"""The extension and the backend agree on where things lie."""

import sys
from pathlib import Path

import pytest

from blender_deepfake.core import wording
from blender_deepfake.core.home import home_folder


def test_variable_wins() -> None:
    assert home_folder({"ML_BACKEND_HOME": "/some where"}) == Path("/some where")


def test_like_platformdirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert home_folder({}, sys.platform) == platformdirs.user_data_path("ml-backend")
    if sys.platform.startswith("linux"):
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        assert home_folder({"XDG_DATA_HOME": str(tmp_path)}) == platformdirs.user_data_path("ml-backend")


def test_words_for_time() -> None:
    assert [wording.duration(s) for s in (4, 59, 61, 3600, 7500)] == [
        "4 s",
        "59 s",
        "1 min",
        "1 h 00 min",
        "2 h 05 min",
    ]
    assert wording.progress("train", 12, 300, 65) == "train 12/300, 1 min left"
    assert wording.progress("train", 0.423, 1, 65) == "train 42 %, 1 min left"
    assert wording.progress("queued", 0, 0, None) == "queued"
    assert [wording.memory(m) for m in (512, 24564)] == ["512 MB", "24 GB"]
