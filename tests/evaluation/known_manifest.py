"""The manifest of a swap made by hand."""

from pathlib import Path
from typing import Any

from ml_backend.swapping.manifest import Consent, FrameRecord, Manifest


def manifest_of(numbers: range = range(1, 2), **changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "plate": {"source": "plate_A.mp4", "frames": None},
        "identity": "identity_B",
        "model": str(Path("no") / "model"),
        "checkpoint": "00000001",
        "width": 384,
        "height": 384,
        "bit_depth": 8,
        "fps": "25",
        "first": numbers[0],
        "last": numbers[-1],
        "timecode": None,
        "output": "png8",
        "alpha": "straight",
        "colour": "sRGB",
        "jitter": None,
        "settings": {},
        "keys": {},
        "fingerprint": "",
        "consent": Consent(identity="identity_B", record_sha256=""),
        "frames": [
            FrameRecord(
                number=number,
                file=f"{number:06d}.png",
                faces=1,
                sha256="",
                transforms=[],
                confidence=[],
                window=None,
                bytes=0,
                inputs="",
                swap="",
            )
            for number in numbers
        ],
    }
    return Manifest(**values | changes)
