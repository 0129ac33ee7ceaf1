"""The checks of the extension's manifest and files find each fault that Blender's own validation lets through."""

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "addon_manifest"))
import checks
import code_checks

ROOT = Path(__file__).parents[2]
GOOD: dict[str, Any] = tomllib.loads((ROOT / "addon_manifest" / "blender_manifest.toml").read_text("utf-8"))


def test_ours_is_good() -> None:
    assert list(checks.manifest_problems(GOOD)) == []
    assert list(code_checks.code_problems(ROOT / "blender_deepfake")) == []


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"name": "Blender Faces"}, "Blender"),
        ({"id": "Deepfake-Sequencer"}, "id"),
        ({"version": "1.0"}, "version"),
        ({"blender_version_min": "4.5"}, "blender_version_min"),
        ({"type": "addon"}, "type"),
        ({"tagline": "It ends with a full stop."}, "punctuation"),
        ({"tagline": "x" * 65}, "65 characters"),
        ({"tagline": ""}, "0 characters"),
        ({"permissions": {"network": "It ends so."}}, "punctuation"),
        ({"permissions": {"files": "x" * 65}}, "65 characters"),
        ({"permissions": {"telepathy": "Read minds"}}, "telepathy"),
        ({"license": ["SPDX:MIT"]}, "licence"),
        ({"license": ["GPL-3.0-or-later"]}, "licence"),
        ({"tags": ["Sequencer", "Faces"]}, "Faces"),
        ({"platforms": ["amiga"]}, "amiga"),
        ({"wheels": ["./wheels/numpy.whl"]}, "Wheels"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_each_fault_of_the_manifest_is_found(change: dict[str, Any], part: str) -> None:
    found = list(checks.manifest_problems({**GOOD, **change}))
    assert len(found) == 1
    assert part in found[0]


@pytest.mark.parametrize("key", ["id", "version", "name", "tagline", "maintainer", "license", "blender_version_min"])
def test_each_missing_key_is_found(key: str) -> None:
    without = {name: value for name, value in GOOD.items() if name != key}
    assert list(checks.manifest_problems(without)) == [f"The key {key!r} is missing."]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("core/__pycache__/a.pyc", "must not ship"),
        (".git/config", "must not ship"),
        ("tests/conftest.py", "must not ship"),
        ("test_a.py", "is a test"),
        ("model.safetensors", "no file of an extension"),
        ("wheels/numpy.whl", "no file of an extension"),
    ],
)
def test_each_file_that_must_not_ship_is_found(name: str, part: str) -> None:
    good = ["__init__.py", "blender_manifest.toml", "LICENSE", "core/__init__.py"]
    assert list(checks.file_problems(good)) == []
    found = list(checks.file_problems([*good, name]))
    assert len(found) == 1
    assert part in found[0]
    assert list(checks.file_problems(good[1:])) == ["__init__.py is missing."]


OPERATOR = 'class DEEPFAKE_OT_a(Operator):\n    bl_idname = "deepfake.a"\n'


@pytest.mark.parametrize(
    ("file", "code", "part"),
    [
        ("a.py", "import numpy", "numpy"),
        ("a.py", "from torch.nn import Module", "torch.nn"),
        ("a.py", "import ml_backend.cli", "ml_backend"),
        ("core/a.py", "import bpy", "core is free of Blender"),
        ("a.py", "type A = int", "3.11"),
        ("a.py", "def f[T](x: T) -> T: ...", "3.11"),
        ("a.py", "def f(:", "line 1"),
        ("a.py", 'x = bpy.props.FloatProperty(name="X")', "FloatProperty"),
        ("a.py", 'x = BoolProperty(name="X", description="")', "BoolProperty"),
        ("a.py", OPERATOR, "no description"),
        ("a.py", OPERATOR.replace("deepfake.a", "face.a") + '    bl_description = "Do it"', "must begin"),
        ("a.py", 'class DEEPFAKE_PT_a(Panel):\n    bl_idname = "OTHER_PT_a"', "must begin"),
    ],
)
def test_each_fault_of_the_code_is_found(file: str, code: str, part: str, tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "b.py").write_text("import json\nfrom . import c\n")
    (tmp_path / "b.py").write_text(f'import bpy\n\n{OPERATOR}    bl_description = "Do it"\n')
    assert list(code_checks.code_problems(tmp_path)) == []
    (tmp_path / file).write_text(code)
    found = list(code_checks.code_problems(tmp_path))
    assert len(found) == 1
    assert part in found[0]
