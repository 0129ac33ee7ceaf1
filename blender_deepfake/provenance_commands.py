"""The commands about consent and credentials, done by the backend's program: `consent`, `verify` and `sign`."""

import argparse
import json
import subprocess
import sys
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
        arguments.json = arguments.json or "--json" in arguments.words
        code, answer = _passed_on(program, ["consent", *words], arguments.json)
        if code:
            raise AnsweredError(f"ml-backend consent ended with code {code}.", "", code, {"consent": answer})
        return {"consent": answer}
    scenes: list[Scene] = list(bpy.data.scenes)
    settings = [scene.deepfake for scene in scenes]
    people = {name: _state(program, name, its) for its in settings for name in (its.performer, its.identity) if name}
    for name, state in people.items():
        print(f"{name}: {state.text}", file=sys.stderr)
    told = {name: {"valid": state.valid, "state": state.state, "text": state.text} for name, state in people.items()}
    bad = next((state for state in people.values() if not state.valid), None)
    if bad is not None:
        raise AnsweredError(bad.detail or f"{bad.text}.", bad.fix, RefusedError.exit_code, {"people": told})
    return {"people": told}


def _state(program: BackendCommand, name: str, settings: Any) -> ConsentState:
    folder = project.absolute(settings.consent) if settings.consent else None
    answer = ask(program, consent_records.check_arguments(name, folder, settings.project))
    return consent_records.of_answer(answer, settings.project)


def verify(arguments: argparse.Namespace) -> dict[str, Any]:
    """Each file by itself; the highest exit code of them counts."""
    program = _program(arguments)
    answers: list[dict[str, Any]] = []
    codes: list[int] = []
    for file in map(absolute, arguments.files):
        code, answer = _passed_on(program, ["verify", str(file)], arguments.json)
        codes.append(code)
        answers.append({"file": str(file), "exit_code": code, **answer})
    if any(codes):
        bad = [answer["file"] for answer in answers if answer["exit_code"]]
        raise AnsweredError(f"Not verified: {', '.join(bad)}.", "", max(codes), {"files": answers})
    return {"files": answers}


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
    print("\n".join(lines), flush=True)
    return done.returncode, {}
