"""How a training went: its curves, on the disk, in TensorBoard and as pictures."""
