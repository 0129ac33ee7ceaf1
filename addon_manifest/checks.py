"""Checks of the extension that Blender's own validation leaves out."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_KEYS = {
    *("schema_version", "id", "version", "name", "tagline", "maintainer", "type", "license", "copyright", "tags"),
    *("blender_version_min", "blender_version_max", "website", "permissions", "platforms", "wheels", "build"),
}
_PERMISSIONS = {"files", "network", "clipboard", "camera", "microphone"}
_PLATFORMS = {"windows-x64", "windows-arm64", "macos-x64", "macos-arm64", "linux-x64", "linux-arm64"}
_LONGEST_LINE = 64
_BLENDERS_MODULES = {"bpy", "bpy_extras", "gpu", "gpu_extras", "blf", "mathutils", "bl_ui"}


def manifest_problems(manifest: dict[str, Any]) -> Iterator[str]:
    """What the extension platform would send back, one sentence each."""
    for key in manifest.keys() - _KEYS:
        yield f"The key {key!r} is unknown."
    if "blender" in manifest["name"].lower():
        yield "The name may not contain 'Blender'."
    if manifest["license"] != ["SPDX:GPL-3.0-or-later"]:
        yield "The licence must be SPDX:GPL-3.0-or-later."
    for platform in set(manifest.get("platforms", ())) - _PLATFORMS:
        yield f"The platform {platform!r} is unknown."
    for permission in manifest.get("permissions", {}).keys() - _PERMISSIONS:
        yield f"The permission {permission!r} is unknown."
    lines = {"tagline": manifest["tagline"], **manifest.get("permissions", {})}
    for name, text in lines.items():
        if not 0 < len(text) <= _LONGEST_LINE:
            yield f"The line {name!r} has {len(text)} characters; 1 to {_LONGEST_LINE} are allowed."
        if text.endswith((".", "!", "?")):
            yield f"The line {name!r} may not end with punctuation."


def import_problems(package: Path) -> Iterator[str]:
    """Imports of anything but the standard library, Blender and the extension itself."""
    for file in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names | _BLENDERS_MODULES:
                    yield f"{file.relative_to(package)} imports {name}, which Blender does not bring."
                if top in _BLENDERS_MODULES and "core" in file.relative_to(package).parts:
                    yield f"{file.relative_to(package)} imports {name}, but core is free of Blender."
