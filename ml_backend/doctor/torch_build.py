"""Does the installed torch use what the machine has?"""

import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass

import torch

from ml_backend.doctor.check import Check, describe
from ml_backend.training.device import best_device, resolve_precision

_CHOOSE = 'choose your system and CUDA under "Get Started" on pytorch.org and run what it says with'


@dataclass(frozen=True)
class NvidiaCards:
    """What nvidia-smi tells. cards: a line each with name, memory and driver; error: why it tells nothing."""

    cards: tuple[str, ...] = ()
    error: str = ""


def ask_nvidia() -> NvidiaCards | None:
    """None where there is no nvidia-smi, so most likely no such card."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, errors="replace", timeout=30, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return NvidiaCards(error=describe(error))
    lines = tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
    if done.returncode or not lines:
        said = " ".join((done.stderr or done.stdout).split())
        return NvidiaCards(error=said or f"it ended with code {done.returncode}")
    return NvidiaCards(cards=lines)


def check_acceleration() -> Check:
    """Is there a card, and does this torch compute on it? Every card has to add some numbers."""
    with warnings.catch_warnings(record=True) as caught:  # torch says here why it does not like a driver
        warnings.simplefilter("always")
        usable = torch.cuda.is_available()
    said = " ".join(" ".join(str(w.message).split()) for w in caught)
    if usable:
        return _try_cards()
    if torch.backends.mps.is_available():
        return _try("mps", f"Apple GPU, torch {torch.__version__}")
    nvidia = ask_nvidia()
    if nvidia is None:
        return Check(
            "graphics card", "ok", f"none that torch can use; it computes on the CPU (torch {torch.__version__})"
        )
    if nvidia.error:
        fix = "Install the NVIDIA driver again and restart, or remove it where there is no such card."
        return Check("graphics card", "warning", f"nvidia-smi does not answer: {nvidia.error}", fix)
    names = "; ".join(nvidia.cards)
    if torch.version.cuda is None and torch.version.hip is None:
        fix = f'For many times the speed, {_CHOOSE} "{sys.executable}" -m pip.'
        return Check("graphics card", "warning", f"{names}, but torch {torch.__version__} is a build for the CPU", fix)
    value = f"{names}, but torch {torch.__version__} cannot use it{f': {said}' if said else ''}"
    fix = f"Install an NVIDIA driver that knows CUDA {torch.version.cuda} and restart, or {_CHOOSE} its Python."
    return Check("graphics card", "warning", value, fix)


def _try_cards() -> Check:
    names = [torch.cuda.get_device_properties(n).name for n in range(torch.cuda.device_count())]
    for number, name in enumerate(names):
        tried = _try(f"cuda:{number}", name)
        if tried.state != "ok":
            return tried
    kind = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {torch.version.hip}"
    return Check("graphics card", "ok", f"{', '.join(names)} (torch {torch.__version__}, {kind})")


def _try(device: str, name: str) -> Check:
    try:
        weights = torch.ones(4, 3, 3, 3, device=device)
        right = float(torch.nn.functional.conv2d(torch.ones(1, 3, 8, 8, device=device), weights)[0, 0, 0, 0]) == 27
    except RuntimeError as error:
        fix = (
            "Close other programs that use the card and restart the machine; if it fails again, its driver is too old "
            "for this torch, or the card is: update the driver, or install a torch build for this card."
        )
        return Check("graphics card", "failed", f"{name} ({device}) cannot compute: {describe(error)}", fix)
    if not right:
        fix = "Update the driver; if that does not help, the card is faulty."
        return Check("graphics card", "failed", f"{name} ({device}) computes wrong numbers", fix)
    return Check("graphics card", "ok", name)


def check_precision() -> Check:
    """In which numbers a training computes here; see `resolve_precision`."""
    device = best_device()
    precision = str(resolve_precision("auto", device)).removeprefix("torch.")
    why = "" if precision == "bfloat16" else ", since the hardware is no faster in bfloat16"
    return Check("precision", "ok", f"{precision} on {device.type}{why}")
