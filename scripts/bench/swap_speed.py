"""How long a frame of a swap takes and what it is spent on, beside decoding and encoding alone.

    python scripts/bench/swap_speed.py WORK [--preset fast128] [--sizes 1080 2160] [--frames 120] [--rounds 3]
        [--memory-frames 2000]

Run in the backend's environment on a quiet machine. The plate is the demo's, each frame enlarged, with the face as high
as a part of the picture (--face, 0.45); the network is one after two steps, which takes as long as a trained one, with
the portraits of such a model, so that the identity's own detail is laid on as ever. A preset that begins from noise
makes no face yet whose points could be found, so `performance` bends nothing; quick96 begins from its base and does.
Each round times, one after the other: decode + encode alone (every frame decoded, and a layer of the swap encoded and
written), the whole swap with its faces found before, and the whole swap from nothing. Stages are the processors' time
of each function, one after the other, so their sum is not the wall time. WORK keeps the plates and the model.
"""

import argparse
import shutil
import statistics
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from demo_pair import CONSENT, DEMO, IDENTITY, PERFORMER, command, extract

from ml_backend import atomic
from ml_backend.faces.alignment import FACE, align
from ml_backend.faces.face import Face
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.tracking import FaceTracker
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.media.write import encode_png, read_picture
from ml_backend.swapping.detail.identity_detail import IdentityDetail
from ml_backend.swapping.detail.made_shape import MadeShape
from ml_backend.swapping.in_order import WORKERS
from ml_backend.swapping.layer_file import choose_format, encode
from ml_backend.swapping.render import FaceRenderer
from ml_backend.swapping.settings import Controls
from ml_backend.training.device import best_device
from ml_backend.training.models.checkpoints import load_for_swap
from ml_backend.training.models.portraits import read_portraits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--preset", default="fast128")
    parser.add_argument("--sizes", nargs="+", type=int, default=[1080, 2160], help="heights of the plates")
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--face", type=float, default=0.45, help="height of the face as a part of the picture's")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--memory-frames", type=int, default=0, help="frames of a longer plate whose memory is measured"
    )
    arguments = parser.parse_args()
    model = make_model(arguments.work, arguments.preset)
    for height in arguments.sizes:
        plate = make_plate(arguments.work, height, arguments.frames, arguments.face)
        stages(plate, model)
        rounds(arguments, plate, model, height)
    if arguments.memory_frames:
        memory(arguments, model)
    return 0


def make_model(work: Path, preset: str) -> Path:
    model = work / f"model_{preset}"
    if not model.is_dir():
        people = [f"--faceset={name}={path}" for name, path in extract(DEMO, work).items()]
        steps = ("--preset", preset, "--iterations", "2", "--set", "batch_size=2")
        command("train", "--model", str(model), *people, *steps, "--consent", str(CONSENT))
    return model


def make_plate(work: Path, height: int, frames: int, face: float) -> Path:
    """The demo's plate on a grey picture of 16:9, to and fro until there are enough frames."""
    file = work / f"plate_{height}_{frames}.mp4"
    if file.is_file():
        return file
    images = [frame.image for frame in open_source(DEMO.performer).frames()]
    size = round(height * min(1.0, face / 0.45))
    width = round(height * 16 / 9 / 2) * 2
    background = np.random.default_rng(0).normal(110, 3, (height, width, 3)).clip(0, 255).astype(np.uint8)
    order = [*range(len(images)), *range(len(images) - 2, 0, -1)]

    def pictures() -> Any:
        for number in range(frames):
            picture = background.copy()
            image = cv2.resize(images[order[number % len(order)]], (size, size), interpolation=cv2.INTER_CUBIC)
            x, y = (width - size) // 2, (height - size) // 2
            picture[y : y + size, x : x + size] = image
            yield picture

    write_movie(file, pictures(), Fraction(25), crf=20)
    return file


