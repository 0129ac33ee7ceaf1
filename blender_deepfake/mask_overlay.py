"""Shows the face under the mask that is painted: as it is where it is seen, red where it is covered."""

from typing import Any

import bpy

_VERTEX = "void main() { uv = place; gl_Position = projection * vec4(corner, 0.0, 1.0); }"
# The pictures' values are sRGB's, and what is drawn into a region has to be linear.
_FRAGMENT = """
void main() {
  vec3 seen = texture(face, uv).rgb;
  float covered = 1.0 - texture(mask, uv).r;
  vec3 marked = mix(vec3(dot(seen, vec3(0.3, 0.6, 0.1))), vec3(1.0, 0.1, 0.1), 0.55);
  vec3 shown = mix(seen, marked, covered);
  vec3 light = mix(shown / 12.92, pow((shown + 0.055) / 1.055, vec3(2.4)), step(vec3(0.04045), shown));
  colour = vec4(light, 1.0);
}
"""
_handle: Any = None
_shader: Any = None


def enable() -> None:
    """Draw over every Image Editor that shows a mask of ours, until `disable`. Does nothing without a window."""
    global _handle  # noqa: PLW0603  Blender gives the handle here and wants it back in disable
    if _handle is None and not bpy.app.background:
        space: Any = bpy.types.SpaceImageEditor
        _handle = space.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW")  # under the lines of a mask that is drawn


def disable() -> None:
    global _handle, _shader  # noqa: PLW0603
    if _handle is not None:
        space: Any = bpy.types.SpaceImageEditor
        space.draw_handler_remove(_handle, "WINDOW")
    _handle = _shader = None


def _draw() -> None:
    context: Any = bpy.context
    mask = context.space_data.image
    crop: Any = bpy.data.images.get(str(mask.get("deepfake_crop", ""))) if mask is not None else None
    if crop is None:
        return
    import gpu
    from gpu_extras.batch import batch_for_shader
    from mathutils import Matrix

    region = context.region
    view = region.view2d
    pixels = Matrix(((2 / region.width, 0, 0, -1), (0, 2 / region.height, 0, -1), (0, 0, 1, 0), (0, 0, 0, 1)))
    (x0, y0), (x1, y1) = view.view_to_region(0, 0, clip=False), view.view_to_region(1, 1, clip=False)
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y0), (x1, y1), (x0, y1)]
    places = [(0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)]
    shader = _made()
    batch = batch_for_shader(shader, "TRIS", {"corner": corners, "place": places})
    gpu.state.blend_set("NONE")
    shader.bind()
    shader.uniform_float("projection", pixels)
    shader.uniform_sampler("face", gpu.texture.from_image(crop))
    shader.uniform_sampler("mask", gpu.texture.from_image(mask))
    batch.draw(shader)


def _made() -> Any:
    global _shader  # noqa: PLW0603  a shader can be made only while something is drawn
    if _shader is None:
        import gpu

        types: Any = gpu.types
        between = types.GPUStageInterfaceInfo("deepfake_mask")
        between.smooth("VEC2", "uv")
        info = types.GPUShaderCreateInfo()
        info.push_constant("MAT4", "projection")
        info.sampler(0, "FLOAT_2D", "face")
        info.sampler(1, "FLOAT_2D", "mask")
        info.vertex_in(0, "VEC2", "corner")
        info.vertex_in(1, "VEC2", "place")
        info.vertex_out(between)
        info.fragment_out(0, "VEC4", "colour")
        info.vertex_source(_VERTEX)
        info.fragment_source(_FRAGMENT)
        _shader = gpu.shader.create_from_info(info)
    return _shader
