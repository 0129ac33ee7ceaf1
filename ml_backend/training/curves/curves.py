"""A training's curves: a line in curves.jsonl and TensorBoard's scalars for every report, and its images of previews.

tensorboard --logdir MODEL/tensorboard
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard.writer import SummaryWriter

from .curve_file import Point, append_point, drop_after

TENSORBOARD = "tensorboard"
FLUSH_SECONDS = 20


class Curves:
    """Open while a model trains. Reports beyond `iteration`, at which it goes on, are forgotten."""

    def __init__(self, model: Path, iteration: int) -> None:
        self._model = model
        self._writer = self._begin(iteration)

    def add(
        self, iteration: int, seconds: float, figures: Mapping[str, float], parts: Mapping[str, float] | None = None
    ) -> None:
        """One report.

        seconds: that the model has trained in all. figures: loss, held_out_loss, learning_rate, images_per_second and
        phase, those that are known. parts: what the loss is made of, by name.
        """
        known = {name: figures[name] for name in _FIGURES if name in figures}
        phase = int(known.pop("phase")) if "phase" in known else None
        parts = dict(parts or {})
        append_point(
            self._model,
            Point.model_validate({"iteration": iteration, "seconds": seconds, "parts": parts, "phase": phase} | known),
        )
        for name, value in known.items():
            self._writer.add_scalar(f"training/{name}", value, iteration)
        for name, value in parts.items():
            self._writer.add_scalar(f"loss/{name}", value, iteration)

    def show(self, iteration: int, preview: NDArray[np.uint8]) -> None:
        """A preview, H×W×3 RGB, for TensorBoard's images."""
        self._writer.add_image("preview", preview, iteration, dataformats="HWC")

    def rewind(self, iteration: int) -> None:
        """Forget the reports beyond `iteration`: the training has gone back to it."""
        self.close()
        self._writer = self._begin(iteration)

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()

    def _begin(self, iteration: int) -> SummaryWriter:
        drop_after(self._model, iteration)
        # TensorBoard hides the points at purge_step and later that older files of the same folder hold
        return SummaryWriter(str(self._model / TENSORBOARD), purge_step=iteration + 1, flush_secs=FLUSH_SECONDS)


_FIGURES = ("loss", "held_out_loss", "learning_rate", "images_per_second", "phase")
