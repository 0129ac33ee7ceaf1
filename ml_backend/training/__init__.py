"""Train a model from facesets: batches, augmentation, losses, the loop, checkpoints and previews."""