def stages(plate: Path, folder: Path) -> None:
    """Milliseconds of the processors for each stage of a frame."""
    source = open_source(plate)
    numbers = source.numbers[:40]
    spent: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = work()
        spent.setdefault(name, []).append((time.process_time() - started) * 1000)
        return result

    device, portraits = best_device(), read_portraits(folder, IDENTITY)
    network = load_for_swap(folder, device).network
    controls = Controls.make({"learned_mask": "false"}, {})
    detail = None
    if portraits is not None:
        detail = IdentityDetail(network, IDENTITY, portraits, device)
    shape = MadeShape(network, IDENTITY, device, open_landmarker("mesh"), read_portraits(folder, PERFORMER))
    renderer = FaceRenderer(network, IDENTITY, controls, device, detail=detail, shape=shape)
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // WORKERS))  # as many as each worker of a swap has
    how = choose_format(controls.constant, source.info, source.colour)
    tracker = FaceTracker()
    frames = iter(source.frames(numbers))
    for _ in numbers:
        frame = timed("decode", lambda: next(frames))
        found = timed("find and follow", lambda frame=frame: tracker(frame.image))
        faces = [Face(one.landmarks, one.score, one.tracklet) for one in found]
        made = timed("network and measuring", lambda frame=frame, faces=faces: renderer.make(frame, faces))
        layer = timed("paint", lambda frame=frame, made=made: renderer.paint(frame.number, {frame.number: made}))
        timed("encode", lambda frame=frame, layer=layer: encode(layer, frame.number, how))
    torch.set_num_threads(threads)
    side = round(1 / np.sqrt(abs(np.linalg.det(align(faces[0].landmarks, 1, FACE)[:, :2]))))
    print(f"\n{source.info.width}×{source.info.height}, the face crop is {side} px wide in the plate")
    for name, values in spent.items():
        print(f"  {name:22} {statistics.median(values):7.1f} ms of processor time a frame")


def rounds(arguments: argparse.Namespace, plate: Path, model: Path, height: int) -> None:
    out = arguments.work / f"swap_{height}"
    ratios: dict[str, list[float]] = {}
    for number in range(arguments.rounds):
        shutil.rmtree(out, ignore_errors=True)
        whole = swap(plate, model, out)["seconds"]
        for file in out.glob("*"):
            if file.name != "cache":
                file.unlink()
        again = swap(plate, model, out)["seconds"]
        alone = decode_and_encode(plate, out)
        for name, seconds in (("from nothing", whole), ("faces known", again)):
            ratios.setdefault(name, []).append(seconds / alone)
        frames = arguments.frames
        print(
            f"  round {number + 1}: decode + encode alone {alone / frames * 1000:.1f} ms a frame, "
            f"swap {whole / frames * 1000:.1f}, with its faces known {again / frames * 1000:.1f}"
        )
    for name, values in ratios.items():
        print(f"  {name}: {', '.join(f'{value:.2f}' for value in sorted(values))} times decode + encode alone")


def swap(plate: Path, model: Path, out: Path) -> dict[str, Any]:
    """What the job says of itself; its seconds are without the program's start."""
    to = ("--identity", IDENTITY, "--out", str(out), "--consent", str(CONSENT))
    # a mask learned in a few steps would leave nothing to paint
    return command("swap", str(plate), "--model", str(model), *to, "--set", "learned_mask=false")


def decode_and_encode(plate: Path, out: Path) -> float:
    """Seconds to decode every frame, and to encode and write a layer as the swap's, one after the other."""
    layer = read_picture(next(file for file in sorted(out.glob("*.png"))))
    target = out.with_suffix(".alone")
    target.mkdir(exist_ok=True)
    started = time.perf_counter()
    for frame in open_source(plate).frames():
        atomic.write_bytes(target / f"{frame.number:06d}.png", encode_png(layer))
    seconds = time.perf_counter() - started
    shutil.rmtree(target)
    return seconds


def memory(arguments: argparse.Namespace, model: Path) -> None:
    for frames in (arguments.memory_frames // 4, arguments.memory_frames):
        plate = make_plate(arguments.work, arguments.sizes[0], frames, arguments.face)
        out = arguments.work / f"memory_{frames}"
        shutil.rmtree(out, ignore_errors=True)
        print(f"  {frames} frames: peak {swap(plate, model, out)['peak_rss_mb']:.0f} MB")
        shutil.rmtree(out)


if __name__ == "__main__":
    raise SystemExit(main())
