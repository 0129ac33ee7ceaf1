"""The text of a preset for swaps: a script that Blender runs."""

from collections.abc import Mapping


def written(settings: Mapping[str, str]) -> str:
    """`settings` as text, by the backend's names."""
    lines = "\n".join(f"{name}={value}" for name, value in settings.items())
    return f'''from typing import Any

import bpy

operators: Any = bpy.ops
operators.deepfake.use_swap_settings(
    settings="""
{lines}
"""
)
'''
