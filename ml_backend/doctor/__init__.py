"""Says whether this machine can do the work, how fast, and what a job of a given size needs."""
