"""Models on the disk: checkpoints, their history, and what is exported of them."""
