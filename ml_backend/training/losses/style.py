"""What a swapped face takes over from the performer's: the face's colours, and what surrounds it."""

from torch import Tensor

from .pixels import weighted_mean
from .structural import dssim, windows_for


def face_style(made: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """How far mean and standard deviation of each colour inside the mask lie apart: their squared differences.

    made: the swapped face; real and mask: the performer's. The mean over channels and faces; 0 for an empty mask.
    Source: DeepFaceLab's face style in fact, after Li et al., "Demystifying Neural Style Transfer", 2017 (the
    statistics of batch normalisation); here of the masked pixels alone, not of the whole picture with zeros.
    """
    area = mask.sum((2, 3)).clamp_min(1e-6)

    def statistics(picture: Tensor) -> tuple[Tensor, Tensor]:
        mean = (picture * mask).sum((2, 3)) / area
        variance = ((picture - mean[:, :, None, None]).square() * mask).sum((2, 3)) / area
        return mean, (variance + 1e-6).sqrt()  # a flat face has a gradient too

    (made_mean, made_deviation), (real_mean, real_deviation) = statistics(made), statistics(real)
    return ((made_mean - real_mean).square() + (made_deviation - real_deviation).square()).mean()


def background_style(made: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """DSSIM and mean squared difference outside the mask; what lies inside does not count, not even at its edge.

    made: the swapped face; real and mask (0–1): the performer's. Source: DeepFaceLab's background style in fact.
    """
    pasted = made + (real - made) * mask
    outside = 1 - mask
    return dssim(pasted, real, outside, windows_for(real.shape[-1])) + weighted_mean((made - real).square(), outside)
