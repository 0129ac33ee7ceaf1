"""Speed and needs, put together: what is measured, and what a job of the asked size would take here."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from ml_backend.doctor.check import Check, guarded
from ml_backend.doctor.devices import Device
from ml_backend.doctor.needs import work_out
from ml_backend.doctor.needs_shape import Job, Needs
from ml_backend.doctor.speed import measure_decoding, measure_faces, measure_swap, measure_training
from ml_backend.doctor.swap_frame import SwapFrame
from ml_backend.training.presets import DEFAULT_PRESET_CPU, DEFAULT_PRESET_GPU, PRESETS


@dataclass
class Estimate:
    """speed: numbers by name, see `ml_backend.doctor.speed`. failures: what could not be measured or worked out."""

    speed: dict[str, float] = field(default_factory=dict)
    needs: Needs | None = None
    failures: list[Check] = field(default_factory=list)


def default_preset(device: Device) -> str:
    """What a training takes on this device when nothing is said."""
    return DEFAULT_PRESET_CPU if device.name == "cpu" else DEFAULT_PRESET_GPU


def estimate(device: Device, job: Job, quick: bool) -> Estimate:
    """Measure for some seconds, unless `quick`, and work out the needs of `job` on `device`."""
    result = Estimate()
    usual, place = default_preset(device), torch.device(device.name)
    frames: list[SwapFrame] = []

    def attempt(name: str, work: Callable[[], dict[str, float]]) -> None:
        def look() -> Check:
            result.speed.update(work())
            return Check(name, "ok", "")

        found = guarded(name, look)
        if found.state != "ok":
            result.failures.append(found)

    def make_frame() -> dict[str, float]:
        frames.append(SwapFrame(job.width, job.height))
        return {}

    attempt("swap of a frame", make_frame)
    if not quick:
        attempt("training speed", lambda: measure_training(PRESETS[usual], place))
        attempt("face speed", measure_faces)
        attempt("decoding speed", measure_decoding)
        if frames:
            attempt("swap speed", lambda: measure_swap(frames[0], PRESETS[job.preset].architecture, place))
    if frames:

        def work() -> dict[str, float]:
            result.needs = work_out(job, device, frames[0], result.speed, usual)
            return {}

        attempt("needs", work)
    return result
