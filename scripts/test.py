"""All checks and tests, from nothing: `python scripts/test.py`. Makes its environments in the clone first.

python scripts/test.py --fast            no slow tests, one Blender
python scripts/test.py --blender 5.2     the checks, then the tests of this Blender only
python scripts/test.py -- tests/media    checks, then pytest with these arguments in the backend's environment only
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from environments import ROOT, Environment, backend, blender, ensure, find_python, program

BLENDERS = ("4.5", "5.0", "5.2")
PYTEST = ("pytest>=8.3", "pytest-xdist>=3.7")
PROCESSORS = os.cpu_count() or 1
WORKERS = min(4, PROCESSORS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="leave out the slow tests and all but one Blender")
    parser.add_argument("--blender", choices=BLENDERS, help="only the tests in this Blender")
    parser.add_argument("--torch-index", metavar="URL", help="the package index with the PyTorch build to install")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest")
    arguments = parser.parse_args()
    python = ensure(backend("dev", arguments.torch_index))
    failed = checks(python)
    marks = ["-m", "not slow"] if arguments.fast else []
    with tempfile.TemporaryDirectory() as home:
        # tests must not see, nor add to, the user's keys and consent records
        environment = os.environ | {"ML_BACKEND_HOME": home, "DEEPFAKE_BACKEND": str(program(python, "ml-backend"))}
        # as many threads as there are processors for each of several processes would slow all of them down
        beside = {"OMP_NUM_THREADS": str(max(1, PROCESSORS // WORKERS))} | environment
        versions = BLENDERS[:1] if arguments.fast else BLENDERS
        for version in [arguments.blender] if arguments.blender else () if arguments.pytest else versions:
            failed += in_blender(version, marks, beside)
        pytest = [str(python), "-m", "pytest", *marks]
        if arguments.pytest:
            failed += run("pytest", [*pytest, *arguments.pytest], environment)
        elif not arguments.blender:
            # a file's tests stay together: they share what is slow to make
            together = ["-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder"]
            failed += run("pytest", [*pytest, *together, "tests", "--ignore", "tests/blender"], beside)
    print("Failed: " + ", ".join(failed) if failed else "All checks and tests passed.", flush=True)
    return 1 if failed else 0


def checks(python: Path) -> list[str]:
    """Linters, types and the rooms' boundaries."""
    tool = {name: str(program(python, name)) for name in ("ruff", "mypy", "lint-imports")}
    failed = run("ruff", [tool["ruff"], "check", "."])
    failed += run("format", [tool["ruff"], "format", "--check", "."])
    failed += run("imports", [tool["lint-imports"]])
    failed += run("types of the backend", [tool["mypy"], "ml_backend"])
    blender_types = find_python("3.11")
    if blender_types is None:
        print("No Python 3.11: the extension's types are not checked.", flush=True)
        return failed
    # in an environment of its own: the stubs take the place of the module bpy
    stubs = ensure(Environment(".venv-types", blender_types, (("fake-bpy-module-4.5", "mypy>=1.13"),)))
    return failed + run("types of the extension", [str(program(stubs, "mypy")), "blender_deepfake"])


def in_blender(version: str, marks: Sequence[str], environment: dict[str, str]) -> list[str]:
    """The extension's tests in one Blender; skipped where this machine lacks the Python for it."""
    name = f"Blender {version}"
    place = blender(version, *PYTEST)
    if place is None:
        print(f"{name}: no Python for it on this machine, its tests are not run.", flush=True)
        return []
    # each test is a Blender of its own and shares nothing, and a few are much longer than the others
    together = ["-n", str(WORKERS), "--dist", "worksteal"]
    return run(name, [str(ensure(place)), "-m", "pytest", *marks, *together, "tests/blender"], environment)


def run(name: str, command: Sequence[str], environment: dict[str, str] | None = None) -> list[str]:
    """Run one check; returns its name where it failed."""
    print(f"\n=== {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(f"=== {name}: {'failed' if code else 'passed'} in {time.monotonic() - started:.0f} s", flush=True)
    return [name] if code else []


if __name__ == "__main__":
    sys.exit(main())
