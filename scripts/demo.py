"""The main job on the demo footage, from nothing to a rendered film: `python scripts/demo.py`.

Makes its environments, then lets Blender (as a Python module) and the backend do what an artist would: extract both
faces, train, swap, lay the result over the plate, render. Stop it at any time and run it again: it goes on.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from environments import BPY, ROOT, backend, blender, ensure, program

OUT = ROOT / "demo" / "out"
FOOTAGE = ROOT / "demo" / "footage"
UNSEEN = "91-120"  # the frames of the plate that training does not see
FIGURES = (
    ("psnr", "PSNR inside the mask, dB"),
    ("psnr_plate", "  the plate's own"),
    ("ssim", "SSIM inside the mask"),
    ("ssim_plate", "  the plate's own"),
    ("identity_to_identity", "distance to the identity"),
    ("identity_to_performer", "distance to the performer"),
    ("nearer_to_identity", "frames nearer to the identity"),
    ("pose_error_deg", "pose error, degrees"),
    ("expression_error", "expression error, % of the eye distance"),
    ("jitter", "jitter, % of the eye distance"),
    ("jitter_truth", "  the truth's own"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", default="8", help="how long to train in all (8); more is better")
    parser.add_argument("--torch-index", metavar="URL", help="the package index with the PyTorch build to install")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        return run(arguments.minutes, arguments.torch_index, started)
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again: it goes on from here.", file=sys.stderr)
        return 130


def run(minutes: str, torch_index: str | None, started: float) -> int:
    step("1/5", "environments")
    blender_environment = next(filter(None, map(blender, BPY)), None)
    if blender_environment is None:
        needed = " or ".join(sorted({python for python, _ in BPY.values()}))
        print(f"Blender's Python module needs Python {needed}: install one and run this again.", file=sys.stderr)
        return 1
    backend_python = ensure(backend(torch_index=torch_index))
    blender_python = ensure(blender_environment)
    ml_backend = program(backend_python, "ml-backend")
    environment = os.environ | {
        "DEEPFAKE_BACKEND": str(ml_backend),
        "BLENDER_USER_RESOURCES": str(OUT / "blender"),
        "PYTHONUNBUFFERED": "1",
    }
    (OUT / "blender").mkdir(parents=True, exist_ok=True)

    step("2/5", f"the edit: extract, train {minutes} minutes, swap, render")
    build = [str(blender_python), str(ROOT / "addon_manifest" / "build.py")]
    extension = subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    edit = [str(blender_python), str(ROOT / "scripts" / "demo_edit.py"), extension, str(OUT), minutes]
    code = call(edit, environment)
    if code:
        print("The demo stopped at the message above.", file=sys.stderr)
        return code

    step("3/5", "is the film signed, and as it was signed?")
    look = [str(ml_backend), "verify", str(OUT / "film.mp4"), "--consent", str(ROOT / "demo" / "consent")]
    subprocess.run(look, check=True)

    step("4/5", "measure against the ground truth")
    plate, truth = FOOTAGE / "plate_A.mp4", FOOTAGE / "truth_A_as_B.mp4"
    columns = {"all frames": measure(ml_backend, None), f"frames {UNSEEN}": measure(ml_backend, UNSEEN)}
    step("5/5", "contact sheet")
    sheet = [str(ROOT / "scripts" / "contact_sheet.py"), str(OUT / "swap"), str(plate), str(truth)]
    subprocess.run([str(backend_python), *sheet, str(OUT / "contact_sheet.png")], check=True, stdout=subprocess.DEVNULL)
    report(columns)
    minutes_taken = (time.monotonic() - started) / 60
    print(
        f"\nDone in {minutes_taken:.1f} minutes. Look at:\n"
        f"  {shown('film.mp4')}           the film, rendered by Blender from the edit\n"
        f"  {shown('contact_sheet.png')}  plate, swap and ground truth side by side\n"
        f"  {shown('edit.blend')}         the edit: open it in Blender and look at the Video Editing workspace\n"
        f"  {shown('model')}/previews     how the faces grew while training\n"
        f"Next: train longer with `python scripts/demo.py --minutes 30`, or read README.md to do it with your own shot."
    )
    return 0


def step(number: str, text: str) -> None:
    print(f"\n[{number}] {text}", flush=True)


def call(command: list[str], environment: dict[str, str]) -> int:
    """Run a program that reacts to Ctrl-C by itself; wait until it has stopped cleanly."""
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def measure(ml_backend: Path, frames: str | None) -> dict[str, Any]:
    command = [str(ml_backend), "evaluate", str(OUT / "swap"), "--plate", str(FOOTAGE / "plate_A.mp4"), "--json"]
    command += ["--truth", str(FOOTAGE / "truth_A_as_B.mp4"), "--mask", str(FOOTAGE / "mask_A.mp4")]
    command += ["--identity-faceset", str(OUT / "facesets" / "identity_B")]
    command += ["--performer-faceset", str(OUT / "facesets" / "performer_A")]
    command += ["--frames", frames] if frames else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def report(columns: dict[str, dict[str, Any]]) -> None:
    print("\n" + " " * 42 + "".join(f"{name:>16}" for name in columns))
    for key, label in FIGURES:
        values = [figures[key] for figures in columns.values()]
        print(f"{label:<42}" + "".join(f"{'-' if value is None else format(value, '.3f'):>16}" for value in values))


def shown(name: str) -> str:
    return str((OUT / name).relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
