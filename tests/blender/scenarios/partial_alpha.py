"""Lays an 8-bit swap of every alpha over its plate and compares with what is predicted. Arguments: folder, depth.

depth: 8 or 16 bit of the swap's files.
"""

import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pictures

from blender_deepfake import placing

FRAMES = [1, 2, 3]
SIDE = pictures.SIDE


def picture(number: int) -> np.ndarray:
    """Random colours under bands of all alphas; H×W×4 in 0–255."""
    image = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 4), np.uint8)
    image[..., 3] = (np.arange(SIDE) * 256 // SIDE)[:, None]
    return image


def write_rgba16(path: Path, image: np.ndarray) -> None:
    """The same picture with 16 bit: its values are those of 8 bit, exactly."""
    deep = (image.astype(np.uint16) * 257).astype(">u2")
    rows = b"".join(b"\0" + deep[y].tobytes() for y in range(SIDE))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 16, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 1)),
        (b"IEND", b""),
    ]
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def predicted(plate: np.ndarray, over: np.ndarray) -> np.ndarray:
    alpha = over[..., 3:].astype(np.float64) / 255
    return plate + (over[..., :3] - plate.astype(np.float64)) * alpha


def main(folder: Path, depth: str) -> None:
    scene = pictures.edit()
    if depth == "16":
        scene.render.dither_intensity = 0.0
    plate = pictures.movie(scene)
    pictures.set_handles(plate, 1, len(FRAMES) + 1)
    alone = [pictures.rendered(scene, frame, folder) for frame in FRAMES]
    swap = pictures.swap_of(folder / "swap", FRAMES, picture)
    if depth == "16":
        for number in FRAMES:
            write_rgba16(swap / f"{number:06d}.png", picture(number))
    pictures.write_manifest(swap, str(pictures.PLATE), FRAMES, output=f"png{depth}", alpha="straight")
    result = placing.place(scene, plate, swap)
    errors = []
    for number, below in zip(FRAMES, alone, strict=True):
        shown, wanted = pictures.rendered(scene, number, folder), predicted(below, picture(number))
        errors.append(np.abs(shown - wanted))
    answer = {
        "largest": float(np.max(errors)),
        "clear": float(
            max(error[picture(number)[..., 3] == 0].max() for number, error in zip(FRAMES, errors, strict=True))
        ),
        "opaque": float(
            max(error[picture(number)[..., 3] == 255].max() for number, error in zip(FRAMES, errors, strict=True))
        ),
        "strip": [result.alpha_mode, result.colorspace_settings.name],
    }
    print(json.dumps(answer))


main(Path(sys.argv[1]), sys.argv[2])
