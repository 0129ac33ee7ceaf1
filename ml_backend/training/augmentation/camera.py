"""What light and a camera do to pictures N×3×R×R. All work on the device of the pictures."""

import torch
from torch import Tensor

from .changes import Colour, Light, Noise

_SHARP = 0.05  # pixels: a blur of this deviation changes nothing that could be seen


def gain_and_lift(light: Light, middle: Tensor, resolution: int, scale: float) -> tuple[Tensor, Tensor]:
    """What exposure, tint, slope and contrast come to: a factor N×3×R×R and a summand N×1×1×1.

    middle: N×1×1×1, the means of the pictures, around which the contrast turns. scale: what leads from the pictures'
    range to 0–1, in which the result is. The slope's exponential is a product of one along each axis.
    """
    device = middle.device
    exposure, slope, contrast, _ = (part.to(device) for part in light)
    line = torch.linspace(-1, 1, resolution, device=device)
    across, down = ((slope[:, axis, None] * line).exp() for axis in (0, 1))
    colour = exposure.exp() * (contrast * scale)[:, None]
    gain = (down[:, None, :, None] * across[:, None, None, :]) * colour[:, :, None, None]
    return gain, middle * scale * (1 - contrast.view(-1, 1, 1, 1))


def relight(pictures: Tensor, gain: Tensor, lift: Tensor, gamma: Tensor) -> Tensor:
    """(pictures · gain + lift), cut to 0–1, to the power of gamma (N): a new tensor."""
    lit = (pictures * gain).add_(lift).clamp_(1e-4, 1)
    return lit.log2_().mul_(gamma.to(lit.device).view(-1, 1, 1, 1)).exp2_()  # half of the time that ** takes


def recolour(pictures: Tensor, colour: Colour) -> Tensor:
    """Contrast around mid-grey, then the tint; a new tensor in 0–1."""
    tint, contrast = (part.to(pictures.device) for part in colour)
    contrast = contrast.view(-1, 1, 1, 1)
    return (pictures * contrast).add_(tint[:, :, None, None] + (0.5 - 0.5 * contrast)).clamp_(0, 1)


def blur(pictures: Tensor, deviations: Tensor) -> Tensor:
    """Each picture with a Gaussian of its own deviation (N, CPU, parts of the side); a new tensor.

    A Gaussian along an axis is a product with a banded matrix, whose rows are normalised: beyond the border there is
    nothing, and it weighs nothing. Pictures of deviation 0 stay bit for bit, and cost nothing but their copy.
    """
    side = pictures.shape[-1]
    chosen = (deviations * side > _SHARP).nonzero()[:, 0]
    blurred = pictures.clone()
    if not len(chosen):
        return blurred
    place = torch.arange(side, device=pictures.device)
    deviation = (deviations[chosen] * side).to(pictures.device).view(-1, 1, 1)
    weights = torch.exp(-0.5 * ((place[:, None] - place) / deviation) ** 2)
    weights = (weights / weights.sum(2, keepdim=True)).transpose(1, 2)
    chosen = chosen.to(pictures.device)
    part = pictures.index_select(0, chosen)
    for _ in range(2):  # along the rows, then along the columns
        part = (part.reshape(-1, 3 * side, side) @ weights).view(-1, 3, side, side).transpose(2, 3)
    return blurred.index_copy_(0, chosen, part)


def grain(pictures: Tensor, noise: Noise, field: Tensor) -> Tensor:
    """Each picture with `field` (3×R×R) added at its own place and strength; a new tensor in 0–1."""
    field = field.to(pictures.device)
    shifted = torch.stack([field.roll((int(y), int(x)), (1, 2)) for y, x in noise.place])
    return shifted.mul_(noise.deviation.to(pictures.device).view(-1, 1, 1, 1)).add_(pictures).clamp_(0, 1)
