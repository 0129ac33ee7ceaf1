"""Take the noise out of landmarks over time without delay, and keep blinks and speech."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .canonical import fit_head
from .regions import INNER_LIPS, LEFT_EYE, LIPS, RIGHT_EYE

Array = NDArray[np.float64]

# σ in frames of the neighbours' weights at strength 1; deviations from even motion below this part of the face's size
# are taken for noise. A head is heavy and moves evenly; lids are fast.
HEAD = 2.5, 0.02
SKIN = 2.0, 0.02
MOUTH = 1.0, 0.02
EYES = 1.5, 0.006
_EYES = np.concatenate([LEFT_EYE, RIGHT_EYE, np.arange(468, 478)])  # lids and irises
_MOUTH = np.concatenate([LIPS, INNER_LIPS])
RADIUS = 0.4  # of a face, as a part of the distance of the eyes: the root of its points' mean square
CUT_OFF = 2.5  # neighbours further away than so many σ do not count


def smooth(values: Array, strength: float = 1.0) -> Array:
    """Smooth T×478×3 landmarks of consecutive frames.

    The head's motion and the expression, which is what is left when the head's motion is undone, are smoothed apart:
    most of the noise moves the whole face, and a head does not tremble. Each place becomes the weighted mean of
    itself and of the middles between the places k frames before and k frames after. A middle counts less the further
    it is in time and the more it differs: what happens in a frame or two, such as a blink, stays, and so does even
    motion of any speed. Nothing is delayed: smoothing the reversed sequence gives the reversed result. The ends have
    fewer neighbours and are smoothed less. strength 0 changes nothing, 2 reaches twice as far.
    The weights are those of Tomasi & Manduchi, "Bilateral filtering for gray and color images", 1998.
    """
    if strength <= 0 or len(values) < 3:
        return values.copy()
    fits = [fit_head(landmarks) for landmarks in values]
    sizes, turns, places = (np.array([fit[n] for fit in fits]) for n in range(3))
    faces = np.einsum("tnd,tde->tne", values - places[:, None], turns) / sizes[:, None, None]
    sizes, turns, places = _smooth_heads(sizes, turns, places, strength)
    smoothed = _smooth_points(faces, SKIN, strength)
    for part, how in ((_MOUTH, MOUTH), (_EYES, EYES)):
        smoothed[:, part] = _smooth_points(faces[:, part], how, strength)
    placed: Array = np.einsum("tnd,ted->tne", smoothed, turns) * sizes[:, None, None] + places[:, None]
    return placed


def reach(strength: float) -> int:
    """A frame of the result depends on at most so many frames before and after it."""
    return max(_steps(sigma, strength) for sigma, _ in (HEAD, SKIN, MOUTH, EYES))


def _steps(sigma: float, strength: float) -> int:
    return math.ceil(CUT_OFF * sigma * max(strength, 0.0))


def _ranges(how: tuple[float, float], strength: float, frames: int) -> Iterator[tuple[int, float]]:
    """The steps k of the neighbours that count, and the weight that their distance in time leaves them."""
    for k in range(1, min(_steps(how[0], strength), (frames - 1) // 2) + 1):
        yield k, 2 * math.exp(-((k / (how[0] * strength)) ** 2) / 2)


def _smooth_points(values: Array, how: tuple[float, float], strength: float) -> Array:
    """The weighted means of T×N×3 points, each with weights of its own."""
    change, weights = np.zeros_like(values), np.ones((*values.shape[:-1], 1))
    for k, near in _ranges(how, strength, len(values)):
        to_middle = (values[2 * k :] + values[: -2 * k]) / 2 - values[k:-k]
        weight = near * np.exp(-(to_middle**2).sum(-1, keepdims=True) / how[1] ** 2 / 2)
        change[k:-k] += weight * to_middle
        weights[k:-k] += weight
    smoothed: Array = values + change / weights
    return smoothed


def _smooth_heads(sizes: Array, turns: Array, places: Array, strength: float) -> tuple[Array, Array, Array]:
    """The weighted means of T sizes, T×3×3 turns and T×3 places, with one weight for the three of them.

    Turns are averaged as turns, so that a head that turns evenly neither shrinks nor lags.
    """
    logs = np.log(sizes)[:, None]
    change, weights = np.zeros((len(sizes), 7)), np.ones((len(sizes), 1))
    for k, near in _ranges(HEAD, strength, len(sizes)):
        back = turns[k:-k].transpose(0, 2, 1)
        turned = (_vector(back @ turns[2 * k :]) + _vector(back @ turns[: -2 * k])) / 2
        moved = (places[2 * k :] + places[: -2 * k]) / 2 - places[k:-k]
        grown = (logs[2 * k :] + logs[: -2 * k]) / 2 - logs[k:-k]
        rim = RADIUS * np.hstack([turned, grown])  # how far that moves the points
        off = ((moved / sizes[k:-k, None]) ** 2).sum(1, keepdims=True) + (rim**2).sum(1, keepdims=True)
        weight = near * np.exp(-off / HEAD[1] ** 2 / 2)
        change[k:-k] += weight * np.hstack([grown, turned, moved])
        weights[k:-k] += weight
    change /= weights
    return sizes * np.exp(change[:, 0]), turns @ _matrix(change[:, 1:4]), places + change[:, 4:]


def _vector(turns: Array) -> Array:
    """The axes T×3, as long as the angles in radians, of T×3×3 rotations by less than half a turn."""
    axis = np.stack(
        [turns[:, 2, 1] - turns[:, 1, 2], turns[:, 0, 2] - turns[:, 2, 0], turns[:, 1, 0] - turns[:, 0, 1]], 1
    )
    sine = np.linalg.norm(axis, axis=1) / 2
    angle = np.arctan2(sine, (np.trace(turns, axis1=1, axis2=2) - 1) / 2)
    vectors: Array = axis / 2 * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 1)[:, None]
    return vectors


def _matrix(vectors: Array) -> Array:
    """The T×3×3 rotations about T×3 axes by their lengths (Rodrigues' formula)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).reshape(-1, 3, 3)
    # sin(a)/a and (1 − cos(a))/a², which numpy's sinc gives at 0, too
    turns: Array = np.eye(3) + np.sinc(angle / np.pi) * cross + np.sinc(angle / 2 / np.pi) ** 2 / 2 * cross @ cross
    return turns
