"""Transfer curves and primaries: from code values to linear light and back."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DIFFUSE_WHITE = 203.0
"""The luminance in cd/m² that is 1.0 in linear light: HDR reference white of ITU-R BT.2408."""

_PQ_PEAK = 10000.0
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

_HLG_PEAK = 1000.0
_HLG_GAMMA = 1.2
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_LUMINANCE_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)

_D65 = (0.3127, 0.3290)
REC709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
"""Chromaticities x, y of red, green and blue; the white is D65."""

Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def srgb_encode(linear: Floats) -> Floats:
    """Linear light 0–1 to sRGB code values 0–1 (IEC 61966-2-1), any shape."""
    low = linear <= np.float32(0.0031308)
    return np.where(low, linear * np.float32(12.92), np.float32(1.055) * _power(linear, 1 / 2.4) - np.float32(0.055))


def srgb_decode(code: Floats) -> Floats:
    """sRGB code values to linear light; code values above 1 go on with the curve, negative ones with its line."""
    low = code <= np.float32(0.04045)
    upper = _power((code + np.float32(0.055)) * np.float32(1 / 1.055), 2.4)
    return np.where(low, code * np.float32(1 / 12.92), upper)


def pq_decode(code: Floats) -> Floats:
    """SMPTE ST 2084 (BT.2100 PQ) code values to display light: 1.0 is `DIFFUSE_WHITE`, the peak 49.3."""
    root = np.power(code.clip(0, 1).astype(np.float64), 1 / _M2)
    light = np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1)
    return np.asarray(light * (_PQ_PEAK / DIFFUSE_WHITE), np.float32)


def pq_encode(light: Floats) -> Floats:
    """The inverse of `pq_decode`; light outside 0 to the peak is cut."""
    # In float32 the last power would turn rounding into whole codes of 16 bit.
    root = np.power((light.astype(np.float64) * (DIFFUSE_WHITE / _PQ_PEAK)).clip(0, 1), _M1)
    return np.asarray(np.power((_C1 + _C2 * root) / (1 + _C3 * root), _M2), np.float32)


def hlg_decode(code: Floats) -> Floats:
    """BT.2100 HLG code values to scene light 0–1: the inverse OETF."""
    values = code.clip(0, 1).astype(np.float64)
    return np.where(values <= 0.5, values * values / 3, (np.exp((values - _C) / _A) + _B) / 12).astype(np.float32)


def hlg_encode(scene: Floats) -> Floats:
    """The inverse of `hlg_decode`; light outside 0–1 is cut."""
    light = scene.clip(0, 1)
    upper = np.float32(_A) * np.log(np.maximum(12 * light - np.float32(_B), np.float32(1e-9))) + np.float32(_C)
    return np.where(light <= np.float32(1 / 12), np.sqrt(3 * light), upper)


def hlg_show(scene: Floats) -> Floats:
    """H×W×3 scene light in BT.2020 to the light of HLG's reference display: the OOTF.

    That display has 1000 cd/m², system gamma 1.2 and black at 0; 1.0 is `DIFFUSE_WHITE`, the code value 0.75.
    """
    gain = _power(scene @ _LUMINANCE_2020, _HLG_GAMMA - 1) * np.float32(_HLG_PEAK / DIFFUSE_WHITE)
    return scene * gain[..., None]


def hlg_unshow(light: Floats) -> Floats:
    """The inverse of `hlg_show`."""
    shown = light * np.float32(DIFFUSE_WHITE / _HLG_PEAK)
    luminance = shown @ _LUMINANCE_2020
    gain = _power(np.where(luminance > 0, luminance, 1), (1 - _HLG_GAMMA) / _HLG_GAMMA)
    return shown * gain[..., None]


def primaries_matrix(given: Primaries, wanted: Primaries) -> NDArray[np.float64]:
    """3×3: linear RGB of one set of primaries to another's, both with white D65 (SMPTE RP 177)."""
    return np.asarray(np.linalg.solve(_to_xyz(wanted), _to_xyz(given)), np.float64)


def _to_xyz(primaries: Primaries) -> NDArray[np.float64]:
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([_D65[0] / _D65[1], 1, (1 - _D65[0] - _D65[1]) / _D65[1]])
    return np.asarray(columns * np.linalg.solve(columns, white), np.float64)


def _power(values: Floats, exponent: float) -> Floats:
    """values ** exponent for values ≥ 0, several times as fast as NumPy; negative values become 0."""
    return np.asarray(cv2.pow(np.maximum(values, 0), exponent), np.float32).reshape(values.shape)
