"""How a job and what it needs are described. Without torch, so that the report needs none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """How much there is to do. faces: of each identity. frames, width and height: the plate's."""

    preset: str
    faces: int
    frames: int
    width: int
    height: int


@dataclass(frozen=True)
class Needs:
    """Memory in MiB, disk in MB (10⁶ bytes), times in seconds; None where no speed was measured.

    resumed_memory_mb: a training that goes on from a checkpoint holds that one too. advice: what to change where
    something does not fit.
    """

    preset: str
    device: str
    batch_size: int
    identities: int
    faces: int
    frames: int
    width: int
    height: int
    training_memory_mb: int
    resumed_memory_mb: int
    device_memory_free_mb: int
    swap_memory_mb: int
    memory_free_mb: int
    checkpoint_mb: int
    model_disk_mb: int
    faceset_disk_mb: int
    swap_disk_mb: int
    disk_free_mb: int
    extract_seconds: float | None
    train_seconds_per_1000_iterations: float | None
    swap_seconds: float | None
    fits: bool
    advice: list[str]
