"""Plates in, pictures out: frame-exact reading of movies and image sequences, and atomic writing."""
