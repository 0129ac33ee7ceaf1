"""An imperceptible mark of 32 bits in deliveries: which swaps are in this picture, even after it was encoded anew."""

from ml_backend.provenance.watermark.detect import Reading, detect
from ml_backend.provenance.watermark.embed import embed, embed_luma

__all__ = ["Reading", "detect", "embed", "embed_luma"]
