from typing import Any

import bpy

operators: Any = bpy.ops
operators.deepfake.use_swap_settings(
    settings="""
colour=light
colour_smooth=1.0
feather=0.12
enlarge=detail
sharpness=0.5
grain=1.0
"""
)
