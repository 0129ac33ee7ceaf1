"""Consent: who agreed to have their face learned or painted, for what, and until when."""
