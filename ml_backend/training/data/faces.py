"""The faces of one identity, wherever they are kept."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .poses import even_shares


@dataclass(frozen=True, eq=False)
class TrainingFaces:
    """The faces of one identity, each with its masks.

    planes: M×5×S×S uint8: red, green, blue, the face's mask, eyes and mouth; on the training device, or on the CPU,
    where they may be a file that is read as it is needed.
    span: the side of the stored crop as a multiple of the face crop's.
    embedding: their mean (128). middle: where the features are, see `expression.usual_middle`; None where nobody knows.
    poses: N×2, yaw and pitch of these faces in degrees; None where nobody knows them.
    drawn: N, whose lids were drawn shut; None for nobody's.
    places: N×3, number of the source, track, frame; None where nobody knows them.
    device: where `take` puts planes; None is where they are.
    chosen: N, the numbers of those planes that are these faces (long, CPU); None is all of them.
    """

    planes: Tensor
    span: float
    embedding: NDArray[np.float32]
    poses: NDArray[np.float64] | None = None
    places: NDArray[np.int64] | None = None
    device: torch.device | None = None
    chosen: Tensor | None = None
    middle: tuple[float, float] | None = None
    drawn: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.planes if self.chosen is None else self.chosen)

    def spread(self, count: int) -> Tensor:
        """The numbers of `count` faces that are as they were filmed, spread evenly (long, CPU); some twice of few."""
        return torch.from_numpy(self.filmed)[torch.linspace(0, len(self.filmed) - 1, count).round().long()]

    def take(self, indices: Tensor) -> Tensor:
        """The planes of some faces, K×5×S×S uint8 on the training device; indices: K numbers below len(self), CPU."""
        if self.chosen is not None:
            indices = self.chosen[indices]
        taken = self.planes.index_select(0, indices.to(self.planes.device))
        if self.device is None or self.planes.device.type != "cpu" or self.device.type == "cpu":
            return taken
        if self.device.type == "cuda":  # from pinned memory the copy goes on while the caller does
            taken = taken.pin_memory()
        return taken.to(self.device, non_blocking=True)

    def subset(self, indices: Tensor) -> "TrainingFaces":
        """Some of these faces, without a copy of the planes; the embedding stays that of all."""
        rows = indices.numpy()
        return replace(
            self,
            poses=None if self.poses is None else self.poses[rows],
            places=None if self.places is None else self.places[rows],
            drawn=None if self.drawn is None else self.drawn[rows],
            chosen=indices if self.chosen is None else self.chosen[indices],
        )

    @cached_property
    def filmed(self) -> NDArray[np.int64]:
        """The numbers of the faces that are as they were filmed."""
        return np.arange(len(self)) if self.drawn is None else np.flatnonzero(~self.drawn)

    @cached_property
    def even_shares(self) -> NDArray[np.float64] | None:
        """See `poses.even_shares`; None where nobody knows the poses."""
        return None if self.poses is None else even_shares(self.poses)
