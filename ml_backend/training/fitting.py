"""Whether a training fits the memory, worked out before it begins."""

from collections.abc import Callable

import torch

from ml_backend.errors import UsageError
from ml_backend.memory import available_mb

from .config import TrainingConfig
from .parallel.world import World
from .rehearsal import rehearse

USABLE = 0.9  # of the free memory: rooms between tensors, and the work space of convolutions
_MIB = 2**20


def free_memory(device: torch.device, world: World) -> int:
    """Bytes that this process can have on a device now; processes without a GPU of their own share the machine's."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return available_mb() * _MIB // world.size  # that of mps is the machine's own


def parts_needed(
    config: TrainingConfig,
    identities: int,
    precision: torch.dtype,
    free: int,
    world: World,
    say: Callable[[str], None],
    learning: int | None = None,
) -> int:
    """In how many parts batches must be worked through so that a step fits into `free` bytes.

    identities, learning: as `rehearse` takes them.
    The course of the training stays the same; it only takes longer. Raises UsageError with what would fit where even
    one face of each identity at a time does not.
    """
    usable = USABLE * free
    whole = -(-config.batch_size // world.size)

    def needed(faces: int) -> int:
        of_these = config.model_copy(update={"batch_size": faces, "accumulate": 1})
        return rehearse(of_these, identities, precision, learning).peak

    at_once = -(-whole // config.accumulate)
    most = needed(at_once)
    if most <= usable:
        return config.accumulate
    least = needed(1)
    if least > usable:
        hint = "" if config.gradient_checkpointing else " or --set gradient_checkpointing=true"
        raise UsageError(
            f"A step with one face of each identity needs {least / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free.",
            f"Use a smaller --preset{hint}, close other programs, or take another machine.",
        )
    each = (most - least) / max(1, at_once - 1)  # what a step holds grows evenly with the batch
    faces = max(1, int(1 + (usable - least) / each))
    parts = -(-whole // faces)
    say(
        f"A step with {at_once} faces of each identity needs {most / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free: "
        f"batches are worked through in {parts} parts. --set batch_size={faces * world.size} would fit in one."
    )
    return parts
