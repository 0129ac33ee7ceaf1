from typing import Any

import bpy

operators: Any = bpy.ops
operators.deepfake.use_swap_settings(
    settings="""
colour=reinhard
colour_skin=true
colour_smooth=3.0
blend=multiband
feather=0.2
smooth=1.5
sharpness=0.5
grain=1.0
"""
)
