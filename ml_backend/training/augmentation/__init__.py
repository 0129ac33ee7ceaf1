"""Random changes of faces, made for a whole batch on the device that trains.

Place, size and light change in the input and the target alike, so that the network learns to keep them; the elastic
warp, a little colour, blur, noise and what is laid over the face change the input alone, so that it learns what a face
must look like. All chance comes from a CPU generator and is drawn for the whole batch before any pixel is touched: the
same seed gives the same batch on every device, in parts or in one. A setting of 0 costs nothing.
"""

from .batch import Batch, apply_changes, make_batch
from .changes import Changes, draw_changes, is_mirrored

__all__ = ["Batch", "Changes", "apply_changes", "draw_changes", "is_mirrored", "make_batch"]
