"""Registers and unregisters twice and tells what is left. Argument: folder."""

import json
import threading
from typing import Any

import bpy

import blender_deepfake


def present() -> list[str]:
    names = [name for name in dir(bpy.types) if "DEEPFAKE" in name.upper()]
    names += list(dir(bpy.ops.deepfake)) if "deepfake" in dir(bpy.ops) else []
    return sorted(set(names) | ({"scene"} if hasattr(bpy.types.Scene, "deepfake") else set()))


def undescribed() -> list[str]:
    """Operators, properties and panels without the words that the interface shows."""
    found: list[str] = []
    classes: list[Any] = [getattr(bpy.types, n) for n in dir(bpy.types) if n.upper().startswith("DEEPFAKE")]
    for cls in classes:
        rna = cls.bl_rna
        is_operator = issubclass(cls, bpy.types.Operator)
        if not rna.name or (is_operator and not cls.bl_description):
            found.append(cls.__name__)
        if is_operator:
            found += [] if cls.bl_idname.startswith("deepfake.") else [cls.bl_idname]
            rna = getattr(bpy.ops.deepfake, cls.bl_idname.partition(".")[2]).get_rna_type()
        own = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", {})}
        found += [f"{cls.__name__}.{p.identifier}" for p in rna.properties if p.identifier in own and not p.description]
    settings = [p for p in bpy.types.Strip.bl_rna.properties if p.identifier.startswith("deepfake_")]
    return found + [p.identifier for p in settings if not p.description]


steps = []
before = present()
for _ in range(2):
    blender_deepfake.register()
    steps.append(present())
    silent = undescribed()
    blender_deepfake.unregister()
    steps.append(present())
threads = [thread.name for thread in threading.enumerate()]
print(json.dumps({"before": before, "steps": steps, "undescribed": silent, "threads": threads}))
