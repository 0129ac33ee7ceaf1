"""The batches of a training's steps, prepared while the step before them computes."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple

import torch
from torch import Tensor

from .augmentation import Batch, apply_changes, draw_changes, is_mirrored
from .config import TrainingConfig
from .data import TrainingFaces, sample_indices
from .parallel.world import ALONE, World

_STRIDE = 0x9E3779B1  # odd, so every seed begins elsewhere; the golden ratio's, so neighbours begin far apart


def step_generator(seed: int, step: int) -> torch.Generator:
    """The chance of a step (from 0), on the CPU.

    torch takes 32 bits of a seed and leaves the others, so that a seed above them would be none: here each one begins
    far from the others on the circle of these numbers, and no two steps of a training have the same.
    """
    return torch.Generator().manual_seed((seed * _STRIDE + step) % 2**32)


class _Demand(NamedTuple):
    """What a batch depends on besides what all steps share."""

    step: int
    resolution: int
    warp: float


class Batches:
    """Gives the batch of any step; what is in it depends on the seed and the step's number alone.

    faces: of each identity. config: its batch_size, balance, augmentation and seed. world: this process makes its own
    rows of each batch. depth: how many steps are prepared in advance, by a thread of its own; 0 makes each batch when
    it is asked for. None is 1 on a GPU and 0 elsewhere, where such a thread would take its time from the step. The
    batches are the same whatever the depth, and however many processes share them.

    Close it, or use it in a `with` statement.
    """

    def __init__(
        self,
        faces: Mapping[str, TrainingFaces],
        config: TrainingConfig,
        device: torch.device,
        world: World = ALONE,
        *,
        depth: int | None = None,
    ) -> None:
        self._faces, self._config = faces, config
        self._rows = world.rows(config.batch_size)
        self._depth = int(device.type in ("cuda", "mps")) if depth is None else depth
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches") if self._depth else None
        self._ahead: dict[_Demand, Future[dict[str, Batch]]] = {}

    def get(self, step: int, resolution: int, warp: float = 1.0) -> dict[str, Batch]:
        """The batch of `step` (from 0) for each identity: R×R pixels, the elastic warp's strength times `warp`.

        Inputs are channels-last. The steps that follow are prepared for the same resolution and warp; where others are
        then asked for, these are made anew. Raises what went wrong in the thread, such as a file that is gone.
        """
        demand = _Demand(step, resolution, warp)
        if self._thread is None:
            return self._make(demand)
        following = [demand._replace(step=step + n) for n in range(1, self._depth + 1)]
        for other in self._ahead.keys() - {demand, *following}:
            self._ahead.pop(other).cancel()
        for wanted in (demand, *following):
            if wanted not in self._ahead:
                self._ahead[wanted] = self._thread.submit(self._make, wanted)
        return self._ahead.pop(demand).result()

    def close(self) -> None:
        """Let go of what is prepared and wait for the thread. A closed one gives no batches."""
        self._ahead.clear()
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def __enter__(self) -> "Batches":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @torch.no_grad()
    def _make(self, demand: _Demand) -> dict[str, Batch]:
        config = self._config
        generator = step_generator(config.seed, demand.step)
        indices = sample_indices(self._faces, config.batch_size, config.balance, generator)
        return {name: self._batch(name, chosen, demand, generator) for name, chosen in indices.items()}

    def _batch(self, name: str, chosen: Tensor, demand: _Demand, generator: torch.Generator) -> Batch:
        faces, a = self._faces[name], self._config.augmentation
        mirrored = is_mirrored(a, name)
        changes = draw_changes(len(chosen), demand.resolution, a, generator, mirrored=mirrored, warp=demand.warp)
        others = faces.take(chosen) if changes.occluders else None
        planes = faces.take(chosen[self._rows]) if others is None else others[self._rows]
        batch = apply_changes(planes, faces.span, demand.resolution, changes.rows(self._rows), others)
        return replace(batch, input=batch.input.contiguous(memory_format=torch.channels_last))
