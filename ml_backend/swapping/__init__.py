"""Swap faces on a plate: a model and a plate in, an image sequence with alpha out."""
