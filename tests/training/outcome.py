"""What tests look at after a training: what it said, and what its model holds."""

from pathlib import Path

import torch

from ml_backend.progress import SilentReporter
from ml_backend.training.models.checkpoints import list_checkpoints, load_checkpoint


class Listener(SilentReporter):
    """Remembers the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def message(self, text: str) -> None:
        self.messages.append(text)


def tensors(model: Path, part: str) -> dict[str, torch.Tensor]:
    """A part of the newest checkpoint."""
    return dict(load_checkpoint(list_checkpoints(model)[-1]).parts[part])
