"""No panel tells an artist to type an option of a command line: every hint of the backend is looked at."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from blender_deepfake.core.panel_words import in_panel

BACKEND = Path(__file__).parents[2] / "ml_backend"
OPTION = re.compile(r"(?<![\w-])--[a-z]")
TERMINAL = "run in a terminal: "
# What no button of the panels asks the backend for, and so no panel shows.
UNSEEN = {
    "cli.py": "the command line's own help",
    "delivery": "`ml-backend deliver` and `sign`",
    "farm": "farm jobs",
    "doctor/needs.py": "`ml-backend doctor --faces`",
    "doctor/installation.py": "pip's own options",
    "evaluation/report": "a style sheet",
    "facesets/actions.py": "`ml-backend faceset`",
    "facesets/check.py": "`ml-backend faceset check`",
    "facesets/merge.py": "`ml-backend faceset merge`",
    "facesets/people_picture.py": "drawn into a picture",
    "facesets/repair_file.py": "`ml-backend faceset repair`",
    "provenance/audit_commands.py": "`ml-backend audit`",
    "service/commands.py": "help of `ml-backend serve`",
    "swapping/pieces.py": "pieces of a farm's job",
    "training/curves/timelapse.py": "pip's own options, and `ml-backend model timelapse`",
    "training/device.py": "--devices, for which there is no control",
    "training/finding_rate.py": "`ml-backend train --find-rate`",
    "training/models/export.py": "`ml-backend model export`",
    "training/models/model_actions.py": "`ml-backend model`",
    "training/models/swap_file.py": "`ml-backend model export`, and swaps with such a file",
    "training/parallel": "the command line of several devices",
}
UNSEEN_TEXTS = (
    "Give --truth too.",  # a panel gives no mask to compare in
    "There are no records. Make one",  # `consent list`
)
_MAKE = 'ml-backend consent new ben --basis performer --project "PROJECT" --granted-by "WHO AGREED" --use "WHAT FOR"'
_FILLED = {
    "make": f'{_MAKE} --out "/records"',
    "' or '.join(ways)": "--frames 1-99 or --frames 105-",
    "hint": " or --set gradient_checkpointing=true",
    "_longest_run(existing)": "4-90",
    "first['msg']": "not so",
}


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        code = ast.unparse(node.value)
        return _MAKE if code.startswith("new_command(") else _FILLED.get(code, "77")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_text(node.left) or "") + (_text(node.right) or "")
    return None


def _hints() -> Iterator[tuple[str, str]]:
    """Where it stands and what it says: each text of the backend that names an option, but docstrings and help."""
    for file in sorted(BACKEND.rglob("*.py")):
        name = file.relative_to(BACKEND).as_posix()
        if any(name == unseen or name.startswith(f"{unseen}/") for unseen in UNSEEN):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "new_command":
                passed |= {id(below) for below in ast.walk(node)}  # its parts: what it makes is filled in
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".add_argument", "run", "Popen")):
                passed |= {id(below) for below in ast.walk(node)}
            text = None if id(node) in passed else _text(node)
            if text is None:
                continue
            passed |= {id(below) for below in ast.walk(node)}
            if text.startswith(UNSEEN_TEXTS):
                continue
            if OPTION.search(text) and " " in text.strip():
                yield f"{name}:{getattr(node, 'lineno', 0)}", text


HINTS = dict(_hints())


@pytest.mark.parametrize("where", HINTS)
def test_no_option_of_a_command_line_is_left(where: str) -> None:
    said = in_panel(HINTS[where])
    assert not OPTION.search(said) or TERMINAL in said, said


def test_what_only_a_terminal_can_do_is_what_has_no_button() -> None:
    kept = {where.partition(":")[0] for where, text in HINTS.items() if TERMINAL in in_panel(text)}
    assert kept == {"provenance/gate.py", "provenance/audit.py"}  # to begin a new audit


def test_the_hints_were_found() -> None:
    assert len(HINTS) > 35
    assert {name for name in UNSEEN if not (BACKEND / name).exists()} == set()


def test_what_is_no_hint_stays() -> None:
    for text in ("Relink the strip.", "frames 1-3", "Run it in a terminal: ml-backend consent check ben --json"):
        assert in_panel(text) == text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            'If this is that project, say --project "The Film" or set ML_BACKEND_PROJECT. '
            f"Another project needs an agreement of its own: {_MAKE} --replace",
            "If this is that project, write “The Film” into Project, under Project and Consent. "
            "Another project needs an agreement of its own: press Make Record of ben under People",
        ),
        (
            f'If this is one of them, say --shot NAME or set ML_BACKEND_SHOT. If more was agreed: {_MAKE} --shots "a,b"'
            " --replace",
            "If this is one of them, name it in Shot, under Project and Consent. If more was agreed: press Make Record "
            "of ben under People, with the shots a,b",
        ),
        (
            f"If more was agreed: {_MAKE} --actions train,swap,export-model --replace",
            "If more was agreed: press Make Record of ben under People, which then allows Train, Swap, Hand Out",
        ),
        (
            f"If it is the same person: {_MAKE} --replace --succeeds {'0f' * 32}; else extract anew.",
            "If it is the same person: press Make Record of ben under People, which then names the earlier record in "
            "Succeeds; else extract anew.",
        ),
        (
            f"Have it signed anew with a key that counts: {_MAKE} --replace --key STUDIO.pem",
            "Have it signed anew with a key that counts: press Make Record of ben under People, with that key under "
            "More",
        ),
        (
            "Copy or export the file again, or leave it out with --frames 1-99 or --frames 105-.",
            "Copy or export the file again, or trim the strip to frames 1-99 or frames 105-.",
        ),
        (
            "Use a smaller --preset or --set gradient_checkpointing=true, close other programs, or take another "
            "machine.",
            "Choose a smaller preset for a new model or tick Save Memory (Learning in the panel Train), close other "
            "programs, or take another machine.",
        ),
        ("--set batch_size=4 would fit in one.", "Faces a Step 4 (Learning in the panel Train) would fit in one."),
        (
            "Likeness to the identity and the performer is not measured; --identity-faceset and --performer-faceset "
            "would make it known.",
            "Likeness to the identity and the performer is not measured: extract faces under People.",
        ),
        (
            '--colourspace "Linear Rec.709@2.5" looks at the plate brighter.',
            "An Exposure of 2.5 looks at it brighter (Settings, Colour).",
        ),
        ("Say --set base=none.", "Write base=none into Other Settings of the panel Train."),
    ],
)
def test_words(said: str, shown: str) -> None:
    assert in_panel(said) == shown
