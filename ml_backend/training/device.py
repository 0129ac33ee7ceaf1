"""Which device trains, and in which precision."""

from functools import cache

import torch

from .config import Precision


@cache
def best_device() -> torch.device:
    """cuda or mps where there is one, else cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def resolve_precision(precision: Precision, device: torch.device) -> torch.dtype:
    """The type that autocast uses; float32 means no autocast.

    "auto" takes bfloat16 only where the hardware computes in it. A CPU without such instructions emulates it
    hundreds of times slower than float32.
    """
    if precision == "bfloat16":
        return torch.bfloat16
    if precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    if precision == "auto" and device.type == "cpu" and _cpu_computes_bfloat16():
        return torch.bfloat16
    return torch.float32


def _cpu_computes_bfloat16() -> bool:
    flags = torch.cpu.get_capabilities()
    return any(flags.get(name, False) for name in ("amx_bf16", "avx512_bf16", "sve_bf16"))
