"""A mask model that has trained for a moment on a few masks finds what moves before the face, against known truth."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "scripts" / "bench"


@pytest.fixture
def occlusion(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/bench/occlusion.py."""
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location("occlusion", BENCH / "occlusion.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "occlusion", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_eight_masks_and_a_minute_find_a_microphone_and_what_was_never_painted(occlusion: Any, tmp_path: Path) -> None:
    """About a sixth of the face is covered: to take all for covered scores so much, to take nothing scores 0."""
    moving = sys.modules["moving_occluders"]
    first = occlusion.covered_clip(tmp_path / "first.mp4", range(20, 36), {"microphone": moving.LEARNED["microphone"]})
    take = {name: moving.UNSEEN[name] for name in ("microphone", "phone")}
    second = occlusion.covered_clip(tmp_path / "second.mp4", range(84, 96), take)
    learned = occlusion.extract(first.path, tmp_path / "learned")
    assert occlusion.paint(learned, first, 8, tmp_path / "painted") == 8
    occlusion.train(tmp_path / "model", [learned.folder], 64, {"batch_size": "6"}, iterations=160)
    unseen = occlusion.extract(second.path, tmp_path / "unseen")
    found = occlusion.measure(unseen, second, tmp_path / "model", None)
    print(found)
    assert found["all"]["covered"] < 0.3
    assert found["microphone"]["iou_covered"] > 0.6
    assert found["phone"]["iou_covered"] > 0.65
    assert found["all"]["iou_seen"] > 0.85
    assert found["all"]["false_cover"] < 0.08
