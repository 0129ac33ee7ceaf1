"""The lanes that jobs run in: one for each device, and one beside them for light jobs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ml_backend.jobs import JobKind
from ml_backend.service.protocol import Device


@dataclass(frozen=True)
class Lane:
    """One job at a time, of one of `kinds`, with these environment variables."""

    name: str
    kinds: tuple[str, ...]
    device: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def make_lanes(kinds: Mapping[str, JobKind], devices: Sequence[Device] | None) -> list[Lane]:
    """A lane for every CUDA card that the jobs may see, or one where there is none or the devices are not known."""
    heavy = tuple(kind.name for kind in kinds.values() if kind.heavy)
    light = Lane("light", tuple(kind.name for kind in kinds.values() if not kind.heavy))
    cards = [device.name for device in devices or () if device.name.startswith("cuda")]
    if len(cards) < 2:
        return [Lane("heavy 0", heavy, devices[0].name if devices else None), light]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    numbers = visible if len(visible) == len(cards) else [str(number) for number in range(len(cards))]
    pairs = enumerate(zip(cards, numbers, strict=True))
    return [*(Lane(f"heavy {n}", heavy, card, {"CUDA_VISIBLE_DEVICES": own}) for n, (card, own) in pairs), light]
