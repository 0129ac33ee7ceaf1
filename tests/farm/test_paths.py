"""A worker that sees the job's storage at another place makes the same pieces."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.errors import UsageError
from ml_backend.farm.export import export
from ml_backend.farm.job import make_job, read_job
from ml_backend.farm.paths import VARIABLE, mapped, rules
from ml_backend.progress import SilentReporter
from ml_backend.requests import SwapRequest
from ml_backend.swapping.swap import run_swap

from .test_run import content

NAMES = st.text("abcé .-_0", min_size=1, max_size=8).filter(lambda name: name not in (".", "..", ". "))


def request(root: str, *parts: str) -> dict[str, object]:
    return {"plate": {"source": "/".join((root, *parts)), "ocio": None}, "model": f"{root}/m", "out": "/other/out"}


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_what_lies_below_a_folder_is_found_below_the_other(parts: list[str]) -> None:
    found = mapped(request("/mnt/shots", *parts), rules(None, {VARIABLE: "/mnt/shots=/srv/my shots"}))
    assert found["plate"]["source"] == str(Path("/srv/my shots", *parts))
    assert (found["model"], found["out"]) == (str(Path("/srv/my shots/m")), "/other/out")


def test_only_whole_folders_count_and_the_longest_decides() -> None:
    chosen = rules(None, {VARIABLE: os.pathsep.join(("/a=/x", "/a/b=/y"))})
    moved = [mapped(request(root), chosen)["model"] for root in ("/a", "/a/b", "/ab", "/a/bc")]
    assert moved == [str(Path(path)) for path in ("/x/m", "/y/m")] + ["/ab/m", str(Path("/x/bc/m"))]


def test_rules_of_open_job_description(tmp_path: Path) -> None:
    """A job that was written on Windows, too, where letters' case counts nothing."""
    file = tmp_path / "rules.json"
    rule = {"source_path_format": "WINDOWS", "source_path": "S:\\Shots", "destination_path": "/srv/shots"}
    file.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [rule]}))
    asked = request("/none") | {"plate": "s:\\shots\\a b\\plate.mp4"}
    assert mapped(asked, rules(file, {}))["plate"] == str(Path("/srv/shots/a b/plate.mp4"))
    file.write_text(json.dumps({"version": "pathmapping-1.0"}))
    assert rules(file, {}) == []


@pytest.mark.parametrize("text", ["[]", '{"path_mapping_rules": [{"source_path": "/a"}]}', "no json", None])
def test_a_file_without_rules_is_named(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=r"rules\.json"):
        rules(file, {})


def test_a_variable_that_is_no_rule_is_named() -> None:
    with pytest.raises(UsageError, match=f"{VARIABLE} has '/mnt/a', which is no FROM=TO"):
        rules(None, {VARIABLE: "/mnt/a"})


def by_open_job_description(job: Path, here: Path, there: Path, piece: str, environment: dict[str, str]) -> None:
    """Have its own runner do a piece on a machine that sees `here` as `there`."""
    program = Path(sys.executable).with_name("openjd")
    rule = {"source_path_format": "POSIX", "source_path": str(here), "destination_path": str(there)}
    asked = [program, "run", job / "template.json", "--step", "Frames", "--tasks", json.dumps([{"Frame": piece}])]
    asked += ["--path-mapping-rules", json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [rule]})]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.slow
def test_a_piece_made_below_another_folder_is_the_same(
    footage: Path, tiny_model: Path, consent: Path, tmp_path: Path, backend_environment: dict[str, str]
) -> None:
    """One by the rules of Open Job Description's runner, one by those of the environment."""
    here, there = tmp_path / "mnt shots", tmp_path / "srv" / "shötß"
    shutil.copytree(tiny_model, here / "model")
    shutil.copytree(consent, here / "consent")
    shutil.copy2(footage / "plate_A.mp4", here / "plate_A.mp4")
    asked = SwapRequest(
        plate=str(here / "plate_A.mp4"),
        model=here / "model",
        identity="identity_B",
        out=here / "swap",
        frames="1-4",
        consent=here / "consent",
    )
    run_swap(asked, SilentReporter())
    whole = content(asked.out)
    shutil.rmtree(asked.out)
    job = make_job(asked, 2)
    export(job, here / "job", "openjd", str(Path(sys.executable).with_name("ml-backend")))
    run_swap(job.step("faces"), SilentReporter())
    shutil.copytree(here, there)
    shutil.move(here, tmp_path / "away")  # nothing of it can be read by mistake
    by_open_job_description(there / "job", here, there, "1-2", backend_environment)
    worker = read_job(there / "job", rules(None, {VARIABLE: f"{here}={there}"}))
    assert worker.request.out == there / "swap"
    run_swap(worker.step("frames", "3-4"), SilentReporter())
    shutil.move(there, here)  # the pieces come back to the machine that joins and signs
    run_swap(read_job(here / "job").step("join"), SilentReporter())
    assert content(asked.out) == whole
