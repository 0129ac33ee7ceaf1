"""How a film is encoded: by which encoder, with which values, at which quality."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from av.video.frame import VideoFrame
from av.video.reformatter import ColorTrc

from ml_backend.errors import UsageError
from ml_backend.media.rgb import bit_depth

Codec = Literal["h264", "h265", "prores"]

CONTAINERS: Mapping[str, str] = {".mp4": "mp4", ".mov": "mov"}
"""FFmpeg's name of the container for each file ending."""
_CRF: Mapping[str, int] = {"h264": 16, "h265": 18}
_HIGHEST_CRF = 51
_HDR = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)


@dataclass(frozen=True)
class Encoding:
    """encoder, pixels: FFmpeg's names of the encoder and of how a pixel is stored. bits: of a value.

    tag: what the container calls the codec; None: FFmpeg's choice. limited: must values keep to the limited range?
    """

    encoder: str
    pixels: str
    bits: int
    options: Mapping[str, str]
    tag: str | None = None
    limited: bool = False


def choose_encoding(
    codec: Codec | None, container: str, crf: int | None, size: tuple[int, int], like: VideoFrame | None, deep: bool
) -> Encoding:
    """codec None: H.264. size: width and height. like: a frame of the film, None where it comes from pictures.

    H.264 has 8 bits, which every player shows; H.265 has 10 where the film is `deep`; ProRes is 422 HQ with 10.
    UsageError for what cannot be: HDR in 8 bits, ProRes in mp4, a quality that the codec does not have.
    """
    chosen = codec or "h264"
    if like is not None and like.color_trc in _HDR and chosen == "h264":
        raise UsageError(
            "The film is HDR (PQ or HLG), which 8 bits of H.264 would band.", "Use --codec h265, or --codec prores."
        )
    if chosen == "prores":
        return _prores(container, crf, size)
    quality = _CRF[chosen] if crf is None else crf
    if not 0 <= quality <= _HIGHEST_CRF:
        raise UsageError(f"--crf {quality} is not possible.", f"Give 0 (best) to {_HIGHEST_CRF}.")
    chroma = "444" if any(side % 2 for side in size) else "420"  # half the colour of an odd side there is not
    if chosen == "h264":
        return Encoding("libx264", f"yuv{chroma}p", 8, {"crf": str(quality)})
    pixels = f"yuv{chroma}p10le" if deep else f"yuv{chroma}p"
    # hvc1: QuickTime and Final Cut show no other H.265
    return Encoding(
        "libx265", pixels, 10 if deep else 8, {"crf": str(quality), "x265-params": "log-level=error"}, "hvc1"
    )


def is_deep(frame: VideoFrame) -> bool:
    return bit_depth(frame) > 8


def _prores(container: str, crf: int | None, size: tuple[int, int]) -> Encoding:
    if container != "mov":
        raise UsageError(f"ProRes has no place in {container}.", "Name the file .mov.")
    if crf is not None:
        raise UsageError("ProRes has no CRF.", "Leave --crf out.")
    if size[0] % 2:
        raise UsageError(f"ProRes 422 needs an even width, the film has {size[0]}.", "Use --codec h264 or h265.")
    return Encoding("prores_ks", "yuv422p10le", 10, {"profile": "hq", "vendor": "apl0"}, limited=True)
