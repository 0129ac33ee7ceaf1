"""How much of a device's memory the faces of one identity may take."""

import torch

from ml_backend.memory import available_mb

PART = 0.25  # of what is free; the networks and what a step makes need most of it


def room_for_faces(device: torch.device) -> int:
    """In bytes. The faces of the next identity get a part of what is then left."""
    return int(_free(device) * PART)


def _free(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = available_mb() << 20
    if device.type == "mps":  # it shares the machine's memory, up to a limit
        return min(free, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return free
