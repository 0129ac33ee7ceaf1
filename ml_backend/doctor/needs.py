"""What a job of a given size needs: memory on the device, memory for the swap, room on the disk, and time.

Measured against real jobs on a CPU (peak resident set of `train` and `swap` in processes of their own, Linux, float32;
estimate against measurement):

    train  tiny 383 / 389 MiB   quick64 605 / 620   quick96 501 / 522   fast128 1522 / 1506   resumed quick96 553 / 570
           quick64 batch 24 855 / 896   quick96 batch 16 659 / 743   fine192 3458 / 3312
    swap   quick96: 720p 900 / 960      1080p 1005 / 1092   2160p 1571 / 1585    on two processors, with its portraits
           fast128: 720p 1021 / 1027    1080p 1126 / 1101   2160p 1692 / 1641
    disk   a face of a faceset 76 / 84 kB, a frame of a trained swap at 384×384 57 / 49 kB

The constants were chosen by the first row of trainings and by the swaps; the second row was measured afterwards.
What a graphics card needs besides the tensors is not measured but taken from experience: `_CARD_BASE_MB`.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch

from ml_backend.doctor.devices import Device
from ml_backend.doctor.needs_shape import Job, Needs
from ml_backend.doctor.places import free_disk_mb
from ml_backend.doctor.sample_face import sample_face
from ml_backend.doctor.swap_frame import SwapFrame
from ml_backend.faces.alignment import FACE, STORED_MARGIN, align, crop
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.roi import roi_of_detection
from ml_backend.media.write import encode_png
from ml_backend.memory import available_mb, own_mb
from ml_backend.training.config import TrainingConfig
from ml_backend.training.data import OVERSAMPLE
from ml_backend.training.device import resolve_precision
from ml_backend.training.models.thinning import MOST
from ml_backend.training.presets import PRESETS
from ml_backend.training.rehearsal import Step, rehearse

IDENTITIES = 2
DETECT_EVERY = 30  # frames; see `FaceTracker`
_MIB = 2**20
_BASE_MB = 370  # Python, torch, OpenCV and the threads' buffers, before the first tensor
_LOOKING_MB = 520  # the least: before it learns, the recogniser looks whether the faces are the person's
_CARD_BASE_MB = 600  # what CUDA and its libraries take on a card for themselves
_OVERHEAD = 1.1  # rooms between tensors, and the work space of convolutions
_SWAP_BASE_MB = 790  # two frames at a time, and the portraits
_SWAP_MB_PER_MEGAPIXEL = 91
_LANDMARKS_BYTES = 2 * 478 * 3 * 8  # of each frame, as they are found and smoothed
_ROW_BYTES = 14_000  # a face's rows in the index and the observations of a faceset
_FACE_SIZE = 512  # of stored crops, which extraction chooses by the footage: that of a face of 370 pixels


def work_out(
    job: Job, device: Device, swap_frame: SwapFrame, speed: Mapping[str, float], measured_preset: str
) -> Needs:
    """What `job` needs on `device`. `speed`: what was measured, empty without; its training is of `measured_preset`."""
    config = PRESETS[job.preset]
    precision = resolve_precision(config.precision, torch.device(device.name))
    step = rehearse(config, IDENTITIES, precision)
    fresh, resumed = training_memory_mb(step, config, job.faces, device)
    free_here = available_mb() + own_mb()  # what the doctor holds itself is free again when a job runs
    free_there = free_here if device.name == "cpu" else _free_on(device)
    swap_memory = round(
        _SWAP_BASE_MB
        + 8 * step.parameters / _MIB
        + _SWAP_MB_PER_MEGAPIXEL * job.width * job.height / 1e6
        + _LANDMARKS_BYTES * job.frames / _MIB
    )
    checkpoint = (16 * step.parameters + 12 * step.opponent) / 1e6  # weights, their mean and two moments
    older = MOST if config.keep_history else 0
    model = checkpoint * (config.keep_checkpoints + older + 1)  # the new one is whole before the oldest goes
    faceset = IDENTITIES * job.faces * (_crop_bytes() + _ROW_BYTES) / 1e6
    swap = job.frames * swap_frame.file_bytes() / 1e6
    disk = free_disk_mb()
    advice = []
    if resumed > free_there:
        advice.append(_smaller(job, device, config, free_there, precision))
    if swap_memory > free_here:
        advice.append(f"The swap needs {swap_memory} MiB: use smaller frames, or a machine with more memory.")
    if model + faceset + swap > disk:
        advice.append(
            f"All together needs {(model + faceset + swap) / 1000:.1f} GB of disk: make room, keep fewer checkpoints "
            "(--set keep_history=false, --set keep_checkpoints=1), or work on another disk."
        )
    return Needs(
        preset=job.preset,
        device=device.name,
        batch_size=config.batch_size,
        identities=IDENTITIES,
        faces=job.faces,
        frames=job.frames,
        width=job.width,
        height=job.height,
        training_memory_mb=fresh,
        resumed_memory_mb=resumed,
        device_memory_free_mb=free_there,
        swap_memory_mb=swap_memory,
        memory_free_mb=free_here,
        checkpoint_mb=_up(checkpoint),
        model_disk_mb=_up(model),
        faceset_disk_mb=_up(faceset),
        swap_disk_mb=_up(swap),
        disk_free_mb=disk,
        extract_seconds=_extract_seconds(job, speed),
        train_seconds_per_1000_iterations=_train_seconds(config, step, precision, speed, measured_preset),
        swap_seconds=_swap_seconds(job, speed),
        fits=not advice,
        advice=advice,
    )


def training_memory_mb(step: Step, config: TrainingConfig, faces: int, device: Device) -> tuple[int, int]:
    """What a training holds at its worst moment on `device`, in MiB: a new one, and one that was resumed."""
    side = min(_FACE_SIZE, round(config.architecture.resolution * STORED_MARGIN * OVERSAMPLE))
    planes = IDENTITIES * faces * 5 * side * side
    stepping = planes + _OVERHEAD * step.peak
    if device.name != "cpu":  # loading, resuming and saving go through the RAM
        worst = stepping / _MIB + (_CARD_BASE_MB if device.name.startswith("cuda") else _BASE_MB)
        return round(worst), round(worst)
    loading = planes + planes / IDENTITIES  # the last identity's faces one by one, and joined
    saving = planes + (20 + 16) * step.parameters  # what stays between steps, and two copies of the moments
    worst = max(_LOOKING_MB, _BASE_MB + max(stepping, loading, saving) / _MIB)
    return round(worst), round(worst + 16 * step.parameters / _MIB)


def _free_on(device: Device) -> int:
    if device.name.startswith("cuda"):
        return int(torch.cuda.mem_get_info(torch.device(device.name))[0]) // _MIB
    return device.memory_mb


def _smaller(job: Job, device: Device, config: TrainingConfig, free: int, precision: torch.dtype) -> str:
    """What to change so that the training fits into `free` MiB."""

    def needed(step: Step, other: TrainingConfig) -> int:
        return training_memory_mb(step, other, job.faces, device)[1]

    what = f"Training {job.preset} with {job.faces} faces of each identity does not fit on {device.name}:"
    whole = rehearse(config, IDENTITIES, precision)
    single = rehearse(config.model_copy(update={"batch_size": 1}), IDENTITIES, precision)
    for batch in range(config.batch_size - 1, 0, -1):
        part = (batch - 1) / (config.batch_size - 1)  # what a step holds grows evenly with the batch
        peak = round(single.peak + part * (whole.peak - single.peak))
        if needed(replace(whole, peak=peak), config) <= free:
            return f"{what} --set batch_size={batch} does."
    names = list(PRESETS)
    for name in reversed(names[: names.index(job.preset)]):
        if needed(rehearse(PRESETS[name], IDENTITIES, precision), PRESETS[name]) <= free:
            return f"{what} --preset {name} does."
    return f"{what} use fewer faces, close other programs, or take a machine with more memory."


def _crop_bytes() -> int:
    """The size of a stored crop of the sample face."""
    image = sample_face()
    points = FaceMesh().settle(image, [roi_of_detection(CenterFace()(image)[0])])[0][0]
    framing = FACE.with_margin(STORED_MARGIN)
    return len(encode_png(crop(image, align(points, _FACE_SIZE, framing), _FACE_SIZE)))


def _extract_seconds(job: Job, speed: Mapping[str, float]) -> float | None:
    """One face a frame, and frames of the plate's size."""
    finding, decoding = _finding_seconds(speed), _decoding_seconds(job, speed)
    if finding is None or decoding is None:
        return None
    return round(IDENTITIES * job.faces * (decoding + finding), 1)


