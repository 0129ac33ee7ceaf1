"""Which swap does the mark in a film or a picture name?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from ml_backend.delivery.deliver_swaps import delivered_swaps
from ml_backend.errors import BackendError
from ml_backend.media.source import open_source
from ml_backend.provenance.watermark import detect
from ml_backend.provenance.watermark.payload import swaps_of

LOOKED_AT = 5  # frames, spread over a film


def read_watermark(path: Path, swaps: Sequence[Path]) -> dict[str, Any]:
    """payload (8 hex digits), confidence (0–1) and, where these are given, which of the `swaps` it names.

    Empty where there is no mark, or the pictures cannot be read.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # a TIFF's credential is a tag it does not know
    try:
        source = open_source(path)
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
