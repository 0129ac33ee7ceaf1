"""All that a rebuilt face is asked for, under the configuration's weights."""

from collections.abc import Callable

from torch import Tensor

from ml_backend.networks.recogniser import Recogniser
from ml_backend.training.config import LossWeights

from .frequency import focal_frequency
from .pixels import face_weights, l1, l2, mask_loss
from .recognition import recognition_loss
from .structural import dssim, ms_ssim, windows_for


def reconstruction_loss(
    face: Tensor,
    logits: Tensor,
    target: Tensor,
    mask: Tensor,
    features: Tensor,
    weights: LossWeights,
    recogniser: Recogniser | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of rebuilt faces, and its parts by name before their weights, without gradients.

    face, target: N×3×R×R in 0–1. logits: N×1×R×R of the made mask. mask, features (eyes, mouth): N×1×R×R in 0–1.
    A part whose weight is 0 is not computed. For use outside of autocast: all is done in float32. Raises ValueError
    where the recognition is asked for without a recogniser.
    """
    if weights.recognition and recogniser is None:
        raise ValueError("the weight of recognition needs a recogniser")
    face, logits = face.float(), logits.float()
    places = face_weights(mask, features, weights.outside, weights.eyes_and_mouth)
    ways: dict[str, Callable[[], Tensor]] = {
        "dssim": lambda: dssim(face, target, places, windows_for(target.shape[-1])),
        "ms_ssim": lambda: ms_ssim(face, target, places),
        "l1": lambda: l1(face, target, places),
        "l2": lambda: l2(face, target, places),
        "mask": lambda: mask_loss(logits, mask),
        "frequency": lambda: focal_frequency(face, target, mask),
    }
    if recogniser is not None:
        ways["recognition"] = lambda: recognition_loss(recogniser, face, target, places)
    total = face.new_zeros(())
    parts = {}
    for name, way in ways.items():
        weight = getattr(weights, name)
        if weight:
            value = way()
            parts[name] = value.detach()
            total = total + weight * value
    return total, parts