def _swap_seconds(job: Job, speed: Mapping[str, float]) -> float | None:
    """The plate is decoded twice: to find the faces of all frames, and to paint them."""
    finding, decoding = _finding_seconds(speed), _decoding_seconds(job, speed)
    painting = speed.get("swap_frames_per_second")
    if finding is None or decoding is None or painting is None:
        return None
    return round(job.frames * (2 * decoding + finding + 1 / painting), 1)


def _finding_seconds(speed: Mapping[str, float]) -> float | None:
    both, followed = speed.get("faces_per_second"), speed.get("followed_faces_per_second")
    if both is None or followed is None:
        return None
    return 1 / followed + (1 / both - 1 / followed) / DETECT_EVERY


def _decoding_seconds(job: Job, speed: Mapping[str, float]) -> float | None:
    rate = speed.get("decode_megapixels_per_second")
    return None if rate is None else job.width * job.height / 1e6 / rate


def _train_seconds(
    config: TrainingConfig, step: Step, precision: torch.dtype, speed: Mapping[str, float], measured_preset: str
) -> float | None:
    """From the measured rate; for another preset than the measured one, by the number of operations.

    The latter is rough: larger networks use a processor better. From quick96 it was 1.5 times the truth for quick64
    and 1.7 times for fast128, on a CPU with two cores.
    """
    rate = speed.get("training_images_per_second")
    if rate is None:
        return None
    measured = PRESETS[measured_preset]
    images = IDENTITIES * measured.batch_size
    seconds = images / rate
    if config != measured:
        seconds *= step.operations / rehearse(measured, IDENTITIES, precision).operations
    return round(1000 * seconds, 1)


def _up(value: float) -> int:
    """Rounded up: a file takes at least a block."""
    return int(-(-value // 1))
