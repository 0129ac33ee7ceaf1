"""A plate's own alpha: where its picture is empty."""

import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ml_backend.media.colour import unit
from ml_backend.media.frame import Stored
from ml_backend.media.rgb import ANY_TIME_BASE, bit_depth, quarter_turns
from ml_backend.media.transfer import Floats


def telling(alpha: Stored | None) -> Floats | None:
    """H×W of integers or floats as float32 in 0–1.

    None where it tells nothing: it is 1 everywhere, or 0 everywhere on a picture that is there all the same.
    """
    if alpha is None:
        return None
    values = unit(alpha)
    if values.min() >= 1 or values.max() <= 0:
        return None
    return np.nan_to_num(values, nan=0.0).clip(0, 1)


def movie_alpha(frame: VideoFrame) -> Floats | None:
    """H×W of a decoded frame, with the movie's rotation applied; None as in `telling`, and where it has none."""
    if not any(component.is_alpha for component in frame.format.components):
        return None
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or ANY_TIME_BASE
    )
    graph.link_nodes(source, graph.add("alphaextract"), graph.add("buffersink")).configure()
    graph.push(frame)
    grey = graph.vpull()
    highest = np.float32(2 ** bit_depth(grey) - 1)
    values: NDArray[np.float32] = np.divide(grey.to_ndarray(), highest, dtype=np.float32)
    return telling(np.ascontiguousarray(np.rot90(values, quarter_turns(frame))))
