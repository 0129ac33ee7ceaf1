"""The word that a made face carries where somebody may be tried only: burned in, so that no crop is without it."""

from dataclasses import replace

import numpy as np

from ml_backend.provenance.slate import laid, word

from .painting import Painted


def burn(face: Painted) -> Painted:
    """The same face with the word over its middle, white with a black outline, as opaque as a layer can be.

    The word is in the colour, the alpha and the mask, and in the raw face where that is asked for: no layer of the swap
    is without it. What is black and white holds in any unit, straight or premultiplied, at any bit depth.
    """
    seen = np.argwhere(np.maximum(face.alpha, face.layers.get("mask", face.alpha)) > 0)
    if not len(seen):
        return face
    (top, left), (bottom, right) = seen.min(0), seen.max(0) + 1
    fill, outline = word(face.alpha.shape, (int(left), int(top), int(right - left), int(bottom - top)))
    covered = np.maximum(fill, outline)
    layers = dict(face.layers)
    if "raw" in layers:
        layers["raw"] = laid(layers["raw"], fill, covered)
    if "mask" in layers:
        layers["mask"] = np.maximum(layers["mask"], covered)
    return replace(face, colour=laid(face.colour, fill, covered), alpha=np.maximum(face.alpha, covered), layers=layers)
