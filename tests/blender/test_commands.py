"""Exit codes and answers of the commands that need no backend."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.blender
Scenario = Callable[..., dict[str, Any]]


def test_wrong_usage_is_2(scenario: Scenario, tmp_path: Path) -> None:
    model = str(tmp_path)
    wrong = [
        [],
        ["dance"],
        ["extract"],
        ["extract", "--strip", "no such strip", "--name", "a"],
        ["extract", "--strip", "plate", "--name", "a", "--scene", "no such scene"],
        ["train", "--model", model, "--faceset", "a"],
        ["train", "--model", model, "--faceset", f"a={model}"],
        ["train", "--model", model, "--faceset", f"a={model}", "--faceset", "b=/nowhere"],
        ["train", "--model", model, "--faceset", f"a={model}", "--faceset", f"b={model}", "--iterations", "0"],
        ["train", "--model", model, "--faceset", f"a={model}", "--faceset", f"b={model}", "--minutes", "-1"],
        ["train", "--model", model, "--faceset", f"a={model}", "--faceset", f"b={model}", "--set", "lr"],
        ["swap", "--strip", "plate", "--model", "/nowhere", "--identity", "b"],
        ["swap", "--strip", "plate", "--model", model, "--identity", "b", "--mask-model", "/nowhere"],
        ["swap", "--strip", "plate", "--model", model, "--identity", "b", "--repairs", "/nowhere.json"],
        ["extract", "--strip", "plate", "--name", "a", "--person", "/nowhere.png"],
        ["extract", "--strip", "plate", "--name", "a", "--framing", "legs"],
        ["extract", "--strip", "plate", "--name", "a", "--size", "32"],
        ["extract", "--strip", "plate", "--name", "a", "--smooth", "5"],
        ["extract", "--strip", "plate", "--name", "a", "--frames", "900-901"],
        ["train-mask", "--model", model, "--faceset", model],
        ["train-mask", "--model", model],
        ["apply-masks", "--faceset", model, "--mask-model", "/nowhere"],
        ["repair", "--strip", "plate", "--faceset", "/nowhere", "--add", "1,2,30,40"],
        ["swap", "--strip", "plate", "--model", model, "--identity", "b", "--frames", "4-2"],
        ["swap", "--strip", "plate", "--model", model, "--identity", "b", "--frames", "900-901"],
        ["preview", "--strip", "plate", "--model", model, "--identity", "b", "--frame", "0"],
        ["evaluate", str(tmp_path)],
        ["sign"],
        ["export-job", "--strip", "plate", "--model", model, "--identity", "b"],
        ["export-job", "--strip", "plate", "--model", model, "--identity", "b", "--job", model, "--chunk", "0"],
        ["export-job", "--strip", "plate", "--model", model, "--identity", "b", "--job", model, "--format", "paper"],
        ["place", str(tmp_path), "--strip", "plate"],
        ["place", str(tmp_path / "swap"), "--strip", "plate", "--save"],
    ]
    answer = scenario("commands", *map(json.dumps, wrong))
    assert answer["codes"] == [2] * len(wrong)
    assert not answer["started"], "a wrong command starts no backend"


def test_help_is_0_and_a_missing_backend_1(scenario: Scenario, tmp_path: Path) -> None:
    nowhere = ["--workspace", str(tmp_path / "work"), "--backend", str(tmp_path / "no backend")]
    answer = scenario(
        "commands",
        json.dumps(["--help"]),
        json.dumps(["swap", "--help"]),
        json.dumps(["status", *nowhere]),
        json.dumps(["extract", "--strip", "plate", "--name", "a", *nowhere]),
    )
    assert answer["codes"] == [0, 0, 0, 1]


def test_place_and_save(scenario: Scenario, tmp_path: Path) -> None:
    edit = tmp_path / "new folder.blend"
    command = ["place", str(tmp_path / "swap"), "--strip", "plate", "--save", str(edit), "--json"]
    answer = scenario("commands", json.dumps(command))
    assert answer["codes"] == [0]
    assert answer["placed"] == ["plate as identity"]
    assert edit.is_file()


def test_consent_of_the_edit_and_by_words(
    scenario: Scenario, backend_program: Path, agreed: Callable[..., Path]
) -> None:
    folder = str(agreed("performer"))
    backend = ["--backend", str(backend_program)]
    answer = scenario(
        "commands",
        json.dumps(["consent", *backend, "--json"]),
        json.dumps(["consent", *backend, "check", "performer", "--consent", folder]),
        json.dumps(["consent", *backend, "check", "nobody", "--json"]),
        json.dumps(["consent", *backend, "dance"]),
        json.dumps(["verify", *backend, folder]),
    )
    assert answer["codes"] == [2, 0, 3, 2, 1], "the edit names nobody: a name that nobody wrote is no name"
    assert not answer["started"]


def test_check_and_jobs_without_a_backend(scenario: Scenario, quick_backend: str, tmp_path: Path) -> None:
    def check(*words: str) -> str:
        return json.dumps(["check", "--json", "--workspace", str(tmp_path / "work"), "--backend", *words])

    answer = scenario(
        "commands",
        check(quick_backend),
        check(f"env DOCTOR=faults {quick_backend}"),
        check(f"env DOCTOR=crash {quick_backend}"),
        check("no-such-docker run image ml-backend"),
        json.dumps(["job", "pause", "some-job", "--workspace", str(tmp_path / "work")]),
        json.dumps(["job"]),
    )
    assert answer["codes"] == [0, 1, 1, 1, 1, 2]
    assert not answer["started"]


def test_what_fails_is_one_line_and_one_json_object(scenario: Scenario, tmp_path: Path) -> None:
    model, file = str(tmp_path), tmp_path / "a file"
    file.write_text("")
    train = ["train", "--model", model, "--faceset", f"a={model}", "--faceset", f"b={model}"]
    swap = ["swap", "--strip", "plate", "--model", model, "--identity", "b"]
    place = ["place", str(tmp_path / "swap"), "--strip", "plate"]
    repairs = tmp_path / "faces" / "repairs.json"
    repairs.mkdir(parents=True)
    wrong = {
        "The following arguments are required: --name.": ["extract", "--strip", "plate"],
        "'x' is no whole number from 1 on": [*train, "--iterations", "x"],
        "'x' is no number above 0": [*train, "--minutes", "x"],
        "is not a person's faces.": ["train", "--model", model, "--faceset", model],
        "choose from": ["dance"],
        "there is no folder": [*swap, "--save", str(tmp_path / "no folder" / "a.blend")],
        "cannot be saved as": [*place, "--save", str(tmp_path)],
        "a file/a.png cannot be written": ["preview", *swap[1:], "--out", str(file / "a.png")],
        str(repairs): ["repair", "--strip", "plate", "--faceset", str(repairs.parent), "--undo"],
    }
    answer = scenario("commands", *(json.dumps([*words, "--json"]) for words in wrong.values()))
    for message, code, (output, errors) in zip(wrong, answer["codes"], answer["said"], strict=True):
        told = json.loads(output)
        assert message in told["error"]["message"]
        assert told["exit_code"] == code
        assert errors.splitlines()[-1].startswith("deepfake")
        assert "Traceback" not in errors
        assert message in errors
    assert answer["placed"] == [], "what cannot be saved is not begun"


def test_a_job_that_the_backend_refuses_leaves_nothing(
    scenario: Scenario, backend_program: Path, tmp_path: Path
) -> None:
    swap = ["--strip", "plate", "--model", str(tmp_path), "--identity", "b", "--backend", str(backend_program)]
    answer = scenario("commands", json.dumps(["export-job", *swap, "--job", str(tmp_path / "job"), "--set", "beard=1"]))
    assert answer["codes"] == [2]
    assert not (tmp_path / "job").exists()


def test_consent_says_in_json_what_the_backend_said(scenario: Scenario, backend_program: Path) -> None:
    words = ["consent", "--backend", str(backend_program), "check", "nobody", "--json"]
    told = json.loads(scenario("commands", json.dumps(words))["said"][0][0])
    assert told["error"]["message"] == "There is no consent record for nobody."
    assert "consent new nobody" in told["error"]["fix"]


def test_without_saving_the_same_folders_are_found_again(scenario: Scenario, tmp_path: Path) -> None:
    answer = scenario("unsaved")
    assert answer["first"] == answer["again"]
    assert len(set(answer["first"])) == 2
    records = str((tmp_path / "records").resolve())
    assert answer["edit says"] == {"consent": records, "project": "film", "shot": "sh010"}
    assert answer["typed"] == {"consent": str(tmp_path / "mine"), "project": "other film", "shot": "sh020"}
    by_edit, by_words = answer["painted"]
    assert by_edit == {
        "identity": "ben",
        "settings": {"names": "plate.####", "gaps": "true", "grain": "0.2"},
        "paths": ["m", "deepfake/models/mask", "deepfake/facesets/performer/repairs.json"],
    }
    assert by_words["settings"] == {"names": "a.####", "gaps": "true", "grain": "0.5"}
    assert by_words["paths"] == ["m", "masks", "mine.json"]
    assert (answer["same name"], answer["kept"]) == (False, True)
