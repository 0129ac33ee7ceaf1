"""Is everything installed that the backend needs, in versions that it was made for, and can it be loaded?"""

import json
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from ml_backend.doctor.check import Check

DISTRIBUTION = "deepfake-sequencer"
LONGEST = 300  # seconds that loading everything may take; torch from a slow network disk needs a minute
# Where the module is not called as its package
_MODULES = {"c2pa-python": "c2pa", "opencv-python-headless": "cv2", "openexr": "OpenEXR"}
_COMPARE = re.compile(r"(~=|==|!=|<=|>=|<|>)\s*([^,\s]+)")
# Loads one module after the other in a process of its own: a library that was built for another processor or misses
# a system library can end the whole process, which the last line then tells.
_PROBE = """
import importlib, json, sys
names, sys.path[:] = json.loads(sys.argv[1]), json.loads(sys.argv[2])
for name in names:
    print(json.dumps({"module": name}), flush=True)
    try:
        module = importlib.import_module(name)
        found = {"version": str(getattr(module, "__version__", ""))}
    except BaseException as error:
        found = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"module": name} | found), flush=True)
"""


@dataclass(frozen=True)
class Requirement:
    """A package and the versions of it that fit, such as torch and ">=2.9,<3"."""

    package: str
    versions: str

    @property
    def module(self) -> str:
        return _MODULES.get(self.package, self.package.replace("-", "_"))


@dataclass(frozen=True)
class Loaded:
    """What became of loading a module: its version ("" where it tells none), or the error on one line."""

    version: str = ""
    error: str = ""


def requirements() -> list[Requirement]:
    """What the installed backend asks for. Raises PackageNotFoundError where it is not installed as a package."""
    found = []
    for text in metadata.requires(DISTRIBUTION) or ():
        name, _, marker = text.partition(";")
        match = re.match(r"[\w.-]+", name)
        if match and not marker.strip():  # with a marker it belongs to an extra, or to other systems
            found.append(Requirement(match.group(), name[match.end() :].strip()))
    return sorted(found, key=lambda requirement: requirement.package)


def check_python() -> Check:
    wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"] or ""
    version = platform.python_version()
    value = f"{version} ({sys.executable})"
    if not fits(version, wanted):
        return Check("python", "failed", value, f"Install the backend into an environment with Python {wanted}.")
    return Check("python", "ok", value)


def check_package(requirement: Requirement, loaded: Loaded) -> Check:
    """Is the package there, does it load, and is its version one that fits?"""
    package, wanted = requirement.package, requirement.versions
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        version = loaded.version  # another package can bring the module, as opencv-contrib-python does
    if loaded.error:
        again = "--force-reinstall " if version else ""
        what = f"{version} cannot be loaded" if version else "is not installed"
        return Check(package, "failed", f"{what} ({loaded.error})", _install(requirement, again))
    if not version:
        return Check(package, "warning", "loads, but its version is unknown", _install(requirement, ""))
    if not fits(version, wanted):
        return Check(package, "failed", f"{version} does not fit {wanted}", _install(requirement, ""))
    return Check(package, "ok", version)


def _install(requirement: Requirement, option: str) -> str:
    wanted = f"{requirement.package}{requirement.versions}"
    return f'Install it again: "{sys.executable}" -m pip install {option}"{wanted}"'


def fits(version: str, wanted: str) -> bool:
    """Does `version` lie in `wanted`, such as ">=2.9,<3"? Only release numbers count: 2.9.1+cu126 is 2.9.1."""
    return all(_holds(_numbers(version), operator, limit) for operator, limit in _COMPARE.findall(wanted))


def _holds(have: list[int], operator: str, text: str) -> bool:
    limit = _numbers(text)
    if operator in ("==", "!=") and text.endswith(".*"):
        return (have[: len(limit)] == limit) == (operator == "==")
    width = max(len(have), len(limit))
    a, b = _padded(have, width), _padded(limit, width)
    if operator == "~=":
        return a >= b and have[: len(limit) - 1] == limit[:-1]
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def _numbers(version: str) -> list[int]:
    match = re.match(r"\d+(\.\d+)*", version)
    return [int(part) for part in match.group().split(".")] if match else []


def _padded(numbers: list[int], width: int) -> list[int]:
    return numbers + [0] * (width - len(numbers))


def try_loading(modules: Sequence[str]) -> dict[str, Loaded]:
    """Load the modules in a process of its own and say what became of each. Takes seconds."""
    command = [sys.executable, "-c", _PROBE, json.dumps(list(modules)), json.dumps(sys.path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        output, end = done.stdout, _ending(done.returncode)
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout or ""
        end = f"not loaded after {LONGEST} s"
    results = {name: Loaded(error="not tried, since loading another package failed before") for name in modules}
    for line in output.splitlines():
        try:
            found = json.loads(line)
            name = found.pop("module")
        except (ValueError, TypeError, AttributeError, KeyError):
            continue  # what a package itself printed while it was loaded
        problem = " ".join(found.get("error", "" if found else end).split())
        results[name] = Loaded(found.get("version", ""), problem)
    return results


def _ending(code: int) -> str:
    try:
        reason = signal.Signals(-code).name if code < 0 else f"code {code}"
    except ValueError:
        reason = f"code {code}"
    return f"loading it ended the process with {reason}: it is damaged, or built for another processor"
