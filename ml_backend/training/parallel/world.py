"""Several processes that train one model: who this one is, and what it does with the others.

Every process draws all chance of a step for the whole batch and works on its own rows of it, so that a training comes
to the same, but for rounding, however many take part.

Source: Li et al., "PyTorch Distributed: Experiences on Accelerating Data Parallel Training", 2020.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn

from ml_backend.errors import UsageError


@dataclass(frozen=True)
class World:
    """rank: this process, from 0; size: how many there are; local_rank: this process among those of this machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and talks."""
        return self.rank == 0

    def rows(self, count: int) -> slice:
        """This process's part of `count` rows, as even as can be."""
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)


ALONE = World()


def find_world() -> World:
    """What torchrun told this process in its environment; one process alone otherwise.

    Raises UsageError where the variables are there and are no numbers.
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    given = {name: os.environ[name] for name in names if name in os.environ}
    if "WORLD_SIZE" not in given:
        return ALONE
    try:
        rank, size, local = (int(given.get(name, 0)) for name in names)
    except ValueError as error:
        raise UsageError(f"The environment of torchrun is damaged: {given}.", "Unset these variables.") from error
    return World(rank, size, local)


@contextmanager
def joined(world: World, device: torch.device) -> Iterator[None]:
    """Meet the other processes for as long as this lasts. At a failure the others are not waited for."""
    if world.size == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    # numbers from clocks and buttons go over gloo, so that no GPU waits for them
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield
        wait(world)  # nobody leaves while another still works
    finally:
        dist.destroy_process_group()


@torch.no_grad()
def average_gradients(network: nn.Module, world: World) -> None:
    """The mean over the processes of a small network's gradients, in one message; a resting network has none."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    if world.size == 1 or not gradients:
        return
    together = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(together)
    together /= world.size
    parts = torch.split(together, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


@torch.no_grad()
def mean(value: torch.Tensor, world: World) -> torch.Tensor:
    """The mean of numbers over the processes."""
    if world.size > 1:
        value = value.clone()
        dist.all_reduce(value)
        value /= world.size
    return value


def agreed(value: float, world: World) -> float:
    """The first process's number, for all: clocks and stop buttons differ from one machine to the next."""
    if world.size == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return float(shared)


def wait(world: World) -> None:
    """Until all are here."""
    mean(torch.zeros(1), world)
