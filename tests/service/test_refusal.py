"""A job that is refused says by which rule, as the command line does."""

import shutil
from pathlib import Path

from service_process import Running


def test_a_refused_job_says_which_rule(product: Running, footage: Path, tmp_path: Path) -> None:
    plate = shutil.copy(footage / "plate_A.mp4", tmp_path / "plate.mp4")
    request = {"sources": [str(plate)], "faceset": str(tmp_path / "faces"), "identity": "nobody", "frames": "1"}
    status, job = product.call("POST", "/jobs", {"kind": "extract", "request": request, "key": "1"})
    assert status in (200, 201, 202), job
    final = list(product.events(job["id"]))[-1]
    ended = product.ended(job["id"])
    assert (ended["state"], ended["error"]["code"], ended["error"]["reason"]) == ("refused", "refused", "missing")
    assert final["data"]["error"] == ended["error"]
