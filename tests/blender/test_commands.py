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
