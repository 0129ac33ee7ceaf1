"""Which device trains, and in which precision."""

from functools import cache
from typing import TypeVar

import torch
from torch import nn

from ml_backend.errors import UsageError

from .config import Precision
from .parallel.world import World

N = TypeVar("N", bound=nn.Module)


@cache
def best_device() -> torch.device:
    """cuda or mps where there is one, else cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def training_device(world: World) -> torch.device:
    """The best device for this process: of several GPUs in a machine, each process has its own.

    Raises UsageError where there are more processes than GPUs.
    """
    device = best_device()
    if device.type != "cuda" or world.size == 1:
        return device
    if world.local_rank >= torch.cuda.device_count():
        raise UsageError(
            f"Process {world.local_rank + 1} of this machine has no GPU: there are {torch.cuda.device_count()}.",
            f"Say --devices {torch.cuda.device_count()}.",
        )
    return torch.device("cuda", world.local_rank)


def resolve_precision(precision: Precision, device: torch.device) -> torch.dtype:
    """The type that autocast uses; float32 means no autocast.

    "auto" takes bfloat16 only where the hardware has units that multiply matrices in it. A CPU without any such
    instructions emulates it hundreds of times slower than float32; one of Intel's that has them for vectors alone
    (AVX-512) took up to twice the time of float32.
    """
    if precision in ("bfloat16", "float16"):
        return torch.bfloat16 if precision == "bfloat16" else torch.float16
    if precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    if precision == "auto" and device.type == "cpu" and _cpu_gains_by_bfloat16():
        return torch.bfloat16
    if precision == "auto" and device.type == "cuda":
        return torch.float16  # older cards compute in nothing else that is short
    return torch.float32


def _cpu_gains_by_bfloat16() -> bool:
    return any(torch.cpu.get_capabilities().get(name, False) for name in ("amx_bf16", "sve_bf16"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device's or the machine's memory was not enough. Only cuda has an error of its own for it."""
    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text


def placed(network: N, device: torch.device) -> N:
    """On the device, in the layout in which convolutions are fastest."""
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
