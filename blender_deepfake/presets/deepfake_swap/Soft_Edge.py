from typing import Any

import bpy

operators: Any = bpy.ops
operators.deepfake.use_swap_settings(
    settings="""
blend=multiband
mask_smooth=1.5
erode=0.05
feather=0.3
"""
)
