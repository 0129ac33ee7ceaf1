"""Which swap does the mark in a film or a picture name?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from ml_backend.delivery.deliver_swaps import delivered_swaps
from ml_backend.delivery.pictures import pictures_in
from ml_backend.errors import BackendError
from ml_backend.media.picture import png_size
from ml_backend.media.source import open_source
from ml_backend.provenance.watermark import detect
from ml_backend.provenance.watermark.payload import swaps_of

LOOKED_AT = 5  # frames, spread over a film
LARGEST = 1 << 26
"""Pixels of a picture that is searched: 8192 × 8192. A few kB can unfold into gigabytes, and minutes of search."""


def read_watermark(path: Path, swaps: Sequence[Path]) -> dict[str, Any]:
    """payload (8 hex digits), confidence (0–1) and, where these are given, which of the `swaps` it names.

    Empty where there is no mark, or the pictures cannot be read. Where one is larger than LARGEST nothing is looked
    for, and `unread` says so.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # a TIFF's credential is a tag it does not know
    sizes = (png_size(file) for file in (pictures_in(path) if path.is_dir() else [path]))
    huge = next((size for size in sizes if size and size[0] * size[1] > LARGEST), None)
    if huge:
        return {"unread": f"{huge[0]}×{huge[1]} pixels are too many"}
    try:
        source = open_source(path)
        if source.info.width * source.info.height > LARGEST:
            return {"unread": f"{source.info.width}×{source.info.height} pixels are too many"}
        every = max(1, len(source.numbers) // LOOKED_AT)
        chosen = source.numbers[every // 2 :: every][:LOOKED_AT]
        pictures = [frame.image for frame in source.frames(chosen)]
    except BackendError:
        return {}
    found = detect(pictures)
    if found.payload is None:
        return {}
    told: dict[str, Any] = {"payload": f"{found.payload:08x}", "confidence": round(found.confidence, 3)}
    if swaps:
        known = {str(swap.folder): swap.sha256 for swap in delivered_swaps(swaps)}
        told["swaps"] = swaps_of(found.payload, known) or []
    return told
