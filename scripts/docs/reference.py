"""Writes docs/reference: what the programs say about their own commands, options and calls.

    python scripts/docs/reference.py [--out FOLDER]

Run in the backend's environment. tests/docs compares the pages with what this writes.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from settings_page import settings_page

from blender_deepfake.command_line import parser as deepfake_parser
from ml_backend.cli import parser as backend_parser
from ml_backend.service.web import app

ROOT = Path(__file__).resolve().parents[2]
MADE = "<!-- Written by scripts/docs/reference.py; change the program, not this page. -->"
BACKEND = """All commands of the backend, as `--help` tells them. `ml-backend` works without Blender.

- `--json` prints one JSON object as the last line on standard output; progress goes to standard error.
- Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused for want of consent, 130 stopped by Ctrl-C.
- Frames are numbered from 1 in a movie and by their file numbers in a sequence.
- A SOURCE or PLATE is a movie, a folder of pictures, a pattern (`shot.####.png`) or a plate file in JSON.
"""
DEEPFAKE = """The extension's commands: the same work as in the window, without one.

`EDIT.blend` is the edit; the strip is named as in the sequencer. `--json` prints one JSON object as the last line.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused for want of consent.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "reference", metavar="FOLDER")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    (out / "ml-backend.md").write_text(page("ml-backend", BACKEND, "ml-backend", backend_parser()), "utf-8")
    called = "blender -b EDIT.blend --command deepfake"
    (out / "blender.md").write_text(page("Blender without a window", DEEPFAKE, called, deepfake_parser()), "utf-8")
    (out / "settings.md").write_text(settings_page(MADE), "utf-8")
    description = openapi()
    (out / "openapi.json").write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (out / "service.md").write_text(service_page(description), "utf-8")
    return 0


def page(title: str, text: str, called: str, parser: argparse.ArgumentParser) -> str:
    """A page of all commands of `parser`."""
    return "\n".join([f"# {title}", "", MADE, "", text, *_commands(called, parser, 2)])


def _commands(called: str, parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    for name, text, command in _subparsers(parser):
        whole = f"{called} {name}"
        inner = list(_subparsers(command))
        yield from (f"{'#' * level} {whole.rpartition('deepfake ')[2].removeprefix('ml-backend ')}", "")
        yield from (f"{_sentence(text)}", "")
        if inner:
            yield from _commands(whole, command, level + 1)
            continue
        yield from ("```text", usage(whole, command), "```", "")
        rows = [row for action in command._actions if (row := _row(action))]
        yield from ("| option | what it is | |", "|---|---|---|", *rows, "")


def _subparsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                yield name, texts[name], command


def usage(called: str, parser: argparse.ArgumentParser) -> str:
    """What must be given: the command, its arguments and the options that it cannot do without."""
    exclusive = {id(action): group for group in parser._mutually_exclusive_groups for action in group._group_actions}
    words = [called]
    told: set[int] = set()
    for action in parser._actions:
        group = exclusive.get(id(action))
        if group is not None and group.required and id(group) not in told:
            told.add(id(group))
            words.append(f"({' | '.join(_spelled(one) for one in group._group_actions)})")
        elif not action.option_strings or action.required:
            words.append(_spelled(action))
    return " ".join([*words, "[OPTION …]"])


def _spelled(action: argparse.Action) -> str:
    value = _value(action)
    option = max(action.option_strings, key=len, default="")
    more = " …" if action.nargs in ("+", "*") and not option else ""
    whole = f"{option} {value}".strip() + more
    return f"[{whole}]" if action.nargs == "?" and not option else whole


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    if action.metavar is not None:
        return str(action.metavar)
    if action.choices is not None:
        return "|".join(str(choice) for choice in action.choices)
    return action.dest.upper().replace("_", "-")


def _row(action: argparse.Action) -> str:
    if isinstance(action, argparse._HelpAction):
        return ""
    choices = ", ".join(f"`{choice}`" for choice in action.choices or ())
    spelled = _spelled(action)
    if choices and action.metavar is None:
        spelled = spelled.replace(_value(action), action.dest.upper())
    needed = "needed" if action.required and action.option_strings else ""
    repeated = "can be repeated" if isinstance(action, argparse._AppendAction) else ""
    text = (action.help or "").replace("%(default)s", str(action.default))
    parts = [part for part in (_cell(text), f"one of {choices}" if choices else "") if part]
    notes = ", ".join(note for note in (needed, repeated) if note)
    return f"| `{_cell(spelled)}` | {'; '.join(parts)} | {notes} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def openapi() -> dict[str, Any]:
    """The service's description of itself: what a real one answers."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ml_backend", "serve", "--workspace", f"{folder}/workspace", "--json"]
        with subprocess.Popen([*command, "--watch-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as service:
            assert service.stdin is not None
            assert service.stdout is not None
            try:
                where = json.loads(service.stdout.readline())
                token = json.loads(Path(where["endpoint"]).read_text("utf-8"))["token"]
                asked = urllib.request.Request(f"{where['url']}/openapi.json")
                asked.add_header("Authorization", f"Bearer {token}")
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    found: dict[str, Any] = json.load(answer)
            finally:
                service.stdin.close()  # ends it
    return found


def service_page(description: dict[str, Any]) -> str:
    """The protocol in words, from the module that holds it, and a table of the calls."""
    words = (app.__doc__ or "").strip()
    rows = []
    for path, methods in description["paths"].items():
        for method, call in methods.items():
            fits = sorted(code for code in call["responses"] if code.startswith("2"))
            body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            takes = body.get("$ref", "").rpartition("/")[2] or body.get("title", "")
            rows.append(f"| `{method.upper()} {path}` | {_code(takes)} | {', '.join(fits)} |")
    return "\n".join(
        [
            "# Service",
            "",
            MADE,
            "",
            "`ml-backend serve` takes jobs over HTTP on this machine. The extension starts one by itself.",
            "All requests and answers are described in [openapi.json](openapi.json) (OpenAPI "
            f"{description['openapi']}); a running service shows the same at `/docs`.",
            "",
            "## Calls",
            "",
            "| call | takes | answers |",
            "|---|---|---|",
            *rows,
            "",
            "## Protocol",
            "",
            "```text",
            re.sub(r"\n{3,}", "\n\n", words),
            "```",
            "",
        ]
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.exit(main())
