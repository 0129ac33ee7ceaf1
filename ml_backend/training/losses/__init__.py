"""What the autoencoder pays for: pure functions of pictures N×3×R×R in 0–1 and weights N×1×R×R.

Every loss is the mean of what each face costs, a face without weights costs nothing: the parts of a batch average to
the whole. They want float32 pictures, and to be called outside of autocast.
"""

from .pixels import face_weights, weighted_mean
from .structural import dssim, ssim_map

__all__ = ["dssim", "face_weights", "ssim_map", "weighted_mean"]
