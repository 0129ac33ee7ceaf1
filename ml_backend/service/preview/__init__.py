"""Previews of single frames: one process that stays warm, apart from the jobs."""
