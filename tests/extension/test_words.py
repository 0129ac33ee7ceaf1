"""Labels, places in the queue, and what waits in a workspace."""

from pathlib import Path

import pytest

from blender_deepfake.core import waiting
from blender_deepfake.core.job_labels import label
from blender_deepfake.core.queue_order import before_after_move


def test_labels() -> None:
    two = {"facesets": {"anna": "/a", "ben": "/b"}}
    assert label("train", two) == "Train anna + ben"
    assert [label("train", {**two, "model": f"/m/{name}"}) for name in ("hero", "hero_v2")] == [
        "Train anna + ben: hero",
        "Train anna + ben: hero_v2",
    ]
    sources = [{"source": "/x/shot 1.mp4"}, "/y/take.####.png"]
    assert label("extract", {"identity": "anna", "sources": sources}) == "Extract anna from shot 1.mp4, take.####.png"
    assert label("extract", {"sources": []}) == "Extract faces from "
    assert label("swap", {"identity": "ben", "plate": {"source": "/x/shot.mp4"}}) == "Swap ben into shot.mp4"
    assert label("evaluate", {"swap": "/s/out"}) == "Evaluate out"
    assert label("train-mask", {"facesets": ["/f/anna", "/f/ben"]}) == "Train masks on anna, ben"
    assert label("apply-masks", {"faceset": "/f/anna", "mask_model": "/m"}) == "Apply masks to anna"
    assert label("dance", {}) == "Dance"


def test_moving_in_the_queue() -> None:
    queue = ["a", "b", "c"]
    assert before_after_move(queue, "b", up=True) == "a"
    assert before_after_move(queue, "a", up=False) == "c"
    assert before_after_move(queue, "b", up=False) is None
    for job, up in (("a", True), ("c", False), ("x", True)):
        with pytest.raises(ValueError, match=job):
            before_after_move(queue, job, up=up)


def test_jobs_that_wait_without_a_backend(tmp_path: Path) -> None:
    assert waiting.count(tmp_path) == 0
    for name, outcome in (("a", None), ("b", "done"), ("c", "paused"), ("d", "{"), ("no job", None)):
        folder = tmp_path / "jobs" / name
        folder.mkdir(parents=True)
        if name != "no job":
            (folder / "job.json").write_text("{}")
        if outcome:
            (folder / "outcome.json").write_text(f'{{"state": "{outcome}"}}' if outcome != "{" else "{")
    assert waiting.count(tmp_path) == 3
