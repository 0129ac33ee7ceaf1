"""What a person reads: a row a finding, then devices, speed and needs."""

import sys
from collections.abc import Mapping, Sequence

from ml_backend.doctor.check import Check
from ml_backend.doctor.devices import Device
from ml_backend.doctor.needs_shape import Needs

_SIGNS = {"ok": "✓", "warning": "!", "failed": "✗"}
_WORDS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}
_WIDTH = 24


def say(line: str) -> None:
    """Print a line; what the terminal cannot show becomes a question mark instead of an error."""
    encoding = sys.stdout.encoding or "ascii"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


def say_check(check: Check) -> None:
    signs = _SIGNS if sys.stdout.isatty() and (sys.stdout.encoding or "").lower().startswith("utf") else _WORDS
    say(f"{signs[check.state]} {check.name:<{_WIDTH}}{check.value}")
    if check.fix:
        say(f"{'':<{len(signs[check.state]) + 1 + _WIDTH}}{check.fix}")


def say_devices(devices: Sequence[Device]) -> None:
    say("\nDevices")
    for device in devices:
        say(f"  {device.name:<{_WIDTH}}{device.label}, {_gib(device.memory_mb)}")


def say_speed(speed: Mapping[str, float], preset: str, device: str, needs: Needs | None) -> None:
    """`preset` is the one whose training was measured."""
    texts = {
        "training_images_per_second": ("training", f"images/s ({preset} on {device})"),
        "faces_per_second": ("faces", "faces/s found, measured and recognised"),
        "followed_faces_per_second": ("followed faces", "faces/s, where the detector is not needed"),
        "decode_frames_per_second": ("decoding", "frames/s of H.264 at 1280×720"),
        "swap_frames_per_second": ("swap", f"frames/s painted and stored at {_size(needs)}"),
    }
    say("\nSpeed, measured now")
    for key, (name, unit) in texts.items():
        if key in speed:
            say(f"  {name:<{_WIDTH}}{speed[key]:g} {unit}")


def say_needs(needs: Needs, measured_preset: str) -> None:
    """`measured_preset` is the one whose training was measured; the time of another one is scaled from it."""
    say(
        f"\nNeeds of a job: {needs.preset} (batch {needs.batch_size}) on {needs.device}, {needs.identities} identities "
        f"with {needs.faces} faces each, a plate of {needs.frames} frames at {_size(needs)}"
    )
    rows = [
        ("training memory", _of(needs.training_memory_mb, needs.device_memory_free_mb)),
        ("resumed training", _of(needs.resumed_memory_mb, needs.device_memory_free_mb)),
        ("swap memory", _of(needs.swap_memory_mb, needs.memory_free_mb)),
        ("facesets on disk", _gb(needs.faceset_disk_mb)),
        ("model on disk", f"{_gb(needs.model_disk_mb)} at most, {_gb(needs.checkpoint_mb)} a checkpoint"),
        ("swap on disk", f"about {_gb(needs.swap_disk_mb)} (8 bits, a close-up)"),
        ("free disk", _gb(needs.disk_free_mb)),
    ]
    if needs.extract_seconds is not None:
        rows.append(("time to extract", f"about {_time(needs.extract_seconds)}"))
    if needs.train_seconds_per_1000_iterations is not None:
        seconds = needs.train_seconds_per_1000_iterations
        scaled = "" if needs.preset == measured_preset else f" (rough, scaled from {measured_preset})"
        rate = f"{_time(seconds)} for 1000 iterations; an hour makes {3.6e6 / seconds:.0f}"
        rows.append(("time to train", f"about {rate}{scaled}"))
    if needs.swap_seconds is not None:
        rows.append(("time to swap", f"about {_time(needs.swap_seconds)}"))
    for name, value in rows:
        say(f"  {name:<{_WIDTH}}{value}")
    say("  All of this fits." if needs.fits else "  Not all of this fits:")
    for line in needs.advice:
        say(f"  - {line}")


def _size(needs: Needs | None) -> str:
    return f"{needs.width}×{needs.height}" if needs else "the asked size"


def _of(needed: float, free: float) -> str:
    return f"{_gib(needed)} of {_gib(free)} free"


def _gib(mebibytes: float) -> str:
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"


def _gb(megabytes: float) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
