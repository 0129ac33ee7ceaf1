"""Facesets: stored aligned crops of one identity or performer, with their faces' data."""
