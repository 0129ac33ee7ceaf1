"""Checks of the extension that Blender's own validation leaves out: of the manifest and of the files that ship."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

_NEEDED = {
    *("schema_version", "id", "version", "name", "tagline", "maintainer", "type", "license"),
    "blender_version_min",
}
_KEYS = {*_NEEDED, "copyright", "tags", "blender_version_max", "website", "permissions", "platforms", "wheels", "build"}
_TAGS = {  # of add-ons, as Blender's own list has them
    *("3D View", "Add Curve", "Add Mesh", "Animation", "Bake", "Camera", "Compositing", "Development", "Game Engine"),
    *("Geometry Nodes", "Grease Pencil", "Import-Export", "Lighting", "Material", "Mesh", "Modeling", "Node", "Object"),
    *("Paint", "Physics", "Pipeline", "Render", "Rigging", "Scene", "Sculpt", "Sequencer", "System", "Text Editor"),
    *("Tracking", "User Interface", "UV"),
}
_PERMISSIONS = {"files", "network", "clipboard", "camera", "microphone"}
_PLATFORMS = {"windows-x64", "windows-arm64", "macos-x64", "macos-arm64", "linux-x64", "linux-arm64"}
_LICENCE = "SPDX:GPL-3.0-or-later"
_LONGEST_LINE = 64
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SHIPPED = {".py", ".toml"}  # and what has no ending: the licence


def manifest_problems(manifest: dict[str, Any]) -> Iterator[str]:
    """What the extension platform would send back, one sentence each."""
    for key in sorted(manifest.keys() - _KEYS):
        yield f"The key {key!r} is unknown."
    for key in sorted(_NEEDED - manifest.keys()):
        yield f"The key {key!r} is missing."
    if "blender" in str(manifest.get("name", "")).lower():
        yield "The name may not contain 'Blender'."
    if not _ID.fullmatch(str(manifest.get("id", "a"))):
        yield f"The id {manifest['id']!r} must be lower-case words with single underscores."
    for key in ("version", "blender_version_min", "blender_version_max"):
        if not _VERSION.fullmatch(str(manifest.get(key, "0.0.0"))):
            yield f"The {key} {manifest[key]!r} must have three numbers."
    if manifest.get("type", "add-on") != "add-on":
        yield f"The type {manifest['type']!r} must be 'add-on'."
    if manifest.get("license", [_LICENCE]) != [_LICENCE]:
        yield f"The licence must be {_LICENCE}."
    for tag in _unknown(manifest, "tags", _TAGS):
        yield f"The tag {tag!r} is unknown."
    for platform in _unknown(manifest, "platforms", _PLATFORMS):
        yield f"The platform {platform!r} is unknown."
    for permission in _unknown(manifest, "permissions", _PERMISSIONS):
        yield f"The permission {permission!r} is unknown."
    if manifest.get("wheels"):
        yield "Wheels would tie the extension to one Python, and it has no dependencies."
    yield from _line_problems(manifest)


def _unknown(manifest: dict[str, Any], key: str, known: set[str]) -> list[str]:
    return sorted(set(manifest.get(key) or ()) - known)


def _line_problems(manifest: dict[str, Any]) -> Iterator[str]:
    lines = {"tagline": manifest.get("tagline", "-"), **(manifest.get("permissions") or {})}
    for name, text in lines.items():
        if not 0 < len(text) <= _LONGEST_LINE:
            yield f"The line {name!r} has {len(text)} characters; 1 to {_LONGEST_LINE} are allowed."
        if text.endswith((".", "!", "?")):
            yield f"The line {name!r} may not end with punctuation."


def file_problems(names: Iterable[str]) -> Iterator[str]:
    """Files of the extension, as paths inside it, that must not ship, and those that are missing."""
    found = sorted(names)
    for name in found:
        path = PurePosixPath(name)
        if any(part.startswith(".") or part in ("__pycache__", "tests") for part in path.parts):
            yield f"{name} must not ship."
        elif path.suffix not in _SHIPPED and name != "LICENSE":
            yield f"{name} is no file of an extension: Python, the manifest and the licence are."
        elif path.name.startswith("test_"):
            yield f"{name} is a test, and must not ship."
    for name in ("__init__.py", "blender_manifest.toml", "LICENSE"):
        if name not in found:
            yield f"{name} is missing."
