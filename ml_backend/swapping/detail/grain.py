"""The plate's grain: measured on one frame, and laid over a made face, which has none.

Pictures are H×W×3 RGB float32 in 0–1 in the plate's own pixels (a resampled crop has other grain), masks and weights
H×W float32 in 0–1.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ml_backend.swapping.blend import Mask, Picture, masked

BINS = 8  # of brightness, equally wide
LAGS = 4  # pixels over which grain is compared with itself
LOWPASS = 1.8  # pixels: grain is looked for in what is finer
FINER, COARSER, AROUND = 3.0, 6.0, 8.0  # pixels: what lies between the first two, and over how much, is structure
SMOOTH = 0.3  # part of the pixels of each brightness, the smoothest, that is measured
ROUGHEST = 1.4  # times as much structure as the face's smoothest part has: brows are dark, and all structure
FEWEST = 64  # pixels from which a spread can be told
ENOUGH = 0.03  # of all pixels: a bin with fewer takes what its neighbours have
MOST_PIXELS = 5_000  # twice as many: a spread to 1.2 % instead of 1.7 %
LARGEST = 2.0  # pixels: the largest grain
OUTLIER = 3.0  # standard deviations: more is no grain
NORMAL = 1.4826  # the standard deviation of normal values whose median magnitude is 1
AXES = ((1, 0), (0, 1))  # x, y
SHEET = 1024  # pixels: side of the sheet of random values that each face's noise is cut from
LEAST_SHARE = 0.05  # of alpha: grain is not raised more for what the layer does not cover


@dataclass(frozen=True)
class Grain:
    """What the fine residue of a plate is like; all float32, and means over frames are valid.

    power: BINS×3, variance of red, green and blue in each bin of brightness, times the bin's share;
    share: BINS×3, part of the measured pixels in each bin;
    likeness: 2×LAGS, correlation with itself 1 … LAGS pixels to the right (first row) and below;
    channels: 3×3, correlation of red, green and blue.
    """

    power: NDArray[np.float32]
    share: NDArray[np.float32]
    likeness: NDArray[np.float32]
    channels: NDArray[np.float32]

    @property
    def size(self) -> tuple[float, float]:
        """Standard deviations in pixels, across and down, of the Gaussian that makes such grain of white noise."""
        return self._fitted()[:2]

    @property
    def sigma(self) -> NDArray[np.float32]:
        """BINS×3 standard deviations of the grain itself at each brightness (the bins' middles)."""
        kept = self._fitted()[2]
        middles, sigma = bin_middles(), np.zeros((BINS, 3), np.float32)
        for channel in range(3):
            share = self.share[:, channel]
            known = share >= min(ENOUGH, float(share.max()))
            variance = self.power[known, channel] / np.maximum(share[known], 1e-9)
            sigma[:, channel] = np.sqrt(np.interp(middles, middles[known], variance / kept))
        return sigma

    def _fitted(self) -> tuple[float, float, float]:
        sizes, likeness, kept = _model()
        wrong = ((likeness - self.likeness) ** 2).sum((2, 3))
        x, y = np.unravel_index(int(wrong.argmin()), wrong.shape)
        return float(sizes[x]), float(sizes[y]), float(kept[x, y])


def bin_middles() -> NDArray[np.float64]:
    """The brightness of each bin."""
    return (np.arange(BINS) + 0.5) / BINS


def measure_grain(plate: Picture, weights: Mask) -> Grain | None:
    """The grain under the weights; None where too few pixels lie there.

    The smoothest part of the face is measured, chosen by coarser structure that hardly knows the grain, and its
    spread taken by the median, which lashes and wrinkles do not move. What is as fine and as even as grain counts as
    grain. `own` of `add_grain` measures the same way, so that the texture that both have cancels.
    """
    inside = np.zeros(weights.shape, bool)
    inside[LAGS:-LAGS, LAGS:-LAGS] = weights[LAGS:-LAGS, LAGS:-LAGS] > 0.5
    places = np.flatnonzero(inside)
    count = len(places)
    if count * SMOOTH < FEWEST:
        return None
    places = places[:: 1 + int(count * SMOOTH) // MOST_PIXELS]
    low = np.asarray(cv2.GaussianBlur(plate, (0, 0), LOWPASS), np.float32)
    residue = (plate - low).reshape(-1, 3)
    around = low.reshape(-1, 3).take(places, 0)
    smooth = _smoothest(_structure(plate).ravel()[places], _bins(around.mean(1)))
    places = places[smooth]
    variance, share = _spread(residue.take(places, 0), _bins(around[smooth]))
    typical = np.sqrt((variance * share).sum(0) + 1e-12).astype(np.float32)

    def normal(down: int, right: int) -> NDArray[np.float32]:
        values = residue.take(places + (down * plate.shape[1] + right), 0) / typical
        return np.asarray(np.clip(values, -OUTLIER, OUTLIER), np.float32)

    middle = normal(0, 0)
    total = max(float((middle**2).sum()), 1e-9)
    likeness = [[float((middle * normal(d * y, d * x)).sum()) / total for d in range(1, LAGS + 1)] for x, y in AXES]
    channels = middle.T @ middle
    scale = np.sqrt(np.maximum(np.diag(channels), 1e-9))
    return Grain(
        (variance * share).astype(np.float32),
        share,
        np.asarray(likeness, np.float32),
        np.asarray(channels / scale / scale[:, None], np.float32),
    )


def add_grain(
    picture: Picture,
    grain: Grain,
    mask: Mask,
    seed: tuple[int, int],
    strength: float = 1.0,
    own: Grain | None = None,
    alpha: Mask | None = None,
) -> Picture:
    """The picture with new grain, the same for the same seed: a number for the swap and the frame's, both 0 or more.

    mask: how much of the made face a pixel shows. Where both are mixed the plate's own grain is still there in part,
    and as much is added as makes the whole as strong as the plate's. own: what the picture has already, of which only
    the difference is added. alpha: the alpha of the layer (straight) that `picture` is the colour of, if it will be
    laid over the plate with less than 1: what it takes off is added before. Can leave 0–1.
    """
    height, width = mask.shape
    variance = grain.sigma**2
    if own is not None:
        variance = np.maximum(variance - own.sigma**2, 0)
    if strength == 0 or not variance.any():
        return picture
    noise = _noise((height, width), grain, seed)
    amount = np.sqrt(np.clip(mask * (2 - mask), 0, 1)) * np.float32(strength)
    if alpha is not None:
        amount /= np.maximum(alpha, LEAST_SHARE)
    noise *= _at(np.sqrt(variance), picture)
    return picture + masked(noise, amount)


def _structure(plate: Picture) -> NDArray[np.float32]:
    """How much coarser than grain the surroundings of each pixel vary, H×W: so coarse that half of the pixels tell."""
    luma = cv2.cvtColor(plate, cv2.COLOR_RGB2GRAY)
    half = cv2.resize(luma, (-(-luma.shape[1] // 2), -(-luma.shape[0] // 2)), interpolation=cv2.INTER_AREA)
    band = cv2.GaussianBlur(half, (0, 0), FINER / 2) - cv2.GaussianBlur(half, (0, 0), COARSER / 2)
    around = cv2.GaussianBlur(band * band, (0, 0), AROUND / 2)
    return np.asarray(cv2.resize(around, luma.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _smoothest(structure: NDArray[np.float32], bins: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of N pixels are measured: the smoothest of each brightness, so that grain of bright places counts too."""
    limits = np.zeros(BINS)
    for one in np.unique(bins):
        limits[one] = np.quantile(structure[bins == one], SMOOTH)
    limits = np.minimum(limits, ROUGHEST * np.quantile(structure, SMOOTH))
    return np.asarray(structure <= limits[bins], np.bool_)


def _bins(values: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.clip((values * BINS).astype(np.int64), 0, BINS - 1)


def _spread(residue: NDArray[np.float32], bins: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The variance of N×3 residues in each bin (BINS×3), by the median of their magnitudes, and the bins' shares."""
    variance, share = np.zeros((BINS, 3), np.float32), np.zeros((BINS, 3), np.float32)
    for channel in range(3):
        counts = np.bincount(bins[:, channel], minlength=BINS)
        for one in np.nonzero(counts >= FEWEST)[0]:
            magnitude = np.abs(residue[bins[:, channel] == one, channel])
            variance[one, channel] = (NORMAL * np.median(magnitude)) ** 2
            share[one, channel] = counts[one]
    return variance, share / np.maximum(share.sum(0), 1)


def _at(sigma: NDArray[np.float32], picture: Picture) -> NDArray[np.float32]:
    """The strength of the grain at each pixel's brightness, H×W×3, linear between the bins."""
    steps = 256
    levels = np.linspace(0, 1, steps)
    table = np.stack([np.interp(levels, bin_middles(), sigma[:, c]) for c in range(3)], 1).astype(np.float32)
    index = np.clip(picture * (steps - 1) + 0.5, 0, steps - 1).astype(np.uint8)
    return np.asarray(cv2.LUT(index, table[:, None]), np.float32)


def _noise(shape: tuple[int, int], grain: Grain, seed: tuple[int, int]) -> NDArray[np.float32]:
    """H×W×3 values of mean 0 and variance 1, as coarse as the grain and with its correlation of the channels."""
    sizes = grain.size
    across, down = (_kernel(size) for size in sizes)
    edge_x, edge_y = len(across) // 2, len(down) // 2
    white = _white((shape[0] + 2 * edge_y, shape[1] + 2 * edge_x), seed)
    values, vectors = np.linalg.eigh(grain.channels.astype(np.float64))
    mixing = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    mixing /= np.sqrt((mixing**2).sum(1, keepdims=True))
    coloured = cv2.transform(white, mixing.astype(np.float32))
    unit_x, unit_y = (kernel / np.sqrt((kernel**2).sum()) for kernel in (across, down))
    filtered = cv2.sepFilter2D(coloured, cv2.CV_32F, unit_x, unit_y)
    return np.asarray(filtered[edge_y : edge_y + shape[0], edge_x : edge_x + shape[1]], np.float32)


def _white(shape: tuple[int, int], seed: tuple[int, int]) -> NDArray[np.float32]:
    """H×W×3 normal values of mean 0 and variance 1: another part of one sheet of them for each seed."""
    first = np.random.default_rng(seed).integers(SHEET, size=2)
    (top, left), sheet = first.tolist(), _sheet()
    part = np.empty((*shape, 3), np.float32)
    for row in range(-top, shape[0], SHEET):  # where the sheet lies on the part, again and again
        for column in range(-left, shape[1], SHEET):
            piece = part[max(row, 0) : row + SHEET, max(column, 0) : column + SHEET]
            piece[:] = sheet[max(-row, 0) :, max(-column, 0) :][: piece.shape[0], : piece.shape[1]]
    return part


@cache
def _sheet() -> NDArray[np.float32]:
    """SHEET×SHEET×3; to make new values for each face takes as long as half of its painting."""
    values = np.random.default_rng(0).standard_normal((SHEET, SHEET, 3), np.float32)
    return np.asarray((values - values.mean((0, 1))) / values.std((0, 1)), np.float32)


def _kernel(sigma: float, radius: int | None = None) -> NDArray[np.float64]:
    """A Gaussian with a sum of 1; a single 1 for a sigma of 0."""
    reach = max(1, int(np.ceil(3 * sigma))) if radius is None else radius
    offsets = np.arange(-reach, reach + 1)
    weights: NDArray[np.float64] = np.exp(-0.5 * (offsets / max(sigma, 1e-3)) ** 2)
    weights /= weights.sum()
    return weights


@cache
def _model() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What the residue of grain of N sizes across and N down would be like.

    The sizes (N); the likeness N×N×2×LAGS as in `Grain`; the part of the grain's variance that the residue keeps, N×N.
    The residue is r = g − G·g with a Gaussian G, so its autocorrelation is R − 2·G·R + G·G·R, and each term is a
    product of one across and one down.
    """
    sizes = np.arange(0, LARGEST + 0.01, 0.05)
    low, reach = _kernel(LOWPASS, 4 * int(LOWPASS + 0.5)), 4 * int(LARGEST)
    terms = np.zeros((3, len(sizes), LAGS + 1))
    for n, size in enumerate(sizes):
        kernel = _kernel(size, reach)
        own = np.convolve(kernel, kernel)
        own /= own.max()
        for order in range(3):
            middle = len(own) // 2
            terms[order, n] = own[middle : middle + LAGS + 1]
            own = np.convolve(own, low)
    signs = np.array([1.0, -2.0, 1.0])
    kept = np.einsum("o,oi,oj->ij", signs, terms[..., 0], terms[..., 0])
    across = np.einsum("o,oid,oj->ijd", signs, terms[..., 1:], terms[..., 0])
    down = np.einsum("o,oi,ojd->ijd", signs, terms[..., 0], terms[..., 1:])
    return sizes, np.stack([across, down], 2) / kept[..., None, None], kept
