"""One frame of a swap at once: what a preview at the playhead shows."""
