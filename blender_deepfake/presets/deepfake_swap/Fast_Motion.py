from typing import Any

import bpy

operators: Any = bpy.ops
operators.deepfake.use_swap_settings(
    settings="""
feather=0.2
smooth=0.5
gaps=true
motion_blur=0.5
"""
)
