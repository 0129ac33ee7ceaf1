"""Facesets, ready to be made into batches: in the memory of the device, or in a file that is read as it is needed."""

from .faces import TrainingFaces
from .held_out import split_held_out
from .load import load_faces
from .planes import OVERSAMPLE
from .sampling import sample_indices

__all__ = ["OVERSAMPLE", "TrainingFaces", "load_faces", "sample_indices", "split_held_out"]
