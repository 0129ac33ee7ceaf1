"""What was measured on a face, averaged over the frames around, so that the swap does not flicker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .around import symmetric_weights
from .blend import Mask
from .colour import Method, keep_level
from .detail.averaging import mean_of
from .detail.grain import Grain
from .detail.motion_blur import face_motion
from .detail.sharpness import Sharpness
from .making import Made
from .masks.occlusion import Seen, average
from .settings import DETAIL_SMOOTH, SHAPE_SMOOTH, Controls

Kind = TypeVar("Kind", Grain, Sharpness)


@dataclass(frozen=True)
class Steady:
    """What painting one face uses; see `making.Measured`.

    mask: R×R, the network's. seen: what covers the face, if asked. motion: the face's 2×3 similarity from one frame to
    the next in the plate's pixels; None where it is not seen before or after.
    """

    colour: NDArray[np.float32] | None
    mask: Mask
    seen: Seen | None
    sharpness: Sharpness | None
    grain: Grain | None
    motion: NDArray[np.float64] | None
    shape: NDArray[np.float32] | None = None


def steady(number: int, made: Made, near: Mapping[int, Sequence[Made]], controls: Controls) -> Steady:
    """Of the face `made` of frame `number`; near: the faces of the frames around, by number, itself among them."""
    same = {frame: one for frame, faces in near.items() for one in faces if one.track == made.track} | {number: made}
    settings = controls.constant

    for_colour, for_mask, for_detail, for_shape = (
        symmetric_weights(number, same, sigma)
        for sigma in (settings.colour_smooth, settings.mask_smooth, DETAIL_SMOOTH, SHAPE_SMOOTH)
    )
    mask = sum((np.float32(weight) * same[frame].mask for frame, weight in for_mask.items()), np.float32(0))
    return Steady(
        _mean_colour(made, {frame: same[frame].measured.colour for frame in for_colour}, for_colour, settings.colour),
        np.asarray(mask, np.float32),
        _mean_seen(number, {frame: same[frame].seen for frame in for_mask}, for_mask),
        _mean({frame: same[frame].measured.sharpness for frame in for_detail}, for_detail),
        _mean({frame: same[frame].measured.grain for frame in for_detail}, for_detail),
        _motion(number, same),
        _mean_array({frame: same[frame].measured.shape for frame in for_shape}, for_shape),
    )


def _mean_colour(
    made: Made, values: Mapping[int, NDArray[np.float32] | None], weights: Mapping[int, float], method: Method
) -> NDArray[np.float32] | None:
    own, mean = made.measured.colour, _mean_array(values, weights)
    if own is None or mean is None or sum(value is not None for value in values.values()) < 2:
        return own
    return keep_level(method, made.face, made.measured.weights, own, mean)


def _mean_seen(number: int, values: Mapping[int, Seen | None], weights: Mapping[int, float]) -> Seen | None:
    own = values[number]
    if own is None:
        return None
    others = [(seen, weights[frame] / weights[number]) for frame, seen in values.items() if frame != number and seen]
    return average(own, others)


def _mean(values: Mapping[int, Kind | None], weights: Mapping[int, float]) -> Kind | None:
    known = {frame: value for frame, value in values.items() if value is not None}
    return mean_of(list(known.values()), [weights[frame] for frame in known]) if known else None


def _mean_array(
    values: Mapping[int, NDArray[np.float32] | None], weights: Mapping[int, float]
) -> NDArray[np.float32] | None:
    known = {frame: value for frame, value in values.items() if value is not None}
    total = sum(weights[frame] for frame in known)
    mean = sum((np.float32(weights[frame] / total) * value for frame, value in known.items()), np.float32(0))
    return np.asarray(mean, np.float32) if known else None


def _motion(number: int, same: Mapping[int, Made]) -> NDArray[np.float64] | None:
    before, after = same.get(number - 1), same.get(number + 1)
    first, last = before or same[number], after or same[number]
    frames = (before is not None) + (after is not None)
    return face_motion(first.landmarks, last.landmarks, frames) if frames else None
