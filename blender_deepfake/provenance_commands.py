"""The commands about consent and credentials, done by the backend's program: `consent`, `verify` and `sign`."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy

from . import film_signing, project
from .command_context import AnsweredError, absolute, backend_of, path_of, scene_of
from .compat import Scene
from .core import consent_records
from .core.backend_answer import ask
from .core.backend_command import BackendCommand, find_program
from .core.consent_records import ConsentState
from .core.errors import RefusedError, UsageError


def consent(arguments: argparse.Namespace) -> dict[str, Any]:
    program = _program(arguments)
    if arguments.words:
        words = [word for word in arguments.words if word != "--json"]
        code, answer = _passed_on(program, ["consent", *words], arguments.json or "--json" in arguments.words)
        if code:
            told = answer.get("error") or {"message": f"ml-backend consent ended with code {code}."}
            raise AnsweredError(told["message"], told.get("fix", ""), code, {"consent": answer})
        return {"consent": answer}
    scenes: list[Scene] = list(bpy.data.scenes)
    people = {name: _state(program, name, scene.deepfake) for scene in scenes for name in _people(scene)}
    if not people:
        raise UsageError(
            "No scene of this edit says who is swapped.",
            "Name the performer and the identity in the panel People, or a person: consent check NAME.",
        )
    for name, state in people.items():
        print(f"{name}: {state.text}", file=sys.stderr)
    told = {name: {"valid": state.valid, "state": state.state, "text": state.text} for name, state in people.items()}
    bad = next((state for state in people.values() if not state.valid), None)
    if bad is not None:
        raise AnsweredError(bad.detail or f"{bad.text}.", bad.fix, RefusedError.exit_code, {"people": told})
    return {"people": told}


def _people(scene: Scene) -> list[str]:
    """Whom the scene names; what stands there before anybody wrote a name counts only beside an identity."""
    settings: Any = scene.deepfake
    named = settings.identity or settings.is_property_set("performer")
    return [name for name in (settings.performer, settings.identity) if name and named]


def _state(program: BackendCommand, name: str, settings: Any) -> ConsentState:
    folder = project.absolute(settings.consent) if settings.consent else None
    answer = ask(program, consent_records.check_arguments(name, folder, settings.project))
    return consent_records.of_answer(answer, settings.project)


def verify(arguments: argparse.Namespace) -> dict[str, Any]:
    """Each file by itself; the highest exit code of them counts.

    The records are those of the edit, where the arguments name no folder.
    """
    program = _program(arguments)
    chosen = [absolute(arguments.consent)] if arguments.consent else _consent_of_edit()
    known = [word for folder in chosen[:1] for word in ("--consent", str(folder))]
    known += [word for folder in arguments.swap for word in ("--swap", str(absolute(folder)))]
    answers: list[dict[str, Any]] = []
    codes: list[int] = []
    for file in map(absolute, arguments.files):
        code, answer = _passed_on(program, ["verify", str(file), *known], arguments.json)
        codes.append(code)
        answers.append({"file": str(file), "exit_code": code, **answer})
    if any(codes):
        bad = [answer["file"] for answer in answers if answer["exit_code"]]
        raise AnsweredError(f"Not verified: {', '.join(bad)}.", "", max(codes), {"files": answers})
    return {"files": answers}


def _consent_of_edit() -> list[Path]:
    """The folders of records that the scenes name, and that are there."""
    scenes: list[Scene] = list(bpy.data.scenes)
    chosen = [project.absolute(scene.deepfake.consent) for scene in scenes if scene.deepfake.consent]
    return [folder for folder in chosen if folder.is_dir()]


def sign(arguments: argparse.Namespace) -> dict[str, Any]:
    """For what was rendered before, also where the extension was off then."""
    scene = scene_of(arguments)
    film = path_of(arguments.file) or film_signing.film_of(scene)
    if film is None:
        raise UsageError(
            f"The scene {scene.name!r} renders pictures, not a film.",
            "Name the folder of the pictures, or a film.",
        )
    swaps = [absolute(folder) for folder in arguments.swap] or film_signing.swaps_shown(scene)
    answer = film_signing.sign(_program(arguments), film, swaps)
    print(f"Signed {film}", file=sys.stderr)
    return {"film": str(film), "swaps": [str(folder) for folder in swaps], "credentials": answer}


def _program(arguments: argparse.Namespace) -> BackendCommand:
    return find_program(backend_of(arguments).program)


def _passed_on(program: BackendCommand, words: list[str], as_json: bool) -> tuple[int, dict[str, Any]]:
    """Run the backend's own command: its exit code, and with `as_json` the object that it prints last."""
    command = [*program.words, *words, *(["--json"] if as_json else [])]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        raise UsageError(
            f"The backend {program} does not start: {error}.", "Check that the file may be executed."
        ) from error
    lines = done.stdout.strip().splitlines()
    if as_json and lines and lines[-1].startswith("{"):
        return done.returncode, dict(json.loads(lines.pop()))
    if lines:
        print("\n".join(lines), flush=True)
    return done.returncode, {}
