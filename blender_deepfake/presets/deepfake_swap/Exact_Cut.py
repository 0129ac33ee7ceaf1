from typing import Any

import bpy

operators: Any = bpy.ops
operators.deepfake.use_swap_settings(
    settings="""
blend=feather
occlusion_feather=0.02
mask_smooth=0.5
erode=0.02
feather=0.04
"""
)
