"""What is written for each farm is checked by that farm's own library, or its own language."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from openjd.model import DecodeValidationError, create_job, decode_job_template, preprocess_job_parameters

from ml_backend.farm.export import export
from ml_backend.farm.job import make_job

from .conftest import MakeJob


def decoded(template: dict[str, Any]) -> Any:
    return decode_job_template(template=template, supported_extensions=["TASK_CHUNKING"])


def test_the_template_is_one_of_open_job_description(make: MakeJob, tmp_path: Path) -> None:
    first, _ = export(make(), tmp_path / "a job", "openjd", "ml-backend")
    template = json.loads(first.read_text())
    read = decoded(template)
    values = preprocess_job_parameters(
        job_template=read, job_parameter_values={}, job_template_dir=first.parent, current_working_dir=tmp_path
    )
    job = create_job(job_template=read, job_parameter_values=values)
    assert [step.name for step in job.steps] == ["Faces", "Frames", "Join"]
    assert job.parameters["JobFolder"].value == str(first.parent)
    with pytest.raises(DecodeValidationError):
        decoded(template | {"steps": [*template["steps"], {"name": "Join"}]})


def test_a_bundle_for_deadline_names_only_parameters_that_exist(make: MakeJob, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    names = {file.name for file in export(make(), folder, "deadline", "/opt/ml backend/bin/ml-backend")}
    assert names == {"template.json", "parameter_values.json", "asset_references.json", "job.json"}
    template = json.loads((folder / "template.json").read_text())
    known = {parameter["name"] for parameter in template["parameterDefinitions"]}
    values = json.loads((folder / "parameter_values.json").read_text())["parameterValues"]
    own = {one["name"]: one["value"] for one in values if not one["name"].startswith("deadline:")}
    assert own.keys() <= known
    assert own["JobFolder"] == str(folder)
    backend = next(one for one in template["parameterDefinitions"] if one["name"] == "Backend")
    assert backend["default"] == "/opt/ml backend/bin/ml-backend"
    decoded(template)


def test_a_bundle_is_read_by_deadlines_own_client(make: MakeJob, tmp_path: Path) -> None:
    parameters = pytest.importorskip("deadline.client.job_bundle.parameters", reason="deadline is not installed")
    submission = pytest.importorskip("deadline.client.job_bundle.submission")
    export(make(), tmp_path / "a bundle", "deadline", "ml-backend")
    read = parameters.read_job_bundle_parameters(str(tmp_path / "a bundle"))
    farm, job = submission.split_parameter_args(read, str(tmp_path / "a bundle"))
    assert farm == {"priority": 50, "maxFailedTasksCount": 20, "maxRetriesPerTask": 3}
    assert job["JobFolder"] == {"path": str(tmp_path / "a bundle")}
    assert job["Frames"] == {"string": "1-8"}
    references = json.loads((tmp_path / "a bundle" / "asset_references.json").read_text())
    assert not submission.AssetReferences.from_dict(references)


def test_the_script_for_opencue_is_serialised_by_pyoutline(
    make: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # it keeps a session there
    job = make_job(make("1-8", 3).request, 3, 'a "name" in C:\\Users')
    script, _ = export(job, tmp_path / "a $job", "opencue", "/opt/ml backend/bin/ml-backend")
    shown = subprocess.run(
        [sys.executable, script, "--show"], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=120
    ).stdout
    spec = ElementTree.fromstring(shown[shown.index("<spec>") :])
    commands = {layer.get("name"): shlex.split(layer.findtext("cmd") or "") for layer in spec.iter("layer")}
    step = ["/opt/ml backend/bin/ml-backend", "farm", "step", str(tmp_path / "a $job")]
    assert commands == {
        "faces": [*step, "faces"],
        "frames": [*step, "frames", "--piece", "#IFRAME#"],
        "join": [*step, "join"],
    }
    assert [layer.findtext("range") for layer in spec.iter("layer")] == ["1", "1-3", "1"]
    waits = {depend.findtext("deplayer"): depend.findtext("onlayer") for depend in spec.iter("depend")}
    assert waits == {"frames": "faces", "join": "frames"}


_AUTHOR = """
const tasks = [];
const author = {
    Task: (name, type) => ({ name, type, commands: [], needs: [],
        addCommand(c) { this.commands.push(c); }, addDependency(t) { this.needs.push(t.name); } }),
    Command: (name, parameters) => ({ name, parameters }),
};
"""
_RUN = """
const settings = Object.fromEntries(JOB_TYPE.settings.map(s => [s.key, s.default]));
Object.assign(settings, JSON.parse(process.argv[2] || "{}"));
compileJob({ settings, addTask(task) { tasks.push(task); } });
console.log(JSON.stringify(tasks));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="no JavaScript here")
def test_the_job_type_for_flamenco_makes_the_tasks(make: MakeJob, tmp_path: Path) -> None:
    """In JavaScript itself, with the two things of Flamenco's compiler that it uses."""
    script, _ = export(make("1-8", 3), tmp_path / 'a "job"', "flamenco", "ml-backend")
    whole = tmp_path / "whole.js"
    whole.write_text(_AUTHOR + script.read_text() + _RUN)

    def compiled(**changed: Any) -> "subprocess.CompletedProcess[str]":
        asked = ["node", str(whole), json.dumps(changed)]
        return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)

    tasks = json.loads(compiled().stdout)
    assert [task["name"] for task in tasks] == ["faces", "frames 1-3", "frames 4-6", "frames 7-8", "join"]
    assert tasks[1]["needs"] == ["faces"]
    assert tasks[-1]["needs"] == ["frames 1-3", "frames 4-6", "frames 7-8"]
    asked = tasks[2]["commands"][0]["parameters"]
    assert asked == {"exe": "ml-backend", "args": ["farm", "step", str(script.parent), "frames", "--frames", "4-6"]}
    for frames, size, names in (("1001-1003", 2, ["1001-1002", "1003-1003"]), ("7", 15, ["7-7"])):
        ranges = [
            task["commands"][0]["parameters"]["args"][-1]
            for task in json.loads(compiled(frames=frames, chunk_size=size).stdout)
        ]
        assert ranges[1:-1] == names
    for wrong in ({"frames": "1,5"}, {"chunk_size": 0}):
        assert "are needed, not" in compiled(**wrong).stderr
