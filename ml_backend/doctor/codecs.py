"""Can footage be read and results be written?"""

import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.codec import UnknownCodecError

from ml_backend.doctor.check import Check
from ml_backend.doctor.sample_face import sample_frame
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.media.write import read_picture, write_rgba

# FFmpeg's names of decoders, and what people call what they read
_DECODERS = {
    "h264": "H.264",
    "hevc": "H.265",
    "prores": "ProRes",
    "dnxhd": "DNxHD and DNxHR",
    "png": "PNG movies",
    "mjpeg": "Motion JPEG",
    "mpeg4": "MPEG-4",
    "vp9": "VP9",
    "av1": "AV1",
}
_ALSO = {"av1": ("libdav1d", "libaom-av1")}
_NEEDED = "h264"
_ENCODER = "libx264"
_AGAIN = "Install PyAV (av) again from its own wheels, which bring a whole FFmpeg."
_FRAMES = 3
_TOLERANCE = 6.0  # of 255, on average; H.264 is not exact


def check_decoders() -> Check:
    """Which of the usual kinds of footage can this PyAV read?"""
    missing = [text for name, text in _DECODERS.items() if not any(_has(n, "r") for n in (name, *_ALSO.get(name, ())))]
    version = f"PyAV {av.__version__}"
    if _DECODERS[_NEEDED] in missing:
        return Check("decoders", "failed", f"{version} cannot read {', '.join(missing)}", _AGAIN)
    if missing:
        fix = f"{_AGAIN} Or convert such footage to H.264 or pictures first."
        return Check("decoders", "warning", f"{version} cannot read {', '.join(missing)}", fix)
    return Check("decoders", "ok", f"{version} reads {', '.join(_DECODERS.values())}")


def check_encoders() -> Check:
    if not _has(_ENCODER, "w"):
        return Check("encoders", "failed", f"PyAV {av.__version__} cannot write H.264 ({_ENCODER})", _AGAIN)
    return Check("encoders", "ok", "H.264, PNG")


def check_round_trip() -> Check:
    """Write a small movie and a picture with alpha as jobs do, read both back, and compare."""
    name, width, height = "write and read", 128, 96
    frame = sample_frame(width, height)
    rgba = np.dstack([frame, np.linspace(0, 255, width * height, dtype=np.uint8).reshape(height, width)])
    with tempfile.TemporaryDirectory(prefix="ml-backend-doctor-") as folder:
        movie, picture = Path(folder) / "movie.mp4", Path(folder) / "picture.png"
        write_movie(movie, [frame] * _FRAMES, Fraction(25))
        source = open_source(movie)
        images = [f.image for f in source.frames()]
        write_rgba(picture, rgba)
        exact = np.array_equal(read_picture(picture), rgba)
    if len(images) != _FRAMES:
        return Check(name, "failed", f"of {_FRAMES} frames that were written {len(images)} came back", _AGAIN)
    off = max(float(np.abs(image.astype(np.float32) - frame).mean()) for image in images)
    if off > _TOLERANCE:
        return Check(name, "failed", f"an H.264 movie came back changed by {off:.1f} of 255", _AGAIN)
    if not exact:
        return Check(name, "failed", "a PNG came back changed", "Install opencv-python-headless again.")
    return Check(name, "ok", f"H.264 within {off:.1f} of 255, PNG with alpha exact")


def _has(codec: str, mode: str) -> bool:
    try:
        av.Codec(codec, "r" if mode == "r" else "w")
    except UnknownCodecError:
        return False
    return True
