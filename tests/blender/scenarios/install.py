"""Installs the built extension, enables it, uses its command, disables and removes it. Arguments: folder, zip."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import bpy

MODULE = "bl_ext.user_default.deepfake_sequencer"
bpy.ops.extensions.package_install_files(filepath=sys.argv[2], repo="user_default", enable_on_install=False)
enabled = bpy.ops.preferences.addon_enable(module=MODULE)
context: Any = bpy.context
preferences = context.preferences.addons[MODULE].preferences
preferences.workspace = str(Path(sys.argv[1]) / "work space")
commands = importlib.import_module(f"{MODULE}.commands")
code = commands.main(["status"])
place = importlib.import_module(f"{MODULE}.preferences").backend_place()
answer = {
    "enabled": list(enabled),
    "settings": hasattr(bpy.context.scene, "deepfake"),
    "code": code,
    "workspace": str(place.workspace),
    "operator": "swap" in dir(bpy.ops.deepfake),
}
bpy.ops.preferences.addon_disable(module=MODULE)
answer["gone"] = not hasattr(bpy.context.scene, "deepfake")
print(json.dumps(answer))
