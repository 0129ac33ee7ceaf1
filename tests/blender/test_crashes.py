"""What makes Blender crash or hang, by our own measurements: the extension's way does not, in any of its versions.

Each case runs in a process of its own. What plain calls do was measured with 4.5.15, 5.0.1 and 5.2.3.
"""

import ast
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.blender
Scenario = Callable[..., dict[str, Any]]
PACKAGE = Path(__file__).parents[2] / "blender_deepfake"
# what is called, with what it does: none of it is in the extension
DEADLY = {
    "retiming_keys.add": "crashes 4.5 and 5.0",
    "sequencer.image_strip_add": "crashes 5.0 and 5.2 without a window unless move_strips=False",
    "libraries.write": "crashes 5.2 for scenes with strips",
    "strip.modifiers.new": "crashes 5.0 where no workspace shows the scene",
    "source.modifiers.new": "the same",
    "result.modifiers.new": "the same",
}


def test_retiming_of_a_fresh_strip(scenario: Scenario) -> None:
    """`retiming_keys.add` on it crashes 4.5 and 5.0."""
    assert scenario("crashes", "fresh") == {"retimed": False, "frames": 6}


def test_modifiers_in_a_scene_that_no_workspace_shows(scenario: Scenario) -> None:
    """`modifiers.new` there crashes 5.0."""
    assert scenario("crashes", "modifier") == {"plates": 120, "modifiers": 1, "meta": True}


def test_image_strips_without_a_window(scenario: Scenario) -> None:
    """`image_strip_add` there crashes 5.0 and 5.2."""
    assert scenario("crashes", "many_pictures") == {"elements": 100, "start": 1}


def test_a_missing_picture_of_a_swap(scenario: Scenario) -> None:
    """With `show_missing_media` more than half of such renders crash."""
    assert scenario("crashes", "missing") == {"differences": [0] * 16}


def test_a_missing_picture_of_a_plate(scenario: Scenario) -> None:
    for error in scenario("crashes", "missing_plate")["errors"]:
        assert "code 1" in error
        assert "000003.png of the strip 'shot' is missing" in error


def test_a_copy_of_the_edit_for_a_render(scenario: Scenario) -> None:
    """`libraries.write` can crash 5.2."""
    assert scenario("crashes", "copied") == {"plates": 4, "file": "edit.blend", "unsaved": True}


def test_strips_that_touch(scenario: Scenario) -> None:
    """Strips that overlap while one is changed can hang 4.5."""
    answer = scenario("crashes", "neighbours", timeout=60)
    assert answer == {"ranges": [[10, 40], [24, 25], [20, 30]], "neighbours": [[1, 19], [31, 50]]}


def test_undo_while_a_job_runs(scenario: Scenario) -> None:
    """A strip that Python kept from before an undo crashes Blender when it is touched."""
    answer = scenario("crashes", "undone")
    assert answer == {"done": True, "strips": ["plate", "plate as identity"], "error": ""}


def test_blender_ends_while_something_is_waited_for(scenario: Scenario, tmp_path: Path) -> None:
    """Threads that are not daemons keep it open; timers and handlers that are left hang 4.5 as a module, commands
    that are left crash it."""
    assert scenario("crashes", "left_open", timeout=60) == {"begun": True}
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def calls(code: str) -> Iterator[str]:
    """ "a.b.c" of each call of that form."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func)


def deadly(code: str) -> list[str]:
    return [call for call in calls(code) for known in DEADLY if f".{call}".endswith(f".{known}")]


def test_no_call_that_crashes_is_in_the_extension() -> None:
    assert deadly("bpy.ops.sequencer.image_strip_add(files=[])\nstrip.retiming_keys.add(timeline_frame=3)") == [
        "bpy.ops.sequencer.image_strip_add",
        "strip.retiming_keys.add",
    ]
    files = [*PACKAGE.rglob("*.py")]
    found = {file.name: deadly(file.read_text("utf-8")) for file in files}
    assert len(files) > 100
    assert {name: names for name, names in found.items() if names} == {}
