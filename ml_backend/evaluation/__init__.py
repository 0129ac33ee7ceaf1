"""Measure a swap: against the truth where there is one, against the identity and the performer."""
