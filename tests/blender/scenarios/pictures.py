"""Pictures and swap folders made with the standard library, and what Blender renders, as arrays."""

import hashlib
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parents[3]
PLATE = ROOT / "demo" / "footage" / "plate_A.mp4"
SIDE = 384


def write_rgba(path: Path, image: np.ndarray) -> None:
    """Write an H×W×4 uint8 picture as a PNG with straight alpha."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + image[y].tobytes() for y in range(height))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def write_rgb16(path: Path, image: np.ndarray) -> None:
    """Write an H×W×3 uint16 picture as a PNG."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + image[y].astype(">u2").tobytes() for y in range(height))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 1)),
        (b"IEND", b""),
    ]
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def write_manifest(
    folder: Path, source: str, numbers: list[int], file_of: Any = "{:06d}.png".format, windows: Any = None, **more: Any
) -> None:
    """The manifest as the backend writes it: of version 2 with `windows` by number or `more` of its top level."""
    frames = [
        {
            "number": number,
            "file": file_of(number),
            "faces": 1,
            "sha256": hashlib.sha256((folder / file_of(number)).read_bytes()).hexdigest(),
            **({"window": windows[number]} if windows else {}),
        }
        for number in numbers
    ]
    manifest = {
        "version": 2 if windows or more else 1,
        "plate": {"source": source, "frames": f"{numbers[0]}-{numbers[-1]}"},
        "identity": "identity",
        "model": "model",
        "width": SIDE,
        "height": SIDE,
        "bit_depth": 8,
        "fps": "25/1",
        "first": numbers[0],
        "last": numbers[-1],
        "frames": frames,
        "settings": {},
        "consent": {"identity": "identity", "record_sha256": ""},
        **more,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def swap_of(folder: Path, numbers: list[int], picture: Any, source: str = str(PLATE)) -> Path:
    """A swap folder whose frame `number` is `picture(number)`, an H×W×4 uint8 array."""
    folder.mkdir(parents=True)
    for number in numbers:
        write_rgba(folder / f"{number:06d}.png", picture(number))
    write_manifest(folder, source, numbers)
    return folder


def numbered(number: int) -> np.ndarray:
    """An opaque picture whose red is its number."""
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    image[..., 0], image[..., 1], image[..., 3] = number, 64, 255
    return image


def edit(scene: Any = None, view: str = "Standard") -> Any:
    """The scene made ready: the plate's size and rate, PNG8 without dither."""
    scene = scene or bpy.context.scene
    scene.sequence_editor_create()
    scene.render.resolution_x = scene.render.resolution_y = SIDE
    scene.render.resolution_percentage = 100
    scene.render.fps, scene.render.fps_base = 25, 1.0
    scene.view_settings.view_transform = view
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "8"
    return scene


def movie(scene: Any, name: str = "plate", channel: int = 1, start: int = 1) -> Any:
    return scene.sequence_editor.strips.new_movie(name, str(PLATE), channel=channel, frame_start=start)


def set_trim(strip: Any, start: int, end: int) -> None:
    """Cut `start` and `end` frames off the content itself."""
    if hasattr(strip, "content_trim_start"):
        strip.content_trim_start, strip.content_trim_end = start, end
    else:
        strip.animation_offset_start, strip.animation_offset_end = start, end


def set_handles(strip: Any, left: int, right: int) -> None:
    """Show the strip from `left` up to, not including, `right`."""
    if hasattr(strip, "left_handle"):
        strip.left_handle, strip.right_handle = left, right
    else:
        strip.frame_final_start, strip.frame_final_end = left, right


def rendered(scene: Any, frame: int, folder: Path) -> np.ndarray:
    """Render `frame`; H×W×3 uint8, top row first."""
    path = folder / "rendered.png"
    scene.frame_set(frame)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    return read(path)


def read(path: Path) -> np.ndarray:
    """A picture file as H×W×3 uint8, top row first."""
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        width, height = image.size
        flat = np.empty(width * height * 4, np.float32)
        image.colorspace_settings.name = "Non-Color"
        image.pixels.foreach_get(flat)
        return np.rint(flat.reshape(height, width, 4)[::-1, :, :3] * 255).astype(np.uint8)
    finally:
        bpy.data.images.remove(image)


def difference(one: np.ndarray, other: np.ndarray) -> int:
    """The largest difference in output codes."""
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def read16(path: Path) -> np.ndarray:
    """A 16-bit picture file as H×W×3 int64, top row first."""
    return np.rint(_floats(path, "Non-Color") * 65535).astype(np.int64)


def rendered_light(scene: Any, frame: int, folder: Path) -> np.ndarray:
    """Render `frame` of a scene that is set to float EXR; H×W×3 linear light, top row first."""
    path = folder / "rendered.exr"
    scene.frame_set(frame)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True, scene=scene.name)
    return _floats(path, "Linear Rec.709")


def _floats(path: Path, colourspace: str) -> np.ndarray:
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        width, height = image.size
        flat = np.empty(width * height * 4, np.float32)
        image.colorspace_settings.name = colourspace
        image.pixels.foreach_get(flat)
        return flat.reshape(height, width, 4)[::-1, :, :3].astype(np.float64)
    finally:
        bpy.data.images.remove(image)
