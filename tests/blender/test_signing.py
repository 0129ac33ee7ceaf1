"""A film that shows placed swaps is signed when it has been rendered, and where that cannot be, it is said why."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.blender


def test_rendered_films(
    scenario: Callable[..., dict[str, Any]], backend_program: Path, agreed: Callable[..., Path], tmp_path: Path
) -> None:
    agreed("identity")
    python = backend_program.with_name("python.exe" if os.name == "nt" else "python")
    answer = scenario("signing", str(python), DEEPFAKE_BACKEND=str(backend_program))
    assert answer["unsigned swap"].startswith("Not signed: ")
    assert answer["unsigned swap"].endswith("Run the swap again.")
    assert answer["film"] == ["Signed film.mp4", "deepfake: Signing film.mp4 …\ndeepfake: Signed film.mp4\n"]
    assert (answer["verified"]["exit_code"], answer["verified"]["files"][0]["state"]) == (0, "valid")
    assert answer["verified"]["files"][0]["consent"] == {"identity": "unknown here"}
    for told in ("records named", "records of the edit"):
        assert answer[told]["files"][0]["consent"] == {"identity": "another record here"}
    both = answer["not verified"]
    assert both["exit_code"] == 1
    assert [found["state"] for found in both["files"]] == ["absent", "valid"]
    assert answer["beside"] == ["Signed other.mkv", ["other.mkv", "other.mkv.c2pa"]]
    assert answer["signed again"]["exit_code"] == 0
    assert answer["signed again"]["swaps"] == [str(tmp_path / "swap")]
    assert answer["no film"]["exit_code"] == 2
    assert answer["no swap shown"] == answer["other frames"] == ""
    assert answer["named"]["exit_code"] == 0
    assert answer["named"]["film"].endswith("plain.mp4")
    notice = "Not signed: pictures were rendered. To sign their folder: ml-backend sign FOLDER."
    assert answer["pictures"] == [notice, f"deepfake: {notice}\n"]
    assert answer["more pictures"] == [notice, ""], "a terminal is told once"
    assert answer["folder"]["exit_code"] == 0
    assert (tmp_path / "pictures" / "credentials.c2pa").is_file()
    assert answer["off"] == ""
