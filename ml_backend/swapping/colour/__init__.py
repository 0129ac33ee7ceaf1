"""Bring the colours of the made face to those of the plate."""

from .level import keep_level
from .match import Method, Parameters, apply, measure
from .skin import skin_weights
from .spots import without_spots
from .statistics import Picture

__all__ = ["Method", "Parameters", "Picture", "apply", "keep_level", "measure", "skin_weights", "without_spots"]
