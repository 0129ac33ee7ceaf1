"""`ml-backend doctor`."""

import argparse
import json
import platform
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ml_backend import __version__
from ml_backend.doctor import examine, report
from ml_backend.doctor.check import Check
from ml_backend.doctor.devices import Device
from ml_backend.doctor.needs_shape import Job, Needs
from ml_backend.memory import available_mb, total_mb

LARGEST_SIDE = 16_384


def add_doctor_parser(subparsers: Any, protocol: int) -> None:
    """Add `doctor` to `subparsers` (of an argparse parser); it sets `handler`. `protocol` is the service's."""
    text = "say whether this machine can do the work, how fast, and what a job would need"
    parser = subparsers.add_parser("doctor", help=text, description=text)
    parser.add_argument("--preset", metavar="P", help="the training to plan for (default: this device's)")
    parser.add_argument("--faces", type=_count, default=1000, metavar="N", help="faces of each identity (1000)")
    parser.add_argument("--frames", type=_count, default=250, metavar="N", help="frames of the plate (250)")
    parser.add_argument("--size", type=_size, default=(1920, 1080), metavar="WxH", help="of the plate (1920x1080)")
    parser.add_argument("--quick", action="store_true", help="measure no speed")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    parser.set_defaults(handler=lambda args: _doctor(args, protocol))


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(64 <= side <= LARGEST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1920x1080, with sides from 64 to {LARGEST_SIDE}")
    return sides


def _doctor(args: argparse.Namespace, protocol: int) -> int:
    exam = examine.begin((lambda check: None) if args.json else report.say_check)
    if args.preset and exam.can_train:
        from ml_backend.training.presets import make_config

        make_config(args.preset, {})  # an unknown name is wrong usage, told before anything is measured
    if not args.json:
        report.say(f"ml-backend {__version__} on {platform.platform()}\n")
    examine.look_at_everything(exam)
    devices = examine.devices_of(exam)
    speed, needs = _estimate(args, exam, devices)
    ok = all(check.state != "failed" for check in exam.checks)
    if args.json:
        print(json.dumps(_as_json(exam.checks, devices, speed, needs) | {"protocol": protocol}))
    else:
        report.say(f"\n{_verdict(exam.checks)}")
    return 0 if ok else 1


def _estimate(
    args: argparse.Namespace, exam: examine.Examination, devices: list[Device]
) -> tuple[dict[str, float], Needs | None]:
    """Speed and needs, shown unless as JSON; empty where what they are made with does not work."""
    if not args.json:
        report.say_devices(devices)
    if not (exam.can_train and exam.can_find_faces and exam.can_use_movies and exam.usable("psutil")):
        return {}, None
    from ml_backend.doctor.estimate import default_preset, estimate

    usual = default_preset(devices[0])
    width, height = args.size
    job = Job(args.preset or usual, args.faces, args.frames, width, height)
    found = estimate(devices[0], job, args.quick)
    if not args.json:
        if found.speed:
            report.say_speed(found.speed, usual, devices[0].name, found.needs)
        if found.needs:
            report.say_needs(found.needs, usual)
    for failure in found.failures:
        exam.add(failure)
    return found.speed, found.needs


def _as_json(
    checks: list[Check], devices: list[Device], speed: dict[str, float], needs: Needs | None
) -> dict[str, Any]:
    return {
        "ok": all(check.state != "failed" for check in checks),
        "version": __version__,
        "python": platform.python_version(),
        "checks": [asdict(check) for check in checks],
        "devices": [asdict(device) for device in devices],
        "memory_mb": {"total": _or_none(total_mb), "available": _or_none(available_mb)},
        "speed": speed,
        "needs": asdict(needs) if needs else {},
    }


def _or_none(measure: Callable[[], int]) -> int | None:
    """None where psutil is missing, which a check says."""
    try:
        return measure()
    except ImportError:
        return None


def _verdict(checks: list[Check]) -> str:
    failed, warned = ([c.name for c in checks if c.state == state] for state in ("failed", "warning"))
    if failed:
        return f"This will not work: {', '.join(failed)}. The lines above say what to do."
    if warned:
        return f"All works. It could be better: {', '.join(warned)}."
    return "All is well."
