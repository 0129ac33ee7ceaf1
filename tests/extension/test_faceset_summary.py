"""What the panel shows of a faceset: few pictures, spread; and its coverage in words."""

from pathlib import Path

import pytest

from blender_deepfake.core import backend_answer, faceset_coverage, faceset_summary
from blender_deepfake.core.backend_command import find_program
from blender_deepfake.core.errors import BackendMissingError, CancelledError, DeepfakeError, RefusedError, UsageError


def test_spread() -> None:
    assert faceset_summary.spread(0, 5) == []
    assert faceset_summary.spread(3, 5) == [0, 1, 2]
    assert faceset_summary.spread(101, 5) == [0, 25, 50, 75, 100]


def test_no_faceset(tmp_path: Path) -> None:
    assert faceset_summary.summarise(tmp_path / "none") == faceset_summary.FacesetSummary()
    (tmp_path / "index.sqlite").write_text("this is no database, and longer than its header would be" * 9)
    with pytest.raises(DeepfakeError, match="cannot be read"):
        faceset_summary.summarise(tmp_path)


def test_coverage_in_words() -> None:
    cell = {"pitch": "level", "yaw": "ahead", "mouth_open": True, "eyes_closed": False, "faces": 7}
    gap = {"missing": "no frames looking up", "performer_faces": 1}
    found = faceset_coverage.of_answer(
        {
            "faces": 9,
            "pose": {"yaw": [-10, 20], "pitch": None, "roll": [0, 1]},
            "coverage": [cell, {**cell, "mouth_open": False, "eyes_closed": True, "faces": 2}],
            "missing": [gap] * 6,
            "picture": "/x.png",
        }
    )
    assert found.lines == ("Turned -10° to 20°, tilted 0° to 1°", "Mouth open in 7, eyes closed in 2 of 9")
    assert found.missing[0] == "no frames looking up (the performer: 1 frame)"
    assert found.missing[-1] == "and 2 more"
    assert (found.picture, found.compared) == (Path("/x.png"), True)
    assert faceset_coverage.of_answer({}) == faceset_coverage.Coverage(0, ())
    assert "--picture" not in faceset_coverage.arguments(Path("a"), None, Path("p")), "one faceset makes no picture"


def program(tmp_path: Path, script: str) -> str:
    file = tmp_path / "ml-backend"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def test_a_command_of_the_backend(tmp_path: Path) -> None:
    def ask(script: str, **more: float) -> dict[str, object]:
        return backend_answer.ask(find_program(program(tmp_path, script)), ["consent", "check"], **more)

    assert ask("""echo "{no"; echo '{"a": 1}'; echo bye; exit 3""") == {"a": 1}
    with pytest.raises(RefusedError, match=r"^There is no consent\. Make one\.$"):
        ask('echo "ml-backend: There is no consent. Make one." >&2; exit 3')
    with pytest.raises(UsageError):
        ask("echo wrong; exit 2")
    raising = """python3 -c 'raise ValueError("no weights\\nFor more see somewhere")'; exit 1"""
    with pytest.raises(DeepfakeError, match=r"^ValueError: no weights$"):
        ask(raising)
    with pytest.raises(DeepfakeError, match="wrote nothing"):
        ask("exit 1")
    with pytest.raises(DeepfakeError, match="did not answer within"):
        ask("sleep 60", seconds=0.2)
    command = find_program(program(tmp_path, "sleep 60"))
    with pytest.raises(CancelledError):
        backend_answer.ask(command, ["x"], lambda: True)
    (tmp_path / "ml-backend").write_text("no program")
    with pytest.raises(BackendMissingError):
        backend_answer.ask(command, ["x"])
