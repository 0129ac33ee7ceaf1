"""A swap's own credential names its plate, and every face on it is asked for."""

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from ml_backend.media.source import open_source
from ml_backend.progress import SilentReporter
from ml_backend.provenance.credentials import read_list
from ml_backend.provenance.credentials.reading import read_detached
from ml_backend.provenance.credentials.sequence import LIST, SIGNATURE
from ml_backend.requests import SwapRequest
from ml_backend.swapping.swap import run_swap

from .asking import reason
from .records import give

PLATE = Path(__file__).parents[2] / "demo" / "footage" / "plate_A.mp4"


def swap(model: Path, out: Path, plate: Path = PLATE, **changes: Any) -> dict[str, Any]:
    request = {"plate": str(plate), "model": model, "identity": "identity_B", "out": out, "frames": "3-4"}
    return run_swap(SwapRequest(**request | {"project": "demo"} | changes), SilentReporter())


def test_the_plate_is_what_was_opened(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    out, digest = tmp_path / "swap", hashlib.sha256(PLATE.read_bytes()).hexdigest()
    swap(tiny_model, out)
    found = read_detached((out / LIST).read_bytes(), (out / SIGNATURE).read_bytes())
    assert (found.state, found.generated) == ("valid", True)
    assert (found.actions, found.ingredients) == (("c2pa.opened", "c2pa.edited"), ("plate_A.mp4",))
    assert found.facts["plate_sha256"] == read_list(out).plate_sha256 == digest
    before = (out / SIGNATURE).read_bytes()
    swap(tiny_model, out)
    assert (out / SIGNATURE).read_bytes() == before, "what is signed already is left alone"
    assert not list(out.rglob("*.mp4"))


def test_pieces_are_signed_as_the_whole_is(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    swap(tiny_model, whole)
    swap(tiny_model, pieces, step="faces")
    for frame in "34":
        swap(tiny_model, pieces, step="frames", frames=frame)
    swap(tiny_model, pieces, step="join")
    lists = [json.loads((folder / LIST).read_bytes()) for folder in (whole, pieces)]
    assert lists[0] == lists[1]


def test_the_title_of_a_plate_file_is_the_plates(tiny_model: Path, demo_home: Path, tmp_path: Path) -> None:
    named = tmp_path / "called otherwise.json"
    named.write_text(json.dumps({"source": str(PLATE)}))
    swap(tiny_model, tmp_path / "swap", named)
    assert read_list(tmp_path / "swap").title == "plate_A as identity_B"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two people side by side."""
    folder = tmp_path / "two"
    folder.mkdir()
    other = PLATE.with_name("identity_B_take1.mp4")
    for left, right in zip(open_source(PLATE, "3-4").frames(), open_source(other, "3-4").frames(), strict=True):
        pair = cv2.hconcat([left.image, cv2.resize(right.image, left.image.shape[1::-1])])
        assert cv2.imwrite(str(folder / f"{left.number:04d}.png"), pair[..., ::-1])
    return folder


def test_two_faces_and_one_is_named(tiny_model: Path, demo_home: Path, two: Path, tmp_path: Path) -> None:
    """Nothing is painted; with both named, and agreed, it is."""
    everybody = {"faces": "all", "performer": "performer_A"}
    assert reason(lambda: swap(tiny_model, tmp_path / "swap", two, settings=everybody)) == "performer-unknown"
    assert not list((tmp_path / "swap").glob("*.png"))
    both = everybody | {"performer": "performer_A,extra"}
    assert reason(lambda: swap(tiny_model, tmp_path / "swap", two, settings=both)) == "missing"
    give(demo_home, "extra", project="demo")
    assert swap(tiny_model, tmp_path / "swap", two, settings=both)["faces"] == 4
